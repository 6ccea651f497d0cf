import { describe, expect, it } from '@jest/globals';
import { Cron } from 'croner';
import fc from 'fast-check';
import { type CronTimes, parseCron } from './cron-expression.js';
import { countTimes, lastTime, walkTimes } from './cron-walk.js';

/** Times that the oracle enumerates, at most; it takes a while for each. */
const MAX_ENUMERATED = 300;

/** The oracle: croner, enumerating time after time. */
function enumerate(expression: string, after: number, before: number): number[] {
  const cron = new Cron(expression, { timezone: 'UTC', mode: '5-part', paused: true });
  const times: number[] = [];
  // croner drops milliseconds of its start; a time within that very second is not after it.
  for (const time of cron.enumerate(new Date(after))) {
    if (time.getTime() >= before || times.length === MAX_ENUMERATED) break;
    if (time.getTime() > after) times.push(time.getTime());
  }
  return times;
}

/** Element of a cron field: star, number, range, with or without a step. */
function element(low: number, high: number): fc.Arbitrary<string> {
  const number = fc.integer({ min: low, max: high });
  const range = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: Math.min(high, 12) });
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    number.map(String),
    range,
    fc.tuple(fc.oneof(fc.constant('*'), range), step).map(([base, by]) => `${base}/${by}`),
  );
}

const field = (low: number, high: number): fc.Arbitrary<string> =>
  fc.array(element(low, high), { minLength: 1, maxLength: 3 }).map((elements) => elements.join(','));

const sometimes = (arbitrary: fc.Arbitrary<string>, ...words: string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 4, arbitrary }, fc.constantFrom(...words));

const expression = fc
  .tuple(
    field(0, 59),
    field(0, 23),
    field(1, 31),
    sometimes(field(1, 12), 'JAN', 'feb', 'mar-Nov', 'feb-dec/3', 'jun,DEC'),
    sometimes(field(0, 6), 'SUN', 'mon-FRI', '7', '5-7', 'sun-tue/2', 'wed,sat'),
  )
  .map((fields) => fields.join(' '))
  .filter((text) => parseCron(text) !== undefined);

const START = Date.UTC(1999, 0, 1);
const window = fc
  .tuple(
    fc.integer({ min: START, max: Date.UTC(2110, 0, 1) }),
    fc.oneof(fc.integer({ min: 0, max: 3 * 86_400_000 }), fc.integer({ min: 0, max: 900 * 86_400_000 })),
    fc.boolean(),
  )
  .map(([from, length, whole]) => {
    const after = whole ? Math.floor(from / 60_000) * 60_000 : from;
    return { after, before: after + (whole ? Math.floor(length / 60_000) * 60_000 : length) };
  });

describe('cron times', () => {
  it('are counted and walked as croner enumerates them', () => {
    fc.assert(
      fc.property(expression, window, (text, { after, before: asked }) => {
        const times = parseCron(text)!;
        const expected = enumerate(text, after, asked);
        const before = expected.length === MAX_ENUMERATED ? expected.at(-1)! + 1 : asked;
        expect(countTimes(times, after, before, Infinity)).toBe(expected.length);
        expect([...walkTimes(times, after, before)]).toEqual(expected);
        expect(lastTime(times, after, before)).toBe(expected.at(-1));
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['0 0 29 2 *', '2096-01-01', '2105-01-01', 2], // 2096, 2104: 2100 has no 29 February
    ['0 0 31 2 *', '2026-01-01', '9999-12-31', 0],
    ['0 0 29 2 *', '2026-01-01', '9999-12-31', 1933], // 7,974 years: 1,993 by four, less 79 by 100, and 19 by 400
    ['0 0 1 1 *', '2026-01-01', '9999-12-31', 7973],
    ['0 0 1 * 1', '2026-01-01', '9999-12-31', 498_114], // as counted month by month, without the cycle of 400 years
    ['0 0 31 4,6,9,11 *', '2026-01-01', '9999-12-31', 0],
    ['0 0 13 * FRI', '2026-02-01', '2026-03-01', 4], // Fridays 6, 13, 20, 27; the 13th is one of them
    ['0 0 1 * SUN', '2026-09-01', '2026-10-01', 4], // Tuesday the 1st is `after` itself; Sundays 6, 13, 20, 27
    ['0 0 * * 7', '2026-01-01', '2026-02-01', 4],
    ['0 0 */10 * MON', '2026-06-01', '2026-07-01', 6], // 11, 21 and the Mondays 8, 15, 22, 29
    ['59 23 31 12 *', '2026-12-31', '2027-01-01', 1],
    ['* * * * *', '2026-01-01', '2026-01-02', 1439],
  ])('%s from %s to %s: %d', (text, from, to, count) => {
    const [after, before] = [Date.parse(from), Date.parse(to)];
    expect(countTimes(parseCron(text)!, after, before, Infinity)).toBe(count);
  });

  it('are counted with little work however long the schedule', () => {
    const [after, end] = [Date.UTC(2026, 0, 1), Date.UTC(9999, 11, 31)];
    for (const text of ['* * * * *', '*/7 3 1-7 * MON', '0 0 31 2 *', '0 0 29 2 *', '0 0 1 1 *']) {
      const times = parseCron(text)!;
      let days = 0;
      const counting: CronTimes = {
        minutesOfDay: times.minutesOfDay,
        hasMonth: (month) => times.hasMonth(month),
        matchesDay: (...day) => {
          days += 1;
          return times.matchesDay(...day);
        },
      };
      countTimes(counting, after, end, 1_000_000);
      lastTime(counting, after, end);
      walkTimes(counting, after, end).next();
      // there are 2.9 million days between the two; the calendar repeats itself after 146,097
      expect(days).toBeLessThan(2.5 * 146_097);
    }
    expect(countTimes(parseCron('* * * * *')!, after, end, 1_000_000)).toBeGreaterThan(1_000_000);
  });
});
