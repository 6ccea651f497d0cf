import { type Discrepancy, type Evidence } from './evidence.js';

/** What stands in the results tail: each stored result once; and its consumer has counted each once. */
export function auditTail({ results, tail }: Evidence): Discrepancy[] {
  const found: Discrepancy[] = [];
  const times = new Map<string, number>();
  for (const id of tail.order) times.set(id, (times.get(id) ?? 0) + 1);
  for (const { id } of results) {
    const count = times.get(id) ?? 0;
    if (count !== 1) found.push({ kind: 'tail', what: `result ${id} is in the results tail ${count} times` });
    times.delete(id);
  }
  for (const id of times.keys())
    found.push({ kind: 'tail', what: `${id} is in the results tail, and is not stored` });
  for (const outcome of ['stored', 'failed'] as const) {
    const stored = results.filter((result) => result.outcome === outcome).length;
    const counted = tail.counted[outcome];
    if (counted !== stored)
      found.push({ kind: 'activity', what: `${stored} results are ${outcome}, and ${counted} were counted` });
  }
  return found;
}
