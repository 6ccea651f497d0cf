import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type CronPattern, type CronValues } from './cron-pattern.js';
import { readCron } from './cron.js';
import { numberRuns, type RunNumbers, type RunSchedule } from './runs.js';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const at = (text: string): number => Date.parse(text);

/** Says whether a minute is named, by looking at the calendar. */
function isNamed({ minutes, hours, days, months, weekdays, either }: CronValues, time: number): boolean {
  const date = new Date(time);
  const byDate = days.includes(date.getUTCDate());
  const byWeekday = weekdays.includes(date.getUTCDay());
  return (
    minutes.includes(date.getUTCMinutes()) &&
    hours.includes(date.getUTCHours()) &&
    months.includes(date.getUTCMonth() + 1) &&
    (either ? byDate || byWeekday : byDate && byWeekday)
  );
}

/** The runs of a schedule by looking at every minute of it. */
function enumerated(schedule: RunSchedule): number[] {
  if (schedule.type === 'once') return [schedule.at];
  const { start, stop } = schedule;
  const times: number[] = [];
  if (schedule.type === 'interval') {
    for (let time = start; time < stop; time += schedule.every_s * 1_000) times.push(time);
    return times;
  }
  const { values } = readCron(schedule.cron);
  for (let time = Math.ceil(start / MINUTE) * MINUTE; time < stop; time += MINUTE) {
    if (time === start || !isNamed(values, time)) continue;
    for (let run = 0; run < schedule.times_per_minute; run += 1)
      times.push(time + Math.floor((run * MINUTE) / schedule.times_per_minute));
  }
  return times.length === 0 ? [start] : times;
}

const listed = (runs: RunNumbers): number[] => Array.from({ length: runs.count }, (_, n) => runs.timeOf(n));

const some = (low: number, high: number) =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant('*') },
    fc.integer({ min: 2, max: 7 }).map((step) => `*/${step}`),
    fc
      .uniqueArray(fc.integer({ min: low, max: high }), { minLength: 1, maxLength: 5 })
      .map((values) => values.join(',')),
  );
const expression = fc
  .tuple(some(0, 59), some(0, 23), some(1, 31), some(1, 12), some(0, 7))
  .map((fields) => fields.join(' '));

const schedules = fc
  .tuple(
    fc.integer({ min: at('1960-01-01Z'), max: at('2110-01-01Z') }),
    fc.oneof(fc.integer({ min: -DAY, max: 2 * DAY }), fc.integer({ min: 0, max: 15 * DAY })),
    fc.boolean(),
  )
  .chain(([from, length, whole]) => {
    const start = whole ? Math.floor(from / MINUTE) * MINUTE : from;
    const window = { start, stop: start + (whole ? Math.floor(length / MINUTE) * MINUTE : length) };
    const cron = fc
      .tuple(expression, fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 60 })))
      .map(([text, times_per_minute]) => ({
        type: 'cron' as const,
        cron: text,
        times_per_minute,
        ...window,
      }));
    const interval = fc
      .integer({ min: 600, max: 86_400 })
      .map((every_s) => ({ type: 'interval' as const, every_s, ...window }));
    return fc.oneof<fc.Arbitrary<RunSchedule>[]>(
      fc.constant({ type: 'once', at: start }),
      interval,
      cron,
      cron,
      cron,
    );
  });

describe('the numbers of runs', () => {
  test('are the places of their times in the schedule, as one finds them minute by minute', () => {
    fc.assert(
      fc.property(schedules, fc.integer({ min: -DAY, max: 16 * DAY }), (schedule, ms) => {
        const runs = numberRuns(schedule);
        const times = enumerated(schedule);
        expect(listed(runs)).toEqual(times);
        const places = times.length < 100 ? times.keys() : [0, 1, times.length >> 1, times.length - 1];
        for (const n of places) {
          expect(runs.numberOf(times[n]!)).toBe(n);
          expect(runs.lastUntil(times[n]! - 1)).toBe(n - 1);
          expect(runs.lastUntil(times[n]! + 0.5)).toBe(n);
        }
        const any = (schedule.type === 'once' ? schedule.at : schedule.start) + ms;
        expect(runs.lastUntil(any)).toBe(times.filter((time) => time <= any).length - 1);
        expect(runs.numberOf(any)).toBe(times.includes(any) ? times.indexOf(any) : undefined);
        expect([runs.lastUntil(-Infinity), runs.lastUntil(Infinity)]).toEqual([-1, times.length - 1]);
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['0 0 29 2 *', '2096-01-01', '2105-01-01', 2], // 2096, 2104: 2100 has no 29 February
    ['0 0 31 2 *', '2026-01-01', '9999-12-31', 1], // none: once at its start
    ['0 0 29 2 *', '2026-01-01', '9999-12-31', 1933], // 7,974 years: 1,993 by four, less 79 by 100, and 19 by 400
    ['0 0 1 1 *', '2026-01-01', '9999-12-31', 7973],
    ['0 0 1 * 1', '2026-01-01', '9999-12-31', 498_114], // as counted day by day
    ['0 0 13 * FRI', '2026-02-01', '2026-03-01', 4], // Fridays 6, 13, 20, 27; the 13th is one of them
    ['0 0 1 * SUN', '2026-09-01', '2026-10-01', 4], // Tuesday the 1st is `start` itself; Sundays 6, 13, 20, 27
    ['0 0 * * 7', '2026-01-01', '2026-02-01', 4],
    ['0 0 */2 * 1', '2027-01-01', '2027-02-01', 2], // the odd Mondays 11 and 25: Debian's cron 3.0pl1-162
    ['0 0 1-31/2 * 1', '2026-12-31', '2027-02-01', 18], // 16 odd days, and the Mondays 4 and 18
    ['59 23 31 12 *', '2026-12-31', '2027-01-01', 1],
    ['* * * * *', '2026-01-01', '2026-01-02', 1439],
  ])('%s from %s to %s: %d', (cron, from, to, count) => {
    const schedule: RunSchedule = { type: 'cron', cron, times_per_minute: 1, start: at(from), stop: at(to) };
    const runs = numberRuns(schedule);
    expect(runs.count).toBe(count);
    expect(runs.numberOf(runs.timeOf(count - 1))).toBe(count - 1);
  });

  test('are worked out by few days however long the schedule is', () => {
    // 5.2 billion runs: a table of them would be 42 GB
    const stop = at('9999-12-31T00:00:00Z');
    const runs = numberRuns({
      type: 'cron',
      cron: '* * * * *',
      times_per_minute: 1,
      start: at('0001-01-01T00:00:00Z'),
      stop,
    });
    expect(runs.count).toBe((stop - at('0001-01-01T00:01:00Z')) / MINUTE);
    expect(runs.timeOf(runs.count - 1)).toBe(stop - MINUTE);
    expect(runs.numberOf(at('2026-11-29T05:00:00Z'))).toBe(
      (at('2026-11-29T05:00:00Z') - at('0001-01-01T00:01:00Z')) / MINUTE,
    );
  });
});

describe('the minutes of a pattern', () => {
  const walk = (pattern: CronPattern, from: string, most: number): string[] => {
    const first = pattern.countBefore(at(from) / MINUTE);
    return Array.from({ length: most }, (_, n) =>
      new Date(pattern.minuteAt(first + n) * MINUTE).toISOString(),
    );
  };

  test('across 2100, which is no leap year, and 2400, where the calendar begins again', () => {
    expect(walk(readCron('0 0 29 2 *'), '2096-03-01', 2)).toEqual([
      '2104-02-29T00:00:00.000Z',
      '2108-02-29T00:00:00.000Z',
    ]);
    expect(walk(readCron('59 23 29,31 2,12 *'), '2399-12-30', 3)).toEqual([
      '2399-12-31T23:59:00.000Z',
      '2400-02-29T23:59:00.000Z',
      '2400-12-29T23:59:00.000Z',
    ]);
  });

  test('of a day that never comes are none', () => {
    const pattern = readCron('0 0 31 2,4,6,9,11 *');
    expect([pattern.isEmpty, pattern.minuteAt(0), pattern.countBefore(5e7)]).toEqual([true, NaN, 0]);
  });
});
