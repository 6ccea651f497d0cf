import {
  type AssignmentFact,
  type CoverageFact,
  type Discrepancy,
  type Evidence,
  type Fates,
  type OperationFact,
  type ProbeDiary,
  type ResultFact,
  type RunFates,
} from './evidence.js';
import { offsetOf, runTimes } from './runs.js';

const FATE_NAMES = [
  'received',
  'failed',
  'refused',
  'not_connected',
  'held',
  'not_delivered',
  'stopped',
  'lost_in_restore',
  'awaited',
  'unexplained',
];
const total = (fates: Fates): number => Object.values(fates).reduce((sum, count) => sum + count, 0);

/** Every run that is due has one fate: in all, by probe and by time the same ones. */
export function checkSums(coverage: CoverageFact): string[] {
  const wrong: string[] = [];
  const { planned, upcoming, due, probes, buckets } = coverage;
  for (const [where, tally] of [
    ['in all', coverage],
    ...buckets.map((bucket, index) => [`bucket ${index}`, bucket] as const),
    ...probes.map((probe) => [`probe ${probe.probe}`, probe] as const),
  ] as const) {
    if (tally.due !== total(tally.fates)) {
      wrong.push(`${where}: ${tally.due} runs due, ${total(tally.fates)} fates`);
    }
  }
  for (const [name, parts] of [
    ['probes', probes],
    ['buckets', buckets],
  ] as const) {
    for (const fate of FATE_NAMES) {
      const sum = parts.reduce((count, { fates }) => count + (fates[fate] ?? 0), 0);
      if (sum !== (coverage.fates[fate] ?? 0))
        wrong.push(`${fate}: ${String(coverage.fates[fate])} in all, ${sum} by ${name}`);
    }
  }
  const extra = probes.reduce((sum, probe) => sum + probe.extra, 0);
  if (extra !== coverage.extra) wrong.push(`${coverage.extra} extra, ${extra} by probes`);
  if (planned !== due + upcoming) wrong.push(`${planned} planned, ${due} due and ${upcoming} to come`);
  return wrong;
}

export function auditFates(evidence: Evidence): Discrepancy[] {
  const found: Discrepancy[] = [];
  for (const coverage of evidence.coverage) {
    for (const what of checkSums(coverage))
      found.push({ kind: 'sums', what: `${coverage.operation}: ${what}` });
  }
  const auditor = new FateAuditor(evidence);
  for (const coverage of evidence.coverage) found.push(...auditor.counts(coverage));
  for (const fates of evidence.runFates) found.push(...auditor.runs(fates));
  return found;
}

/** Lays the account of runs beside what probes know that they did. */
class FateAuditor {
  private readonly operations: Map<string, OperationFact>;
  private readonly diaries: Map<string, ProbeDiary>;
  private readonly assignments: Map<string, AssignmentFact>;
  private readonly results = new Map<string, ResultFact[]>();

  constructor({ operations, probes, assignments, results }: Evidence) {
    this.operations = new Map(operations.map((operation) => [operation.id, operation]));
    this.diaries = new Map(probes.map((diary) => [diary.probe, diary]));
    this.assignments = new Map(assignments.map((each) => [each.operation + each.probe, each]));
    for (const result of results) {
      const key = result.operation + result.probe;
      this.results.set(key, [...(this.results.get(key) ?? []), result]);
    }
  }

  /**
   * As many runs are received as results are stored of them; what belongs to no run, and failures that do not, are `extra`. Where
   * there are more classic results than runs, they are it too.
   */
  counts({ operation, probes }: CoverageFact): Discrepancy[] {
    const scheduled = this.operations.get(operation);
    if (scheduled === undefined) return [{ kind: 'sums', what: `${operation} is no operation` }];
    return probes.flatMap(({ probe, planned, fates, extra }) => {
      const runs = this.runsOf(scheduled, probe);
      const isClassic = this.diaries.get(probe)?.protocol === 'classic';
      const counted = (this.results.get(operation + probe) ?? []).filter((result) => {
        const { outcome, offSchedule, counted: counts } = result;
        const isExtra = offSchedule || (isClassic && !counts);
        // a classic result that came before all runs is laid beside none
        const isEarly = isClassic && runs.length > 1 && cameAt(result) < (runs[0] ?? 0);
        return isExtra || (outcome === 'stored' && !isEarly);
      }).length;
      const found: Discrepancy[] = [];
      const said = (fates['received'] ?? 0) + extra;
      if (said !== counted) {
        found.push({ kind: 'fates', what: `${operation} ${probe}: ${said} came, ${counted} are stored` });
      }
      if (planned !== runs.length) {
        found.push({ kind: 'fates', what: `${operation} ${probe}: ${planned} planned, not ${runs.length}` });
      }
      return found;
    });
  }

  /** The fate of each run by itself. */
  runs({ operation, probe, at, buckets }: RunFates): Discrepancy[] {
    const scheduled = this.operations.get(operation);
    const diary = this.diaries.get(probe);
    const assignment = this.assignments.get(operation + probe);
    if (scheduled === undefined || diary === undefined || assignment === undefined) {
      return [{ kind: 'fates', what: `${operation} ${probe}: no such assignment` }];
    }
    const results = this.results.get(operation + probe) ?? [];
    const stored = new Map(results.map((result) => [timeOf(result), result]));
    const said = new Map(buckets.map((bucket) => [bucket.from, bucket]));
    const found: Discrepancy[] = [];
    for (const time of this.runsOf(scheduled, probe)) {
      const fate = fateIn(said.get(Math.floor(time / 1000) * 1000)?.fates);
      const allowed = allowedFates(time, stored.get(time), { scheduled, assignment, diary, at });
      if (!allowed.includes(fate)) {
        const when = new Date(time).toISOString();
        const what = `${operation} ${probe} ${when}: ${fate}, and not ${allowed.join(' or ')}`;
        found.push({ kind: 'fates', what });
      }
    }
    return found;
  }

  private runsOf({ schedule, spreadS }: OperationFact, probe: string): number[] {
    const isClassic = this.diaries.get(probe)?.protocol === 'classic';
    return runTimes(schedule, isClassic ? 0 : offsetOf(probe, spreadS));
  }
}

/** When it got its id, to the second: the database may have been away until it was stored, which is what `receivedAt` tells. */
const cameAt = (result: ResultFact): number => {
  const seconds = /^[0-9a-f]{24}$/.test(result.id) ? parseInt(result.id.slice(0, 8), 16) : Infinity;
  return Math.min(seconds * 1000, timeOf(result));
};

const timeOf = ({ code, receivedAt }: ResultFact): number => {
  const named = Date.parse(code);
  return Number.isNaN(named) ? receivedAt : named;
};

/** @returns the one fate of the run in this bucket; `not due` where there is none */
function fateIn(fates: Fates = {}): string {
  const names = Object.entries(fates).filter(([, count]) => count > 0);
  if (names.length === 0) return 'not due';
  return names.length === 1 && names[0]?.[1] === 1 ? names[0][0] : `several (${JSON.stringify(fates)})`;
}

interface Circumstances {
  scheduled: OperationFact;
  assignment: AssignmentFact;
  diary: ProbeDiary;
  at: number;
}

function allowedFates(
  time: number,
  stored: ResultFact | undefined,
  { scheduled, assignment, diary, at }: Circumstances,
): string[] {
  if (stored?.outcome === 'stored') return ['received'];
  if (stored !== undefined) return [stored.digest === 'refused' ? 'refused' : 'failed'];
  if (assignment.state === 'refused') return ['refused'];
  if (assignment.state === 'stopped' && time >= (scheduled.stoppedAt ?? Infinity)) return ['stopped'];
  if (time > at) return ['not due'];
  // one that is away may have said that it keeps something; one that is here has said that it keeps nothing
  const silent = ['not_connected', 'not_delivered', 'awaited', ...(diary.connected ? [] : ['held'])];
  // an honest probe says of every run that it knew of what became of it, unless it left
  const hadToSay = diary.nature === 'honest' && time <= diary.restsFrom;
  return hadToSay ? silent : [...silent, 'unexplained'];
}
