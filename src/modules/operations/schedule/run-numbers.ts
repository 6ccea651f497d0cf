import { dueTimes, type IntervalSchedule, runsOf, type Schedule } from './schedule.js';

const END_OF_TIME = new Date(8.64e15);

/** The runs of a schedule, numbered from 0 in the order of their times (milliseconds since the epoch, without any spread). */
export interface RunNumbers {
  readonly count: number;
  /** When run `n` (0 <= n < count) is due. */
  timeOf(n: number): number;
  /** The run that is due at exactly this time; undefined: none is. */
  numberOf(time: number): number | undefined;
  /** The last run that is due at this time or before; -1: none is. */
  lastUntil(time: number): number;
}

export function numberRuns(schedule: Schedule): RunNumbers {
  if (schedule.type === 'interval') return ofInterval(schedule);
  // a cron expression has no arithmetic for it: the times of all its runs, 8 bytes each, at most MAX_RUNS of them
  return ofTimes(Float64Array.from(allTimes(schedule)));
}

function ofInterval(schedule: IntervalSchedule): RunNumbers {
  const start = schedule.start.getTime();
  const step = schedule.every_s * 1_000;
  const count = runsOf(schedule);
  return {
    count,
    timeOf: (n) => start + n * step,
    numberOf: (time) => {
      const n = (time - start) / step;
      return Number.isInteger(n) && n >= 0 && n < count ? n : undefined;
    },
    lastUntil: (time) => Math.max(-1, Math.min(count - 1, Math.floor((time - start) / step))),
  };
}

function ofTimes(times: Float64Array): RunNumbers {
  const lastUntil = (time: number): number => {
    let [low, high] = [0, times.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((times[middle] ?? Infinity) <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  return {
    count: times.length,
    timeOf: (n) => times[n] ?? NaN,
    numberOf: (time) => {
      const n = lastUntil(time);
      return times[n] === time ? n : undefined;
    },
    lastUntil,
  };
}

function* allTimes(schedule: Schedule): Generator<number, void> {
  for (const time of dueTimes(schedule, new Date(0), END_OF_TIME, Infinity)) yield time.getTime();
}
