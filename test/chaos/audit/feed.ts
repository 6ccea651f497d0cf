import { type Discrepancy, type Evidence } from './evidence.js';

/** What each follower of an operation saw: every result of it once, in the order of the results tail. */
export function auditFeeds({ results, tail, feeds }: Evidence): Discrepancy[] {
  return feeds.flatMap(({ operation, results: seen, lost }) => {
    const own = new Set(results.filter((result) => result.operation === operation).map(({ id }) => id));
    const expected = [...new Set(tail.order.filter((id) => own.has(id)))];
    const wrong = (what: string): Discrepancy => ({
      kind: 'feed',
      what: `${what} of operation ${operation}`,
    });
    const times = new Map<string, number>();
    for (const id of seen) times.set(id, (times.get(id) ?? 0) + 1);
    return [
      ...lost.map((detail) => wrong(`a follower was told that results are lost (${detail})`)),
      ...expected.filter((id) => !times.has(id)).map((id) => wrong(`a follower never saw result ${id}`)),
      ...[...times].flatMap(([id, count]) => [
        ...(count > 1 ? [wrong(`a follower saw result ${id} ${count} times`)] : []),
        ...(own.has(id) ? [] : [wrong(`a follower saw ${id}, which is no result`)]),
      ]),
      ...(isInOrder(seen, expected) ? [] : [wrong('a follower saw another order than that of the tail')]),
    ];
  });
}

/** Of those that are in both. */
function isInOrder(seen: readonly string[], expected: readonly string[]): boolean {
  const places = new Map(expected.map((id, index) => [id, index]));
  const found = [...new Set(seen)].flatMap((id) => places.get(id) ?? []);
  return found.every((place, index) => index === 0 || place > (found[index - 1] ?? 0));
}
