import { createHash } from 'node:crypto';
import { occurrences } from '../../../probe/src/schedule/schedule.js';
import { type Schedule } from '../../../probe/src/protocol/protocol.js';
import { type OperationFact } from './evidence.js';

const MINUTE_MS = 60_000;

/** docs/protocol.md, "Spread". */
export function offsetOf(probe: string, spreadS: number): number {
  const share = createHash('sha256').update(probe).digest().readUInt32BE(0) / 2 ** 32;
  return Math.floor(share * spreadS * 1000);
}

/** The times of all runs of a schedule, by the probe's arithmetic, which is not the server's. */
export function runTimes(schedule: Schedule, offsetMs = 0): number[] {
  const runs = occurrences(offsetMs > 0 ? { ...schedule, offset_ms: offsetMs } : schedule);
  const times: number[] = [];
  for (let at = runs.nextAfter(0); at !== null; at = runs.nextAfter(at)) times.push(at);
  return times;
}

/** Runs per probe as they are priced. */
export function pricedRuns({ schedule }: Pick<OperationFact, 'schedule'>): number {
  const times = runTimes(schedule);
  return schedule.type === 'cron' ? minutesOf(schedule, times, 0) * schedule.times_per_minute : times.length;
}

/** Runs that a stop at `at` does not pay back: those that were due; a cron minute that has begun counts whole. */
export function begunRuns(schedule: Schedule, offsetMs: number, at: number): number {
  const times = runTimes(schedule, offsetMs).filter((time) => beginOf(schedule, time, offsetMs) < at);
  if (schedule.type !== 'cron') return times.length;
  return minutesOf(schedule, times, offsetMs) * schedule.times_per_minute;
}

/** Of a cron run: the begin of its minute, where it has one. */
function beginOf(schedule: Schedule, time: number, offsetMs: number): number {
  if (schedule.type !== 'cron') return time;
  const minute = Math.floor((time - offsetMs) / MINUTE_MS) * MINUTE_MS + offsetMs;
  // without any cron minute it runs once, at the start
  return time - offsetMs === Date.parse(schedule.start) ? time : minute;
}

function minutesOf(schedule: Schedule, times: readonly number[], offsetMs: number): number {
  return new Set(times.map((time) => beginOf(schedule, time, offsetMs))).size;
}
