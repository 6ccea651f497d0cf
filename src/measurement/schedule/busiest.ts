import { readCron } from '@pladmed/protocol';
import { type Schedule } from './schedule.js';
import { runsOf } from './run-numbers.js';

const MINUTES_OF_DAY = 1_440;

/**
 * The most runs of one probe that can be due in any window of so many minutes, from one minute to a day: what a schedule
 * calls for at its busiest. Exact, but where no two days that follow each other match the cron expression: then it may be more
 * than ever comes, never less.
 */
export function busiestRuns(schedule: Schedule, minutes: number): number {
  if (schedule.type === 'once') return 1;
  return Math.min(runsOf(schedule), withinMinutes(schedule, Math.min(minutes, MINUTES_OF_DAY)));
}

function withinMinutes(schedule: Exclude<Schedule, { type: 'once' }>, minutes: number): number {
  if (schedule.type === 'interval') return Math.ceil((minutes * 60) / schedule.every_s);
  const { cron, times_per_minute } = schedule;
  return densest(readCron(cron).minutesOfDay(), minutes) * times_per_minute;
}

/**
 * A window need not begin with a minute: but what it then lacks of its first minute it has of one minute more, and all
 * minutes that match are alike.
 * @param minutesOfDay ascending
 */
function densest(minutesOfDay: readonly number[], length: number): number {
  const twoDays = [...minutesOfDay, ...minutesOfDay.map((minute) => minute + MINUTES_OF_DAY)];
  let most = 0;
  let first = 0;
  for (const [last, minute] of twoDays.entries()) {
    while (minute - (twoDays[first] ?? minute) >= length) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
