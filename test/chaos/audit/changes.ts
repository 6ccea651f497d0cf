import { type Discrepancy, type Evidence } from './evidence.js';

/** What has changed: as the platform has found it, and as its results say when they are read again in the order of the tail. */
export function auditChanges({
  changes: { found, replayed, results: named },
  results,
}: Evidence): Discrepancy[] {
  const wrong: string[] = [];
  const times = new Map<string, number>();
  for (const each of found) times.set(each, (times.get(each) ?? 0) + 1);
  for (const each of replayed) {
    const count = times.get(each) ?? 0;
    if (count !== 1) wrong.push(`${each}: results say so, and it was found ${count} times`);
    times.delete(each);
  }
  for (const each of times.keys()) wrong.push(`${each}: it was found, and results do not say so`);
  const stored = new Set(results.map(({ id }) => id));
  for (const id of named) if (!stored.has(id)) wrong.push(`a change names result ${id}, which is not stored`);
  return wrong.map((what) => ({ kind: 'change', what }));
}
