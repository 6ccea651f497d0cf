import type { ProbeSchedule } from '@pladmed/protocol';

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
export type { ProbeSchedule };

type UnspreadSchedule =
  | { type: 'once'; at: string }
  | { type: 'interval'; every_s: number; start: string; stop: string }
  | { type: 'cron'; cron: string; times_per_minute: number; start: string; stop: string };

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
