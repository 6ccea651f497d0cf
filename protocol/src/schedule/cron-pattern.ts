const MINUTES_OF_DAY = 1_440;
const DAY_MS = 86_400_000;
const MONTHS = 12;
const FIRST_YEAR = 2000;
/** The Gregorian calendar repeats itself, weekdays too, every 400 years. */
const CYCLE_YEARS = 400;
const CYCLE_DAYS = 146_097;
const CYCLE_BEGIN = Date.UTC(FIRST_YEAR, 0, 1) / DAY_MS;

/** Years differ in their first weekday (0: Sunday), and leap years (from 7 on) from the others. */
const YEAR_KINDS = Array.from({ length: CYCLE_YEARS }, (_, year) => {
  const isLeap = daysOf(FIRST_YEAR + year, 1) === 29;
  return new Date(Date.UTC(FIRST_YEAR + year, 0, 1)).getUTCDay() + (isLeap ? 7 : 0);
});
/** A year of each kind. */
const SAMPLE_YEARS = Array.from({ length: 14 }, (_, kind) => FIRST_YEAR + YEAR_KINDS.indexOf(kind));
/** By kind of year and month: the weekday of the first, and a mask of as many bits as there are days. */
const FIRST_WEEKDAYS = ofEachMonth((year, month) => new Date(Date.UTC(year, month, 1)).getUTCDay());
const ALL_DAYS = ofEachMonth((year, month) => 2 ** daysOf(year, month) - 1);

/** What the five fields of a cron expression name: values, ascending; months from 1 on, Sunday is 0. */
export interface CronValues {
  minutes: readonly number[];
  hours: readonly number[];
  days: readonly number[];
  months: readonly number[];
  weekdays: readonly number[];
  /** a day matches by one of its two fields; otherwise it must match by both */
  either: boolean;
}

/**
 * The minutes that a cron expression names, in UTC and numbered in their order. It is arithmetic over years, months and days, without a
 * table of them; a minute is a whole number, counted from the beginning of 1970.
 */
export class CronPattern {
  private readonly dayBits: number;
  private readonly weekdayBits: number;
  private readonly monthBits: number;
  private readonly perDay: number;
  /** days that match, by kind of year */
  private readonly perYear: readonly number[];
  private readonly perCycle: number;
  private lastDay = { number: NaN, day: NaN };

  constructor(readonly values: CronValues) {
    this.dayBits = bitsOf(values.days) >>> 1;
    this.weekdayBits = bitsOf(values.weekdays);
    this.monthBits = bitsOf(values.months) >>> 1;
    this.perDay = values.minutes.length * values.hours.length;
    this.perYear = SAMPLE_YEARS.map((_year, kind) => this.daysBeforeMonth(kind, MONTHS));
    this.perCycle = this.daysBeforeYear(CYCLE_YEARS);
  }

  /** No day ever matches, as with 30 February. */
  get isEmpty(): boolean {
    return this.perCycle === 0;
  }

  /** How many of the minutes come before this one, from 2000 on (negative before); the difference of two says how many lie between. */
  countBefore(minute: number): number {
    const day = Math.floor(minute / MINUTES_OF_DAY);
    const cycle = Math.floor((day - CYCLE_BEGIN) / CYCLE_DAYS);
    const date = new Date((day - cycle * CYCLE_DAYS) * DAY_MS);
    const [year, month, bit] = [
      date.getUTCFullYear() - FIRST_YEAR,
      date.getUTCMonth(),
      date.getUTCDate() - 1,
    ];
    const kind = YEAR_KINDS[year] ?? 0;
    const matching = this.matchingDays(kind, month);
    const days =
      cycle * this.perCycle +
      this.daysBeforeYear(year) +
      this.daysBeforeMonth(kind, month) +
      countOnes(matching & ((1 << bit) - 1));
    const isDay = ((matching >>> bit) & 1) === 1;
    return days * this.perDay + (isDay ? this.countOfDayBefore(minute - day * MINUTES_OF_DAY) : 0);
  }

  /** The minute that has `n` of them before it; NaN for a pattern that is empty. */
  minuteAt(n: number): number {
    if (this.isEmpty) return NaN;
    const number = Math.floor(n / this.perDay);
    // whoever goes along the runs asks for the same day again and again
    if (this.lastDay.number !== number) this.lastDay = { number, day: this.dayAt(number) };
    return this.lastDay.day * MINUTES_OF_DAY + this.minuteOfDay(n - number * this.perDay);
  }

  /** 0 to 1439, ascending: those of each day that matches. */
  minutesOfDay(): number[] {
    return Array.from({ length: this.perDay }, (_, place) => this.minuteOfDay(place));
  }

  /** The day, counted from the beginning of 1970, that has `number` matching ones before it. */
  private dayAt(number: number): number {
    const cycle = Math.floor(number / this.perCycle);
    let left = number - cycle * this.perCycle;
    let year = 0;
    for (let days = this.daysOfYear(year); left >= days; days = this.daysOfYear(year)) {
      left -= days;
      year += 1;
    }
    const kind = YEAR_KINDS[year] ?? 0;
    let month = 0;
    for (let days = this.daysOfMonth(kind, month); left >= days; days = this.daysOfMonth(kind, month)) {
      left -= days;
      month += 1;
    }
    const first = Date.UTC(FIRST_YEAR + year, month, 1) / DAY_MS;
    return first + placeOfOne(this.matchingDays(kind, month), left) + cycle * CYCLE_DAYS;
  }

  private minuteOfDay(place: number): number {
    const { hours, minutes } = this.values;
    const hour = hours[Math.floor(place / minutes.length)] ?? 0;
    return hour * 60 + (minutes[place % minutes.length] ?? 0);
  }

  private countOfDayBefore(minuteOfDay: number): number {
    const { hours, minutes } = this.values;
    const hour = Math.floor(minuteOfDay / 60);
    const ofHour = hours.includes(hour) ? countBelow(minutes, minuteOfDay % 60) : 0;
    return countBelow(hours, hour) * minutes.length + ofHour;
  }

  /** @param year counted from 2000 */
  private daysBeforeYear(year: number): number {
    let days = 0;
    for (let each = 0; each < year; each += 1) days += this.daysOfYear(each);
    return days;
  }

  private daysOfYear(year: number): number {
    return this.perYear[YEAR_KINDS[year] ?? 0] ?? 0;
  }

  private daysBeforeMonth(kind: number, month: number): number {
    let days = 0;
    for (let each = 0; each < month; each += 1) days += this.daysOfMonth(kind, each);
    return days;
  }

  private daysOfMonth(kind: number, month: number): number {
    return countOnes(this.matchingDays(kind, month));
  }

  /** @returns a bit for each day of the month, the lowest for the first */
  private matchingDays(kind: number, month: number): number {
    if (((this.monthBits >>> month) & 1) === 0) return 0;
    const place = kind * MONTHS + month;
    const first = FIRST_WEEKDAYS[place] ?? 0;
    const week = ((this.weekdayBits >>> first) | (this.weekdayBits << (7 - first))) & 0x7f;
    const byWeekday = week | (week << 7) | (week << 14) | (week << 21) | (week << 28);
    const both = this.values.either ? this.dayBits | byWeekday : this.dayBits & byWeekday;
    return both & (ALL_DAYS[place] ?? 0);
  }
}

function ofEachMonth(value: (year: number, month: number) => number): number[] {
  return SAMPLE_YEARS.flatMap((year) => Array.from({ length: MONTHS }, (_, month) => value(year, month)));
}

function daysOf(year: number, month: number): number {
  return new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
}

/** @param values 0 to 31 */
function bitsOf(values: readonly number[]): number {
  return values.reduce((bits, value) => bits | (1 << value), 0);
}

/** @param list ascending */
function countBelow(list: readonly number[], value: number): number {
  const place = list.findIndex((each) => each >= value);
  return place < 0 ? list.length : place;
}

/** @param bits 31 at most */
function countOnes(bits: number): number {
  let count = bits - ((bits >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return (((count + (count >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/** @returns the place of the one that has `before` ones below it */
function placeOfOne(bits: number, before: number): number {
  let left = bits;
  for (let i = 0; i < before; i += 1) left &= left - 1;
  return 31 - Math.clz32(left & -left);
}
