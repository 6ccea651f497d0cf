import { type Discrepancy, type Evidence, type ResultFact, type TailFact } from './evidence.js';

/** What stands in the results tail: each stored result once; and its consumer has counted each once. */
export function auditTail({ results, tail }: Evidence): Discrepancy[] {
  const found = auditRollups(results, tail);
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

/** The rollups of each probe hold what its results say, and so do those of all probes together. */
function auditRollups(results: readonly ResultFact[], { rolledUp }: TailFact): Discrepancy[] {
  const sums = new Map<string, { stored: number; rolledUp: number }>();
  const add = (
    of: { operation: string; probe: string | null },
    which: 'stored' | 'rolledUp',
    entries: number,
  ) => {
    const key = `${of.probe === null ? 'all probes' : `probe ${of.probe}`} of ${of.operation}`;
    const sum = sums.get(key) ?? { stored: 0, rolledUp: 0 };
    sum[which] += entries;
    sums.set(key, sum);
  };
  for (const result of results)
    for (const probe of [result.probe, null]) add({ ...result, probe }, 'stored', result.entries);
  for (const each of rolledUp) add(each, 'rolledUp', each.entries);
  return [...sums]
    .filter(([, sum]) => sum.stored !== sum.rolledUp)
    .map(([key, sum]) => ({
      kind: 'rollups',
      what: `${key}: results have ${sum.stored} entries, and the rollups ${sum.rolledUp}`,
    }));
}
