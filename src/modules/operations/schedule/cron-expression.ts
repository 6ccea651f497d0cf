import { CronPattern } from 'croner';

/** Longest cron expression taken, in characters. */
export const MAX_CRON_LENGTH = 100;

/**
 * The times that a cron expression names, in UTC. A day matches by month and day fields; where both day
 * fields are restricted (anything but `*`), one of them is enough (crontab(5), POSIX crontab).
 */
export interface CronTimes {
  /** Minutes of the day, 0 to 1439, ascending; never empty. */
  minutesOfDay: readonly number[];
  /** Whether a day matches: month 0 to 11, day of the month 1 to 31, weekday 0 (Sunday) to 6. */
  matchesDay(month: number, dayOfMonth: number, weekday: number): boolean;
  /** Whether any day of a month may match: lets a walk over the calendar pass months by. */
  hasMonth(month: number): boolean;
}

const NUMBER = String.raw`\d{1,2}`;
const MONTH = `(?:${NUMBER}|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)`;
const WEEKDAY = `(?:${NUMBER}|sun|mon|tue|wed|thu|fri|sat)`;

/** What a crontab takes in one field; croner knows more (L, W, #, ?, nicknames), and the values' ranges. */
const FIELDS = [NUMBER, NUMBER, NUMBER, MONTH, WEEKDAY].map((value) => {
  const element = String.raw`(?:(?:\*|${value}-${value})(?:/${NUMBER})?|${value})`;
  return new RegExp(`^${element}(?:,${element})*$`, 'i');
});

/** A range that ends in `sun`: 0 to a crontab, so the range runs backwards there, whatever croner makes of it. */
const RANGE_TO_SUN = /-sun/i;

/** Reads a five-field cron expression; undefined if it is none. A probe in the field writes it into its crontab. */
export function parseCron(expression: string): CronTimes | undefined {
  if (expression.length > MAX_CRON_LENGTH || /[^ \t\x21-\x7e]/.test(expression)) return undefined;
  const fields = expression.trim().split(/[ \t]+/);
  if (fields.length !== FIELDS.length) return undefined;
  if (!FIELDS.every((field, index) => field.test(fields[index] ?? ''))) return undefined;
  if (RANGE_TO_SUN.test(expression)) return undefined;
  try {
    return timesOf(new CronPattern(fields.join(' '), 'UTC', { mode: '5-part' }));
  } catch {
    return undefined; // a value or a step out of its range
  }
}

function timesOf(pattern: CronPattern): CronTimes {
  const { starDOM, starDOW } = pattern;
  const [day, month, dayOfWeek] = [pattern.day, pattern.month, pattern.dayOfWeek].map((flags) =>
    flags.map(Boolean),
  );
  const has = (flags: boolean[] | undefined, index: number): boolean => flags?.[index] ?? false;
  const minutes = indicesOf(pattern.minute);
  return {
    minutesOfDay: indicesOf(pattern.hour).flatMap((hour) => minutes.map((minute) => hour * 60 + minute)),
    hasMonth: (index) => has(month, index),
    matchesDay(index, dayOfMonth, weekday) {
      if (!has(month, index)) return false;
      const [byDate, byWeekday] = [has(day, dayOfMonth - 1), has(dayOfWeek, weekday)];
      return starDOM || starDOW ? byDate && byWeekday : byDate || byWeekday;
    },
  };
}

function indicesOf(flags: readonly number[]): number[] {
  return flags.flatMap((flag, index) => (flag ? [index] : []));
}
