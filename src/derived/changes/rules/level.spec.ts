import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Random } from '../../../../test/chaos/random.js';
import {
  LEAST_BEFORE,
  LEAST_Z,
  type LevelChange,
  MOST_BEFORE,
  newLevel,
  observeLevel,
  rankSumZ,
  TEST_RUNS,
} from './level.js';

const MINUTE = 60_000;
const DAY = 24 * 60;
const START = Date.UTC(2026, 0, 1);

function changesOf(figures: readonly number[], step = 1): (LevelChange & { at: number })[] {
  const state = newLevel();
  return figures.flatMap((ms, n) => {
    const change = observeLevel(state, ms, START + n * step * MINUTE);
    return change === undefined ? [] : [{ ...change, at: n }];
  });
}

/** By Box and Muller (1958). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** Round-trip times as the Internet has them: a floor, log-normal jitter, spikes with a Pareto tail, and a swing of a day. */
function noise(random: Random, { floor = 40, jitter = 0.8, swing = 6, spikes = 0.03 } = {}) {
  return (minute: number): number => {
    const daily = (swing / 2) * (1 - Math.cos((2 * Math.PI * minute) / DAY));
    const spike = random.chance(spikes) ? 5 * (1 - random.next()) ** (-1 / 1.2) : 0;
    return floor + daily + jitter * Math.exp(0.7 * normal(random)) + spike;
  };
}
const series = (length: number, of: (minute: number) => number) => Array.from({ length }, (_, n) => of(n));

describe('a level that changes', () => {
  it('is told with the medians before and after, and since when', () => {
    const random = new Random(1);
    const at = noise(random, { swing: 0 });
    const [change, ...others] = changesOf(series(200, (n) => at(n) + (n < 100 ? 0 : 15)));
    expect(others).toEqual([]);
    expect(change?.since).toBe(START + 100 * MINUTE);
    expect(change?.before.rtt_ms).toBeCloseTo(40.8, 0);
    expect(change?.after.rtt_ms).toBeCloseTo(55.8, 0);
  });

  it('is told when it comes back, after a short time too', () => {
    const at = noise(new Random(2), { swing: 0 });
    const changes = changesOf(series(200, (n) => at(n) + (n >= 100 && n < 116 ? 20 : 0)));
    expect(changes.map(({ before, after }) => Math.sign(after.rtt_ms - before.rtt_ms))).toEqual([1, -1]);
  });

  it('is deaf to two paths of one destination that alternate', () => {
    const random = new Random(3);
    const at = noise(random);
    expect(changesOf(series(5 * DAY, (n) => at(n) + (random.chance(0.5) ? 12 : 0)))).toEqual([]);
  });

  // more of it: docs/data.md, "Changes"
  it.each([1, 10, 60])(
    'is not told of noise with heavy tails and a daily swing, every %i minutes',
    (step) => {
      const alarms = Array.from({ length: 8 }, (_, seed) => {
        const shape = {
          floor: 5 + seed * 20,
          jitter: 0.3 + 0.2 * seed,
          swing: seed * 2,
          spikes: 0.01 * seed,
        };
        const at = noise(new Random(100 + seed), shape);
        return changesOf(
          series(1500, (n) => at(n * step)),
          step,
        ).length;
      });
      expect(alarms).toEqual(alarms.map(() => 0));
    },
  );

  it.each([1, 10, 60])('is told once in spite of a daily swing, every %i minutes', (step) => {
    const at = noise(new Random(40), { jitter: 0.5 });
    const changes = changesOf(
      series(1500, (n) => at(n * step) + (n < 700 ? 0 : 20)),
      step,
    );
    expect(changes).toHaveLength(1);
    expect(changes[0]?.since).toBe(START + 700 * step * MINUTE);
  });

  it.each([
    { shift: 4, half: 9, most: 15 },
    { shift: 8, half: 9, most: 11 },
    { shift: 20, half: 9, most: 11 },
    { shift: -8, half: 9, most: 11 },
  ])(
    'by $shift ms is told $half runs later, nine in ten after $most at the most',
    ({ shift, half, most }) => {
      const delays = Array.from({ length: 50 }, (_, seed) => {
        const at = noise(new Random(seed + 500));
        const changes = changesOf(series(100, (n) => at(n) + (n < 50 ? 0 : shift)));
        return (changes.find((change) => change.at >= 50)?.at ?? Infinity) - 50;
      }).sort((a, b) => a - b);
      expect(delays[25]).toBeLessThanOrEqual(half);
      expect(delays[45]).toBeLessThanOrEqual(most);
    },
  );

  it('ranks as R does', () => {
    // R 4.2: wilcox.test(c(1.1,2.2,3.3), c(4.4,5.5,0.5), correct = FALSE, exact = FALSE): W = 3, z = -0.65465
    expect(rankSumZ([4.4, 5.5, 0.5], [1.1, 2.2, 3.3])).toBeCloseTo(-0.65465, 5);
    expect(rankSumZ([1, 1, 1], [1, 1, 1])).toBe(0);
  });

  it('says 0 of what is nearer to 0 than it has to tell, and else the same', () => {
    const few = fc.array(fc.integer({ min: 0, max: 12 }), {
      minLength: LEAST_BEFORE,
      maxLength: MOST_BEFORE,
    });
    const test = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: TEST_RUNS, maxLength: TEST_RUNS });
    const seen = { near: 0, far: 0 };
    fc.assert(
      fc.property(few, test, fc.constantFrom(-14, -6, 0, 5, 9), (before, now, shift) => {
        const shifted = now.map((ms) => ms + shift);
        const z = rankSumZ(before, shifted);
        const isFar = Math.abs(z) >= LEAST_Z;
        seen[isFar ? 'far' : 'near'] += 1;
        const told = rankSumZ(before, shifted, LEAST_Z);
        expect(isFar ? told : [0, z]).toEqual(isFar ? z : expect.arrayContaining([told]));
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(seen.near, seen.far)).toBeGreaterThan(100);
  });

  it('keeps so many runs and no more', () => {
    const state = newLevel();
    for (let n = 0; n < 200; n += 1) observeLevel(state, 10, n);
    expect(state.ms).toHaveLength(MOST_BEFORE + TEST_RUNS);
    expect(state.times).toHaveLength(TEST_RUNS);
    expect(LEAST_BEFORE).toBeLessThanOrEqual(MOST_BEFORE);
  });
});
