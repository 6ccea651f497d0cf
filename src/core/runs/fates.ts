import { type Presence } from '../presence/index.js';
import { type AssignmentEntity } from '../assignments/index.js';
import { type RunNumbers } from '../../measurement/schedule/run-numbers.js';
import { type PackedSheet } from './packed-sheets.js';
import { type Code, type RunFates } from './run-fates.js';
import { RUNS_PER_SHEET } from './run-sheet.schema.js';

/**
 * What became of a run that was due; each has exactly one (docs/protocol.md, "Fates of runs").
 * received: its result is stored; failed: the probe says that it could not be done; refused: the probe, or its host's policy,
 * said no; not_connected: the probe was away and nothing came; held: the probe says that it keeps results; not_delivered:
 * the probe was there and did not have the job in time; stopped: the operation was stopped before; lost_in_restore: what was
 * known of it went with the database that a backup has replaced; awaited: it may still be under way; unexplained: none of these.
 */
export const FATES = [
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
] as const;
export type Fate = (typeof FATES)[number];

const CODES = Object.fromEntries(FATES.map((fate, index) => [fate, index + 1])) as Record<Fate, Code>;

/** A run is begun within this time, or is missed: docs/protocol.md, "Server to probe". */
export const LATEST_BEGIN_MS = 5_000;
/** So long after its time a run may be under way without a word. */
export const AWAITED_MS = 120_000;
/** So long a run that the server sends may not have begun yet, or have just ended: it begins within 15 s (src/core/server-runs). */
const SERVER_KEPT_MS = 60_000;
/** And so long if the probe says that it is measuring. */
export const LONG_RUN_MS = 3_600_000;

/** What is known of a probe that owes runs. */
export interface ProbeFacts {
  presence: Presence;
  connected: boolean;
  /** its last report, where its protocol has words for one */
  report?: { at: number; backlog: number; running: number } | undefined;
  /** numbers of runs that have begun, and have no end yet, where the server sends each run */
  begun?: ReadonlySet<number> | undefined;
}

/** What is known of an assignment, in milliseconds since the epoch. */
export interface AssignmentFacts {
  refused: boolean;
  /** the number of the first run that is asked of the probe; absent: 0 */
  firstRun?: number;
  /** the first run that belongs to a later stretch: it was taken away, and added again; absent: there is none */
  endRun?: number;
  /** a run may be done however late it is delivered (`once`) */
  anyTime: boolean;
  deliveredAt?: number | undefined;
  stoppedAt?: number | undefined;
  /** of the probe, against the times of the schedule */
  offsetMs: number;
  /** the server sends each run at its time (schedulesItself is false): one that has begun ends with a result, or as failed */
  serverKept?: boolean;
}

/** From a backup to its restore: what came between is lost. */
export interface LostTime {
  from: number;
  to: number;
}

/** Results beyond the runs of the schedule, and failures by the reason given. */
export interface Marked {
  extra: number;
  reasons: Record<string, number>;
}

/**
 * Writes what came into `fates`.
 * @param fates all NOT_DUE
 * @param sheets in order
 */
export function markArrived(fates: RunFates, sheets: readonly PackedSheet[]): Marked {
  const reasons: Record<string, number> = {};
  let extra = 0;
  for (const { sheet, came, failed, stored } of sheets) {
    const first = sheet * RUNS_PER_SHEET;
    for (const [reason, bits] of failed) {
      const code = reason === 'refused' ? CODES.refused : CODES.failed;
      reasons[reason] = (reasons[reason] ?? 0) + fates.mark(first, bits, code);
    }
    extra += stored - fates.mark(first, came, CODES.received);
  }
  return { extra: assignSurplusResults(fates, sheets, extra), reasons };
}

/** The same for an operation of one run, which has no sheet: the counters of the assignment say it all. */
export function markSingle(
  fates: RunFates,
  {
    received: counted,
    failed,
    uncounted_received = 0,
    uncounted_failed = 0,
    failure = 'unknown',
  }: SingleRunCounters,
): Marked {
  const received = counted + uncounted_received;
  const isFailed = received === 0 && failed + uncounted_failed > 0;
  if (received > 0) fates.fill(0, 1, CODES.received);
  else if (isFailed) fates.fill(0, 1, failure === 'refused' ? CODES.refused : CODES.failed);
  return { extra: Math.max(0, received - 1), reasons: isFailed ? { [failure]: 1 } : {} };
}

/** What is known of the one run of an assignment. */
export type SingleRunCounters = Pick<
  AssignmentEntity,
  'received' | 'failed' | 'uncounted_received' | 'uncounted_failed' | 'failure'
>;

/**
 * A result that names no run is marked at the last one before it came. Where several came between two runs (a probe
 * that was away), the others belong to runs before: the latest first.
 * @returns how many find no place
 */
function assignSurplusResults(fates: RunFates, sheets: readonly PackedSheet[], extra: number): number {
  const last = sheets.at(-1);
  if (extra <= 0 || last === undefined) return 0;
  let left = extra;
  const latest = fates.lastOf(CODES.received, Math.min(fates.length, (last.sheet + 1) * RUNS_PER_SHEET));
  for (let run = fates.lastUndecided(0, latest); run >= 0 && left > 0; run = fates.lastUndecided(0, run)) {
    fates.fill(run, run + 1, CODES.received);
    left -= 1;
  }
  return left;
}

/** Whether a run was due by now and has not come: only then anything has to be known of its probe. */
export function hasMissing(
  fates: RunFates,
  numbers: RunNumbers,
  { refused, stoppedAt, offsetMs, firstRun = 0, endRun = Infinity }: AssignmentFacts,
  now: number,
): boolean {
  if (refused) return false;
  const end = Math.min(now, (stoppedAt ?? Infinity) - 1) - offsetMs;
  return fates.hasUndecided(firstRun, Math.min(endRun, numbers.lastUntil(end) + 1));
}

/**
 * Gives each run that is due and did not come its fate.
 * @param stretches in order, of one assignment
 */
export function explainMissing(
  fates: RunFates,
  numbers: RunNumbers,
  stretches: readonly AssignmentFacts[],
  probe: ProbeFacts | undefined,
  now: number,
  lost: readonly LostTime[] = [],
): void {
  // the newest first: a probe's backlog is what it did last
  let held = probe?.report?.backlog ?? 0;
  let end = fates.length;
  const moment = { now, lost };
  for (let stretch = stretches.length - 1; stretch >= 0; stretch -= 1) {
    const facts = stretches[stretch] as AssignmentFacts;
    const first = Math.min(end, facts.firstRun ?? 0);
    let run = fates.lastUndecided(first, end);
    while (run >= 0) {
      const due = numbers.timeOf(run) + facts.offsetMs;
      const fate = fateOf({ run, due }, facts, probe, held > 0, moment);
      const from = fate === 'held' ? run : firstAlike(run, due, numbers, facts, probe, moment);
      if (fate === 'held') held -= 1;
      if (fate !== undefined) fates.fill(from, run + 1, CODES[fate]);
      run = fates.lastUndecided(first, from);
    }
    end = first;
  }
}

interface Moment {
  now: number;
  lost: readonly LostTime[];
}

/**
 * The last time before this one after which the fate of a run may be another one than before: from then on it depends on what the
 * probe holds and has begun alone. Times are whole milliseconds.
 */
function lastEdgeBefore(
  due: number,
  { stoppedAt = Infinity, deliveredAt = Infinity }: AssignmentFacts,
  probe: ProbeFacts | undefined,
  { now, lost }: Moment,
): number {
  let last = probe === undefined ? -Infinity : probe.presence.sameSince(due) - 1;
  // one by one: a list of them for each of a thousand probes takes longer than all else that is found out of their runs
  last = laterBefore(due, last, stoppedAt - 1);
  last = laterBefore(due, last, deliveredAt - LATEST_BEGIN_MS - 1);
  last = laterBefore(due, last, deliveredAt);
  last = laterBefore(due, last, now);
  last = laterBefore(due, last, now - SERVER_KEPT_MS);
  last = laterBefore(due, last, now - AWAITED_MS);
  last = laterBefore(due, last, now - LONG_RUN_MS);
  if (probe !== undefined) last = laterBefore(due, last, probe.presence.end - AWAITED_MS - 1);
  if (probe?.report !== undefined) last = laterBefore(due, last, probe.report.at);
  for (const { from, to } of lost) last = laterBefore(due, laterBefore(due, last, from - 1), to);
  return last;
}

/** @returns the edge if it is before `due` and after `last`, else `last` */
function laterBefore(due: number, last: number, edge: number): number {
  return edge < due && edge > last ? edge : last;
}

/** @returns the first of the runs up to this one that have its fate if they are missing */
function firstAlike(
  run: number,
  due: number,
  numbers: RunNumbers,
  facts: AssignmentFacts,
  probe: ProbeFacts | undefined,
  moment: Moment,
): number {
  const { offsetMs, firstRun = 0 } = facts;
  const after = lastEdgeBefore(due, facts, probe, moment);
  let first = Math.max(firstRun, after === -Infinity ? 0 : numbers.lastUntil(after - offsetMs) + 1);
  if (probe?.begun !== undefined)
    for (const begun of probe.begun)
      if (begun <= run && begun >= first) first = begun === run ? run : begun + 1;
  return Math.min(first, run);
}

/** @returns undefined: it is not due yet */
function fateOf(
  run: { run: number; due: number },
  facts: AssignmentFacts,
  probe: ProbeFacts | undefined,
  mayBeHeld: boolean,
  { now, lost }: Moment,
): Fate | undefined {
  const { refused, stoppedAt = Infinity } = facts;
  if (refused) return 'refused';
  if (run.due >= stoppedAt) return 'stopped';
  if (run.due > now) return undefined;
  if (lost.length > 0 && isLost(run.due, lost)) return 'lost_in_restore';
  return fateOfMissing(run, facts, probe, mayBeHeld, now);
}

function isLost(time: number, lost: readonly LostTime[]): boolean {
  return lost.some(({ from, to }) => from <= time && time <= to);
}

function fateOfMissing(
  { run, due }: { run: number; due: number },
  { deliveredAt = Infinity, anyTime, serverKept = false }: AssignmentFacts,
  probe: ProbeFacts | undefined,
  mayBeHeld: boolean,
  now: number,
): Fate {
  if (probe?.begun?.has(run) === true) return 'awaited';
  // not ready, or not there: else something would have come of it
  if (serverKept)
    return isSoon(anyTime ? Math.max(due, deliveredAt) : due, now) ? 'awaited' : 'not_connected';
  const hadJob = deliveredAt <= (anyTime ? now : due + LATEST_BEGIN_MS);
  const time = anyTime && hadJob ? Math.max(due, deliveredAt) : due;
  if (hadJob && mayBeHeld && (probe?.report?.at ?? 0) >= time) return 'held';
  const isThere = probe?.presence.covers(time) === true && probe.presence.coversAnyFrom(time + AWAITED_MS);
  if (!isThere) return 'not_connected';
  if (isRecent(time, probe, now)) return 'awaited';
  return hadJob ? 'unexplained' : 'not_delivered';
}

function isSoon(time: number, now: number): boolean {
  return now - time < SERVER_KEPT_MS;
}

function isRecent(time: number, probe: ProbeFacts, now: number): boolean {
  if (!probe.connected) return false;
  const age = now - time;
  return age < AWAITED_MS || (age < LONG_RUN_MS && (probe.report?.running ?? 0) > 0);
}
