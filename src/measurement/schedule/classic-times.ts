import { cronExpression, text, timesPerMinute } from '@pladmed/protocol';
import { z } from 'zod';
import { checkObject } from '../params/check-object.js';
import { InvalidParamsError } from '../params/invalid-params.error.js';
import type { CronSchedule } from './schedule.js';
import { formatStopTime, parseStopTime } from './times.js';

/** The members of a classic operation's `params` that say when it runs. */
const classicTimes = z.object({
  /** When to run: a cron expression of five fields, in UTC. */
  cron: cronExpression(),
  /** End of the operation, excluded. One in the past means a single run. */
  stop_time: text(
    'a time that exists, in UTC, written dd/mm/YYYY HH:MM',
    (value) => parseStopTime(value) !== undefined,
    {},
  ),
  /** Runs in each minute that `cron` names, evenly over the minute. */
  times_per_minute: timesPerMinute(),
});

/** The same, as the event for a classic probe carries them. */
export type ClassicTimes = z.infer<typeof classicTimes>;

/**
 * Reads the times in the `params` of a classic operation that is created at `now`.
 * @throws InvalidParamsError that lists everything that is wrong
 */
export function parseClassicTimes(params: unknown, now: Date): CronSchedule {
  const { known, violations } = checkObject(classicTimes, params, 'params', 'ignore');
  if (violations.length > 0) throw new InvalidParamsError(violations);
  const { cron, stop_time, times_per_minute } = known;
  // The check has read the time once already; `now` stands for the impossible case only.
  return { type: 'cron', cron, times_per_minute, start: now, stop: parseStopTime(stop_time) ?? now };
}

/** The times of a cron schedule in the classic form. */
export function toClassicTimes({ cron, times_per_minute, stop }: CronSchedule): ClassicTimes {
  return { cron, stop_time: formatStopTime(stop), times_per_minute };
}
