import { countTimes } from './cron-walk.js';
import { cronOf, offsetInMinute, runsOf, type CronSchedule, type Schedule } from './schedule.js';

/** Runs per probe that were due at `now` or before it: as many times as `dueTimes` gives up to there. */
export function countRunsUntil(schedule: Schedule, now: Date): number {
  if (schedule.type === 'once') return schedule.at <= now ? 1 : 0;
  if (schedule.start > now) return 0;
  if (schedule.type === 'cron') return countCronRunsUntil(schedule, now.getTime());
  const passed = Math.floor((now.getTime() - schedule.start.getTime()) / (schedule.every_s * 1_000)) + 1;
  return Math.min(passed, runsOf(schedule, Infinity));
}

function countCronRunsUntil(schedule: CronSchedule, now: number): number {
  const { times_per_minute } = schedule;
  const [start, stop] = [schedule.start.getTime(), schedule.stop.getTime()];
  const times = cronOf(schedule);
  if (countTimes(times, start, stop, 0) === 0) return 1; // the single run at `start`

  const minute = Math.floor(now / 60_000) * 60_000;
  const over = countTimes(times, start, Math.min(minute, stop), Infinity) * times_per_minute;
  const isRunning = countTimes(times, Math.max(start, minute - 1), Math.min(minute + 1, stop), 1) > 0;
  if (!isRunning) return over;
  const offsets = Array.from({ length: times_per_minute }, (_, run) => offsetInMinute(run, times_per_minute));
  return over + offsets.filter((offset) => minute + offset <= now).length;
}
