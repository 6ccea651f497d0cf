import { numberRuns as numbersOf, type RunNumbers, type RunSchedule } from '@pladmed/protocol';
import { type Schedule } from './schedule.js';

export { type RunNumbers } from '@pladmed/protocol';

/** The runs of a schedule, numbered from 0 in the order of their times (without any spread). It keeps no table of them. */
export function numberRuns(schedule: Schedule): RunNumbers {
  return numbersOf(inMilliseconds(schedule));
}

function inMilliseconds(schedule: Schedule): RunSchedule {
  if (schedule.type === 'once') return { type: 'once', at: schedule.at.getTime() };
  const { start, stop } = schedule;
  return { ...schedule, start: start.getTime(), stop: stop.getTime() };
}
