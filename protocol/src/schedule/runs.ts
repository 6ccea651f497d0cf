import { type CronPattern } from './cron-pattern.js';
import { readCron } from './cron.js';

const MINUTE_MS = 60_000;
/** The end of JavaScript's time. */
const LAST_TIME = 8.64e15;

/** When an operation runs on one probe, without any offset; times are milliseconds since 1970. */
export type RunSchedule =
  | { type: 'once'; at: number }
  | { type: 'interval'; every_s: number; start: number; stop: number }
  | { type: 'cron'; cron: string; times_per_minute: number; start: number; stop: number };

/**
 * The runs of a schedule, numbered from 0 in the order of their times (milliseconds since 1970, without any offset). A run is named by its
 * time, so server and probe both take them from here.
 */
export interface RunNumbers {
  readonly count: number;
  /** When run `n` (0 <= n < count) is due. */
  timeOf(n: number): number;
  /** The run that is due at exactly this time; undefined: none is. */
  numberOf(time: number): number | undefined;
  /** The last run that is due at this time or before; -1: none is. */
  lastUntil(time: number): number;
}

/**
 * Numbers the runs of a schedule. It keeps no table: each question is arithmetic, however long the schedule is.
 * @throws CronError when the cron expression cannot be read
 */
export function numberRuns(schedule: RunSchedule): RunNumbers {
  if (schedule.type === 'once') return new EvenRuns(schedule.at, 1, 1);
  const { start, stop } = schedule;
  if (schedule.type === 'interval') {
    const step = schedule.every_s * 1_000;
    return new EvenRuns(start, step, Math.max(0, Math.ceil((stop - start) / step)));
  }
  const minutes = cronMinutes(readCron(schedule.cron), start, stop);
  // docs/protocol.md: a cron schedule that has no time between start and stop runs once at start
  if (minutes.count === 0) return new EvenRuns(start, 1, 1);
  return new CronRuns(minutes, schedule.times_per_minute);
}

/** The cron minutes after `start` and before `stop`: `count` of them, the first with the number `first`. */
interface CronMinutes {
  pattern: CronPattern;
  first: number;
  count: number;
}

function cronMinutes(pattern: CronPattern, start: number, stop: number): CronMinutes {
  const first = pattern.countBefore(Math.floor(start / MINUTE_MS) + 1);
  const end = pattern.countBefore(Math.ceil(stop / MINUTE_MS));
  return { pattern, first, count: Math.max(0, end - first) };
}

/** Runs at equal distances, or a single one. */
class EvenRuns implements RunNumbers {
  constructor(
    private readonly start: number,
    private readonly step: number,
    readonly count: number,
  ) {}

  timeOf(n: number): number {
    return this.start + n * this.step;
  }

  numberOf(time: number): number | undefined {
    const n = (time - this.start) / this.step;
    return Number.isInteger(n) && n >= 0 && n < this.count ? n : undefined;
  }

  lastUntil(time: number): number {
    return Math.max(-1, Math.min(this.count - 1, Math.floor((time - this.start) / this.step)));
  }
}

/** Several runs in each cron minute, evenly over it, in whole milliseconds. */
class CronRuns implements RunNumbers {
  readonly count: number;

  constructor(
    private readonly minutes: CronMinutes,
    private readonly perMinute: number,
  ) {
    this.count = minutes.count * perMinute;
  }

  timeOf(n: number): number {
    const { pattern, first } = this.minutes;
    const minute = Math.floor(n / this.perMinute);
    return pattern.minuteAt(first + minute) * MINUTE_MS + this.offsetOf(n - minute * this.perMinute);
  }

  numberOf(time: number): number | undefined {
    const n = this.lastUntil(time);
    return n >= 0 && this.timeOf(n) === time ? n : undefined;
  }

  lastUntil(time: number): number {
    const { pattern, first, count } = this.minutes;
    const minute = Math.floor(Math.max(-LAST_TIME, Math.min(LAST_TIME, time)) / MINUTE_MS);
    const before = pattern.countBefore(minute) - first;
    if (before < 0) return -1;
    if (before >= count) return this.count - 1;
    // of the next cron minute, those that have begun: none, unless it is this very minute
    const isNow = pattern.countBefore(minute + 1) - first > before;
    return before * this.perMinute + (isNow ? this.begunBy(time - minute * MINUTE_MS) : 0) - 1;
  }

  /** Runs of a minute whose offset is this or less: rounded down to whole milliseconds, so below the next one. */
  private begunBy(offset: number): number {
    return Math.ceil(((Math.floor(offset) + 1) * this.perMinute) / MINUTE_MS);
  }

  private offsetOf(run: number): number {
    return Math.floor((run * MINUTE_MS) / this.perMinute);
  }
}
