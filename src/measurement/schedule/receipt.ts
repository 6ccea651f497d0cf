import type { Schedule } from './schedule.js';

/** The crond of such a probe has looked at a minute by then, and does not look at it again. */
const MINUTE_IS_TAKEN_MS = 2_000;

/**
 * A probe that cannot be told of a start runs at the times of its cron expression from the moment on that it gets the job.
 * @returns when it may get it so that it begins with the first run that is charged, in the minute of `start`; undefined: now
 */
export function receiptFrom(schedule: Schedule, now: Date): Date | undefined {
  if (schedule.type !== 'cron' || schedule.start <= now) return undefined;
  const start = schedule.start.getTime();
  return new Date(start - (start % 60_000) + MINUTE_IS_TAKEN_MS);
}
