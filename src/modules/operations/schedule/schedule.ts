import { parseCron, type CronTimes } from './cron-expression.js';
import { countTimes, lastTime, walkTimes } from './cron-walk.js';

/** Runs that one operation may have: runs per probe times probes. */
export const MAX_RUNS = 1_000_000;

/** What every schedule may say. */
interface Spread {
  /** Native probes do their runs up to this much later, each by its own offset: spread.ts. */
  spread_s?: number;
}

/** One run. */
export interface OnceSchedule extends Spread {
  type: 'once';
  at: Date;
}

/** A run at `start` and every `every_s` seconds after it, while before `stop`. */
export interface IntervalSchedule extends Spread {
  type: 'interval';
  every_s: number;
  start: Date;
  stop: Date;
}

/**
 * Runs in each minute that the cron expression (five fields, UTC) names after `start` and before `stop`:
 * `times_per_minute` of them, evenly over the minute. Without any such minute: one at `start`.
 */
export interface CronSchedule extends Spread {
  type: 'cron';
  cron: string;
  times_per_minute: number;
  start: Date;
  stop: Date;
}

/** When an operation runs (docs/protocol.md, "Server to probe"). */
export type Schedule = OnceSchedule | IntervalSchedule | CronSchedule;

/** A schedule as callers see it: times are RFC 3339 strings in UTC with milliseconds. */
export type WireSchedule = Spread & UnspreadSchedule;

/** A schedule as one native probe is told it: the spread has become the offset of this probe. */
export type ProbeSchedule = UnspreadSchedule & { offset_ms?: number };

type UnspreadSchedule =
  | { type: 'once'; at: string }
  | { type: 'interval'; every_s: number; start: string; stop: string }
  | { type: 'cron'; cron: string; times_per_minute: number; start: string; stop: string };

/**
 * Runs per probe that an operation pays for: for cron by the classic contract, max(1, cron times in the
 * window) x times_per_minute.
 * @returns the exact number, or any number above `bound` where there are more than that
 */
export function runsOf(schedule: Schedule, bound = MAX_RUNS): number {
  if (schedule.type === 'once') return 1;
  const { start, stop } = schedule;
  if (schedule.type === 'interval') {
    return Math.max(0, Math.ceil((stop.getTime() - start.getTime()) / (schedule.every_s * 1_000)));
  }
  const { times_per_minute } = schedule;
  const minutes = countTimes(cronOf(schedule), start.getTime(), stop.getTime(), bound / times_per_minute);
  return Math.max(1, minutes) * times_per_minute;
}

/** When the first run is due. */
export function firstRun(schedule: Schedule): Date {
  if (schedule.type === 'once') return schedule.at;
  if (schedule.type === 'interval') return schedule.start;
  const { start, stop } = schedule;
  const [first = start.getTime()] = walkTimes(cronOf(schedule), start.getTime(), stop.getTime());
  return new Date(first);
}

/** When the last run is due: after it nothing is to come but what is late. */
export function scheduleEnd(schedule: Schedule): Date {
  if (schedule.type === 'once') return schedule.at;
  const start = schedule.start.getTime();
  if (schedule.type === 'interval') {
    const last = Math.max(0, runsOf(schedule) - 1);
    return new Date(start + last * schedule.every_s * 1_000);
  }
  const minute = lastTime(cronOf(schedule), start, schedule.stop.getTime());
  if (minute === undefined) return schedule.start;
  return new Date(minute + offsetInMinute(schedule.times_per_minute - 1, schedule.times_per_minute));
}

/**
 * The times at which runs are due, from `from` to `to` (excluded), in order, `limit` at most. A run that
 * comes from here is identified by this very time (`scheduled_at`).
 */
export function* dueTimes(schedule: Schedule, from: Date, to: Date, limit: number): Generator<Date, void> {
  let left = limit;
  for (const at of allTimes(schedule, from.getTime())) {
    if (left <= 0 || at >= to.getTime()) return;
    if (at < from.getTime()) continue;
    yield new Date(at);
    left -= 1;
  }
}

/** The schedule as callers see it. */
export function toWireSchedule(schedule: Schedule): WireSchedule {
  const { spread_s } = schedule;
  return { ...unspread(schedule), ...(spread_s !== undefined && { spread_s }) };
}

/** The schedule as a native probe is told it. @param offsetMs how much later this probe does its runs */
export function toProbeSchedule(schedule: Schedule, offsetMs: number): ProbeSchedule {
  return { ...unspread(schedule), ...(offsetMs > 0 && { offset_ms: offsetMs }) };
}

function unspread(schedule: Schedule): UnspreadSchedule {
  if (schedule.type === 'once') return { type: 'once', at: schedule.at.toISOString() };
  const window = { start: schedule.start.toISOString(), stop: schedule.stop.toISOString() };
  if (schedule.type === 'interval') return { type: 'interval', every_s: schedule.every_s, ...window };
  return { type: 'cron', cron: schedule.cron, times_per_minute: schedule.times_per_minute, ...window };
}

/** All due times that are not long before `from`: the walk begins near it, not at the start of the schedule. */
function* allTimes(schedule: Schedule, from: number): Generator<number, void> {
  if (schedule.type === 'once') yield schedule.at.getTime();
  else if (schedule.type === 'interval') yield* intervalTimes(schedule, from);
  else yield* cronRunTimes(schedule, from);
}

function* intervalTimes({ every_s, start, stop }: IntervalSchedule, from: number): Generator<number, void> {
  const step = every_s * 1_000;
  const skipped = Math.max(0, Math.floor((from - start.getTime()) / step));
  for (let at = start.getTime() + skipped * step; at < stop.getTime(); at += step) yield at;
}

function* cronRunTimes(schedule: CronSchedule, from: number): Generator<number, void> {
  const { times_per_minute, start, stop } = schedule;
  const times = cronOf(schedule);
  if (lastTime(times, start.getTime(), stop.getTime()) === undefined) {
    yield start.getTime();
    return;
  }
  // A minute that began before `from` may still have runs after it.
  const after = Math.max(start.getTime(), from - 60_000);
  for (const minute of walkTimes(times, after, stop.getTime())) {
    for (let run = 0; run < times_per_minute; run += 1) yield minute + offsetInMinute(run, times_per_minute);
  }
}

/** Milliseconds into its minute of a run, counted from 0, rounded down. */
function offsetInMinute(run: number, timesPerMinute: number): number {
  return Math.floor((run * 60_000) / timesPerMinute);
}

/** The times of a schedule whose expression was checked when it was made. */
function cronOf({ cron }: CronSchedule): CronTimes {
  const times = parseCron(cron);
  if (!times) throw new TypeError(`not a cron expression: ${cron}`);
  return times;
}
