import { checkObject } from '../params/check-object.js';
import { InvalidParamsError } from '../params/invalid-params.error.js';
import { Param } from '../params/param.decorator.js';
import { integer } from '../params/param.rules.js';
import type { CronSchedule } from './schedule.js';
import { cronExpression, stopTime } from './schedule.rules.js';
import { formatStopTime, parseStopTime } from './times.js';

/** The members of a classic operation's `params` that say when it runs. */
export class ClassicTimesParams {
  @Param(cronExpression(), {
    description: 'When to run: a cron expression of five fields, in UTC.',
    example: '*/5 * * * *',
    required: true,
  })
  cron: string;

  @Param(stopTime(), {
    description:
      'End of the operation, excluded: dd/mm/YYYY HH:MM, in UTC. One in the past means a single run.',
    example: '31/12/2030 23:59',
    required: true,
  })
  stop_time: string;

  @Param(integer(1, 60), {
    description: 'Runs in each minute that `cron` names, evenly over the minute.',
    example: 1,
    required: true,
  })
  times_per_minute: number;
}

/** The same, as the event for a classic probe carries them. */
export type ClassicTimes = Pick<ClassicTimesParams, 'cron' | 'stop_time' | 'times_per_minute'>;

/**
 * Reads the times in the `params` of a classic operation that is created at `now`.
 * @throws InvalidParamsError that lists everything that is wrong
 */
export function parseClassicTimes(params: unknown, now: Date): CronSchedule {
  const { known, violations } = checkObject(ClassicTimesParams, params, 'params', 'leave-out');
  if (violations.length > 0) throw new InvalidParamsError(violations);
  const { cron, stop_time, times_per_minute } = known as unknown as ClassicTimes;
  // The check has read the time once already; `now` stands for the impossible case only.
  return { type: 'cron', cron, times_per_minute, start: now, stop: parseStopTime(stop_time) ?? now };
}

/** The times of a cron schedule in the classic form. */
export function toClassicTimes({ cron, times_per_minute, stop }: CronSchedule): ClassicTimes {
  return { cron, stop_time: formatStopTime(stop), times_per_minute };
}
