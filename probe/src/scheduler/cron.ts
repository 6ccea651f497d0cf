import { CronPattern } from 'croner';

/** The minutes that a cron expression of five fields names, in UTC. */
export interface CronMinutes {
  /** The first of them strictly after `ms` (since 1970); null when none ever comes. */
  nextAfter(ms: number): number | null;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const DAY_MS = DAY_MINUTES * MINUTE_MS;
/** From one 29 February to the next, across a year that is no leap year by the rule of the centuries. */
const LONGEST_GAP_DAYS = 8 * 366;
/** Expressions whose minutes are kept: many operations have the same. */
const MOST_KEPT = 500;

const NUMBER = String.raw`\d{1,2}`;
const MONTH = `(?:${NUMBER}|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)`;
const WEEKDAY = `(?:${NUMBER}|sun|mon|tue|wed|thu|fri|sat)`;
/** What a crontab takes in each field; the library takes more, with other meanings. */
const FIELDS = [NUMBER, NUMBER, NUMBER, MONTH, WEEKDAY].map((value) => {
  const element = String.raw`(?:(?:\*|${value}-${value})(?:/${NUMBER})?|${value})`;
  return new RegExp(`^${element}(?:,${element})*$`, 'i');
});

const kept = new Map<string, CronMinutes>();

/** @throws Error with a sentence when it is no cron expression */
export function cronMinutes(expression: string): CronMinutes {
  const known = kept.get(expression);
  if (known !== undefined) return known;
  const minutes = read(expression);
  const [oldest] = kept.keys();
  if (kept.size >= MOST_KEPT && oldest !== undefined) kept.delete(oldest);
  kept.set(expression, minutes);
  return minutes;
}

function read(expression: string): CronMinutes {
  const fields = expression.trim().split(/[ \t]+/);
  if (fields.length !== FIELDS.length || !FIELDS.every((field, index) => field.test(fields[index] ?? '')))
    throw new Error('it has not five fields of numbers, names, ranges and steps');
  // The pattern itself is not kept: it takes 80 kB.
  const pattern = new CronPattern(fields.join(' '), 'UTC', { mode: '5-part' });
  const has = (flags: readonly unknown[]): boolean[] => flags.map(Boolean);
  const [days, months, weekdays] = [has(pattern.day), has(pattern.month), has(pattern.dayOfWeek)];
  const minutes = indices(pattern.minute);
  const ofDay = indices(pattern.hour).flatMap((hour) => minutes.map((minute) => hour * 60 + minute));
  // Where both are restricted, one of them is enough (crontab(5)).
  const both = pattern.starDOM || pattern.starDOW;
  const hasMonth = (month: number): boolean => months[month] === true;
  const matches = (date: Date): boolean => {
    const byDay = days[date.getUTCDate() - 1] === true;
    const byWeekday = weekdays[date.getUTCDay()] === true;
    return both ? byDay && byWeekday : byDay || byWeekday;
  };
  return { nextAfter: (ms) => nextAfter(ms, ofDay, hasMonth, matches) };
}

function indices(flags: readonly unknown[]): number[] {
  return flags.flatMap((flag, index) => (flag ? [index] : []));
}

function nextAfter(
  ms: number,
  ofDay: readonly number[],
  hasMonth: (month: number) => boolean,
  matches: (date: Date) => boolean,
): number | null {
  const minute = Math.floor(ms / MINUTE_MS) + 1;
  const today = Math.floor(minute / DAY_MINUTES);
  for (let day = today; day <= today + LONGEST_GAP_DAYS; day++) {
    const date = new Date(day * DAY_MS);
    if (!hasMonth(date.getUTCMonth())) {
      day += daysLeft(date) - 1;
      continue;
    }
    if (!matches(date)) continue;
    const first = day === today ? minute - day * DAY_MINUTES : 0;
    const found = ofDay.find((each) => each >= first);
    if (found !== undefined) return (day * DAY_MINUTES + found) * MINUTE_MS;
  }
  return null;
}

/** Days of the month from this one on. */
function daysLeft(date: Date): number {
  const last = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0);
  return (last - date.getTime()) / DAY_MS + 1;
}
