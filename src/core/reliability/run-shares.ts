import { type Presence } from '../presence/index.js';
import { type RunShare } from '../probes/index.js';
import { type RunNumbers } from '../../measurement/schedule/run-numbers.js';
import {
  type AssignmentFacts,
  AWAITED_MS,
  LATEST_BEGIN_MS,
  LONG_RUN_MS,
  type LostTime,
  type MarkedRuns,
} from '../runs/index.js';

/** Runs by their numbers, `to` excluded. */
export interface RunRange {
  from: number;
  to: number;
}

/**
 * Runs that were due later than this may be under way, and say nothing yet.
 * @param measuring whether the probe is connected and says that it is measuring
 */
export function decidedUntil(now: number, measuring: boolean): number {
  return now - (measuring ? LONG_RUN_MS : AWAITED_MS);
}

/** The runs that were due from `from` to `to` (excluded), in milliseconds since the epoch. */
export function runsBetween(
  numbers: RunNumbers,
  { offsetMs, firstRun = 0, endRun = Infinity }: AssignmentFacts,
  from: number,
  to: number,
): RunRange {
  const before = (time: number) =>
    Math.max(firstRun, Math.min(endRun, numbers.lastUntil(time - offsetMs - 1) + 1));
  return { from: before(from), to: Math.max(before(from), before(to)) };
}

/**
 * An operation of one run without a schedule is done when it is delivered, and its time is that.
 * @returns its runs as `numberRuns` would give them
 */
export function singleRun(at: number, { anyTime, deliveredAt = at, offsetMs }: AssignmentFacts): RunNumbers {
  const time = anyTime ? Math.max(at, deliveredAt - offsetMs) : at;
  return {
    count: 1,
    timeOf: () => time,
    numberOf: (asked) => (asked === time ? 0 : undefined),
    lastUntil: (asked) => (asked >= time ? 0 : -1),
  };
}

/**
 * The runs of one assignment that were the probe's to do, and those that came (docs/protocol.md, "Reliability of a probe"): by
 * arithmetic and words of 32 runs, so that a run costs next to nothing.
 * @param range among the runs that `marked` knows
 * @param lost in order
 */
export function shareOfRuns(
  range: RunRange,
  marked: MarkedRuns,
  numbers: RunNumbers,
  facts: AssignmentFacts,
  presence: Presence,
  lost: readonly LostTime[] = [],
): RunShare {
  const { came, failed } = marked.count(range.from, range.to);
  let due = came + failed;
  const forgotten = lost.map(({ from, to }) => runsBetween(numbers, facts, from, to + 1));
  for (const owed of owedRanges(range, numbers, facts, presence)) {
    for (const { from, to } of without(owed, forgotten)) {
      const known = marked.count(from, to);
      due += to - from - known.came - known.failed - known.excused;
    }
  }
  return { due, came };
}

/** What is left of some runs. @param others in order */
function* without({ from, to }: RunRange, others: readonly RunRange[]): Generator<RunRange, void> {
  let left = from;
  for (const other of others) {
    if (other.from > left) yield { from: left, to: Math.min(to, other.from) };
    left = Math.max(left, other.to);
    if (left >= to) return;
  }
  yield { from: left, to };
}

/** The runs that count against the probe if nothing came of them. */
function* owedRanges(
  range: RunRange,
  numbers: RunNumbers,
  facts: AssignmentFacts,
  presence: Presence,
): Generator<RunRange, void> {
  const { refused, anyTime, stoppedAt = Infinity, deliveredAt = Infinity, offsetMs } = facts;
  if (refused) return;
  const until = (time: number) => clip(numbers.lastUntil(time - offsetMs - 1) + 1, range);
  const end = until(stoppedAt);
  const had =
    anyTime && deliveredAt < Infinity ? range.from : Math.min(end, until(deliveredAt - LATEST_BEGIN_MS));
  if (had < end) yield { from: had, to: end };
  if (range.from >= had) return;
  // without the job: only while the probe was away, or about to leave for good
  const [first, last] = [numbers.timeOf(range.from) + offsetMs, numbers.timeOf(had - 1) + offsetMs];
  const left = presence.end - AWAITED_MS;
  for (const away of presence.gaps(first, Math.min(last + 1, left))) {
    const [from, to] = [until(away.from), Math.min(had, until(away.to))];
    if (from < to) yield { from, to };
  }
  const gone = Math.max(range.from, until(Math.max(first, left)));
  if (gone < had) yield { from: gone, to: had };
}

function clip(run: number, { from, to }: RunRange): number {
  return Math.min(to, Math.max(from, run));
}
