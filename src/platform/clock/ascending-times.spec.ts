import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AscendingTimes } from './ascending-times.js';

const MINUTE_MS = 60_000;

describe('AscendingTimes', () => {
  const timesOf = (...clock: number[]) => {
    const times = new AscendingTimes();
    return clock.map((now) => times.next(new Date(now)).getTime());
  };

  it('says what the clock says while that goes on', () => {
    expect(timesOf(0, 5, 6, 1_000)).toEqual([0, 5, 6, 1_000]);
  });

  it('goes on by milliseconds where the clock stands or was set back', () => {
    expect(timesOf(70_000, 70_000, 69_000, 12_000, 70_002, 70_010)).toEqual([
      70_000, 70_001, 70_002, 70_003, 70_004, 70_010,
    ]);
  });

  it('follows a clock that was set back by more than a minute', () => {
    expect(timesOf(9 * MINUTE_MS, 5 * MINUTE_MS, 5 * MINUTE_MS)).toEqual([
      9 * MINUTE_MS,
      5 * MINUTE_MS,
      5 * MINUTE_MS + 1,
    ]);
  });

  it('ascends, and is a minute ahead of the clock at most, whatever steps of less than that the clock takes', () => {
    const steps = fc.array(fc.integer({ min: -500, max: 1_000 }), { maxLength: 100 });
    fc.assert(
      fc.property(steps, (taken) => {
        let now = 0;
        const clock = taken.map((step) => (now += step));
        const times = timesOf(...clock);
        for (const [index, time] of times.entries()) {
          expect(time).toBeGreaterThan(times[index - 1] ?? -Infinity);
          expect(time - (clock[index] ?? 0)).toBeLessThanOrEqual(MINUTE_MS);
        }
      }),
    );
  });
});
