import { numberRuns as numbersOf, type RunNumbers, type RunSchedule } from '@pladmed/protocol';
import { type Schedule } from './schedule.js';

export { type RunNumbers } from '@pladmed/protocol';

/** The runs of a schedule, numbered from 0 in the order of their times (without any spread). It keeps no table of them. */
export function numberRuns(schedule: Schedule): RunNumbers {
  return numbersOf(inMilliseconds(schedule));
}

/**
 * Runs per probe that an operation pays for: for cron by the classic contract, max(1, cron times in the
 * window) x times_per_minute.
 */
export function runsOf(schedule: Schedule): number {
  const { count } = numberRuns(schedule);
  return schedule.type === 'cron' ? Math.max(count, schedule.times_per_minute) : count;
}

/** When the first run is due. */
export function firstRun(schedule: Schedule): Date {
  const runs = numberRuns(schedule);
  // an interval that was stopped before its start has none
  return runs.count === 0 ? startOf(schedule) : new Date(runs.timeOf(0));
}

/** When the last run is due: after it nothing is to come but what is late. */
export function scheduleEnd(schedule: Schedule): Date {
  const runs = numberRuns(schedule);
  return runs.count === 0 ? startOf(schedule) : new Date(runs.timeOf(runs.count - 1));
}

function inMilliseconds(schedule: Schedule): RunSchedule {
  if (schedule.type === 'once') return { type: 'once', at: schedule.at.getTime() };
  const { start, stop } = schedule;
  return { ...schedule, start: start.getTime(), stop: stop.getTime() };
}

function startOf(schedule: Schedule): Date {
  return schedule.type === 'once' ? schedule.at : schedule.start;
}
