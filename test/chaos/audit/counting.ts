import { type Discrepancy, type Evidence, type OperationFact, type ResultFact } from './evidence.js';
import { begunRuns, offsetOf, pricedRuns, runTimes } from './runs.js';

/** What came early counts at most so long after its run was due, once everything is healed. */
const SETTLED_MS = 10_000;

/**
 * docs/protocol.md, "What counts", from the results alone: a report of a native probe counts if it names a run of the schedule that is due
 * and that no stop paid back; a classic one if there are runs left.
 */
export function auditCounting(evidence: Evidence): Discrepancy[] {
  const { operations, results, assignments, probes, at, readAt } = evidence;
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  const native = new Set(probes.filter(({ protocol }) => protocol === 'native').map(({ probe }) => probe));
  const byAssignment = new Map<string, ResultFact[]>();
  for (const result of results) {
    const key = result.operation + result.probe;
    byAssignment.set(key, [...(byAssignment.get(key) ?? []), result]);
  }
  const found: Discrepancy[] = [];
  for (const assignment of assignments) {
    const operation = byId.get(assignment.operation);
    if (operation === undefined) continue;
    const own = byAssignment.get(assignment.operation + assignment.probe) ?? [];
    const name = `${assignment.operation} ${assignment.probe}`;
    const wrong = native.has(assignment.probe)
      ? wrongOfNative(operation, assignment.probe, own, assignment.deliveredAt, { at, readAt })
      : wrongOfClassic(own, pricedRuns(operation));
    found.push(...wrong.map((what) => ({ kind: 'counted', what: `${name}: ${what}` })));
    const extra = own.filter((result) => belongsToNone(result, native.has(assignment.probe))).length;
    if (extra !== assignment.extra)
      found.push({
        kind: 'extra',
        what: `${name}: ${assignment.extra} extra, and ${extra} belong to no run`,
      });
  }
  return found;
}

function belongsToNone({ offSchedule, counted }: ResultFact, isNative: boolean): boolean {
  return isNative ? offSchedule : !counted;
}

/** A stop is dated before its transaction: the runs that fell due while it was under way may count, and are not paid back then. */
const STOPPING_MS = 20_000;

function wrongOfNative(
  { schedule, spreadS, stoppedAt }: OperationFact,
  probe: string,
  results: readonly ResultFact[],
  deliveredAt: number | undefined,
  { at, readAt }: Pick<Evidence, 'at' | 'readAt'>,
): string[] {
  const offsetMs = offsetOf(probe, spreadS);
  const times = runTimes(schedule, offsetMs);
  const numbers = new Map(times.map((time, run) => [time, run]));
  const isAsked = (run: number, byThen: number): boolean =>
    stoppedAt === undefined || run < begunRuns(schedule, offsetMs, byThen);
  return results.flatMap(({ code, counted }) => {
    const time = Date.parse(code);
    const run = numbers.get(time);
    if (!counted) {
      // it had to count: its run is long due, and was due before any stop
      const isDue = run !== undefined && time < readAt - SETTLED_MS;
      const isMissing =
        isDue && isAsked(run, stoppedAt ?? at) && (stoppedAt === undefined || deliveredAt !== undefined);
      return isMissing ? [`${code} does not count`] : [];
    }
    if (run === undefined) return [`${code} counts, and is no run`];
    if (time > at) return [`${code} counts, and is not due yet`];
    return isAsked(run, (stoppedAt ?? at) + STOPPING_MS) ? [] : [`${code} counts, and was paid back`];
  });
}

function wrongOfClassic(results: readonly ResultFact[], runs: number): string[] {
  const counted = results.filter((result) => result.counted).length;
  const due = Math.min(runs, results.length);
  return counted === due ? [] : [`${counted} of ${results.length} count, of ${runs} runs`];
}
