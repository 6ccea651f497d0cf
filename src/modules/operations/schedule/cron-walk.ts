import type { CronTimes } from './cron-expression.js';

const MINUTE_MS = 60_000;
const MINUTES_OF_DAY = 1_440;
const DAY_MS = MINUTES_OF_DAY * MINUTE_MS;

/**
 * The longest time without a matching day of an expression that has one at all: from one 29 February to the
 * next across a year that is divisible by 100 and not by 400.
 */
const LONGEST_GAP_DAYS = 8 * 366;

/** The Gregorian calendar repeats itself, weekdays too, every 400 years. */
const CALENDAR_CYCLE_DAYS = 146_097;

/**
 * Counts the cron times after `after` and before `before` (both excluded, milliseconds since the epoch).
 * Arithmetic per day, not minute by minute; it gives up once the count is above `bound`.
 * @returns the exact count, or any number above `bound`
 */
export function countTimes(times: CronTimes, after: number, before: number, bound: number): number {
  const first = Math.floor(after / MINUTE_MS) + 1;
  const end = Math.ceil(before / MINUTE_MS);
  if (end <= first) return 0;
  const firstDay = Math.floor(first / MINUTES_OF_DAY);
  const lastDay = Math.floor((end - 1) / MINUTES_OF_DAY);
  const partOf = (day: number): number =>
    matches(times, day) ? countMinutes(times, first - day * MINUTES_OF_DAY, end - day * MINUTES_OF_DAY) : 0;
  if (firstDay === lastDay) return partOf(firstDay);

  const perDay = times.minutesOfDay.length;
  const ends = partOf(firstDay) + partOf(lastDay);
  return ends + perDay * countDays(times, firstDay + 1, lastDay, (bound - ends) / perDay);
}

/** The cron times after `after` and before `before` (both excluded, milliseconds since the epoch), in order. */
export function* walkTimes(times: CronTimes, after: number, before: number): Generator<number, void> {
  const first = Math.floor(after / MINUTE_MS) + 1;
  let day = nextDay(times, Math.floor(first / MINUTES_OF_DAY), 1);
  while (day !== undefined) {
    for (const minute of times.minutesOfDay) {
      const at = (day * MINUTES_OF_DAY + minute) * MINUTE_MS;
      if (at >= before) return;
      if (at > after) yield at;
    }
    day = nextDay(times, day + 1, 1);
  }
}

/** The last cron time after `after` and before `before`; undefined if there is none. */
export function lastTime(times: CronTimes, after: number, before: number): number | undefined {
  let day = nextDay(times, Math.floor((before - 1) / DAY_MS), -1);
  // The first day found may have its times after `before`; the one before it has all of them in front of it.
  for (let tries = 0; day !== undefined && tries < 2; tries += 1) {
    const start = day * DAY_MS;
    const minute = times.minutesOfDay.findLast((each) => start + each * MINUTE_MS < before);
    if (minute !== undefined) {
      const at = start + minute * MINUTE_MS;
      return at > after ? at : undefined;
    }
    day = nextDay(times, day - 1, -1);
  }
  return undefined;
}

function countMinutes({ minutesOfDay }: CronTimes, from: number, to: number): number {
  return minutesOfDay.filter((minute) => minute >= from && minute < to).length;
}

/** Matching days from `from` to `to` (excluded); both count days since the epoch. */
function countDays(times: CronTimes, from: number, to: number, bound: number): number {
  const cycles = Math.max(0, Math.floor((to - from) / CALENDAR_CYCLE_DAYS));
  const rest = walkDays(times, from + cycles * CALENDAR_CYCLE_DAYS, to, bound);
  if (cycles === 0 || rest > bound) return rest;
  return rest + cycles * walkDays(times, from, from + CALENDAR_CYCLE_DAYS, bound);
}

function walkDays(times: CronTimes, from: number, to: number, bound: number): number {
  let count = 0;
  let day = from;
  while (day < to && count <= bound) {
    const date = new Date(day * DAY_MS);
    const [month, dayOfMonth, weekday] = [date.getUTCMonth(), date.getUTCDate(), date.getUTCDay()];
    const rest = Math.min(daysInMonth(date) - dayOfMonth + 1, to - day);
    if (times.hasMonth(month)) {
      for (let i = 0; i < rest; i += 1) {
        if (times.matchesDay(month, dayOfMonth + i, (weekday + i) % 7)) count += 1;
      }
    }
    day += rest;
  }
  return count;
}

function daysInMonth(date: Date): number {
  const last = new Date(date);
  last.setUTCMonth(date.getUTCMonth() + 1, 0);
  return last.getUTCDate();
}

/** The first matching day at or after (step 1), at or before (step -1) a day; undefined if none ever comes. */
function nextDay(times: CronTimes, from: number, step: 1 | -1): number | undefined {
  for (let i = 0; i <= LONGEST_GAP_DAYS; i += 1) {
    if (matches(times, from + i * step)) return from + i * step;
  }
  return undefined;
}

function matches(times: CronTimes, day: number): boolean {
  const date = new Date(day * DAY_MS);
  return times.matchesDay(date.getUTCMonth(), date.getUTCDate(), date.getUTCDay());
}
