import { describe, expect, test } from '@jest/globals';
import { Cron } from 'croner';
import fc from 'fast-check';
import { cronMinutes } from './cron.js';

const field = (least: number, most: number): fc.Arbitrary<string> => {
  const value = fc.integer({ min: least, max: most });
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: most - least }).map((by) => `*/${by}`);
  return fc.oneof(fc.constant('*'), value.map(String), range, step, fc.tuple(range, value).map(String));
};
const expression = fc
  .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6))
  .map((fields) => fields.join(' '));
const moment = fc.integer({ min: Date.parse('2024-01-01Z'), max: Date.parse('2030-01-01Z') });

const GAP_MS = 8 * 366 * 86_400_000;

/** The next five moments. */
function walk(from: number, next: (ms: number) => number | null): number[] {
  const found: number[] = [];
  for (let at = next(from); at !== null && found.length < 5; at = next(at)) found.push(at);
  return found;
}

describe('the minutes of a cron expression', () => {
  test('are those that croner enumerates', () => {
    fc.assert(
      fc.property(expression, moment, (text, from) => {
        const oracle = new Cron(text, { timezone: 'UTC', mode: '5-part', paused: true });
        const ours = walk(from, (ms) => cronMinutes(text).nextAfter(ms));
        const theirs = walk(from, (ms) => oracle.nextRun(new Date(ms))?.getTime() ?? null);
        // What comes less than once in a leap year is looked for by croner without end, and by nobody else.
        expect(ours).toEqual(theirs.slice(0, ours.length));
        if (ours.length < theirs.length)
          expect(theirs[ours.length]! - (ours.at(-1) ?? from)).toBeGreaterThan(GAP_MS);
      }),
      { numRuns: 300 },
    );
  });

  test('29 February across 2100, which is no leap year', () => {
    const after = cronMinutes('0 0 29 2 *').nextAfter(Date.parse('2096-03-01Z'));
    expect(new Date(after ?? 0).toISOString()).toBe('2104-02-29T00:00:00.000Z');
  });

  test('of a day that never comes are none', () => {
    expect(cronMinutes('0 0 31 2 *').nextAfter(Date.parse('2026-01-01Z'))).toBeNull();
  });

  test('may be given by names', () => {
    const after = cronMinutes('30 4 * JAN-feb Mon').nextAfter(Date.parse('2026-01-01Z'));
    expect(new Date(after ?? 0).toISOString()).toBe('2026-01-05T04:30:00.000Z');
  });

  test.each([
    '',
    '* * * *',
    '* * * * * *',
    '@daily',
    '60 * * * *',
    '* * L * *',
    '* * * * 1#2',
    '*/0 * * * *',
    '5-1 * * * *',
  ])('%j is none', (text) => {
    expect(() => cronMinutes(text)).toThrow();
  });
});
