import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Distribution, EXACT_UP_TO, LARGEST, PERCENTS, RELATIVE_ERROR } from './distribution.js';
import { PackReader, PackWriter } from './packed.js';

const distributionOf = (values: readonly number[]): Distribution => {
  const distribution = new Distribution();
  for (const value of values) distribution.add(value);
  return distribution;
};
const packed = (distribution: Distribution): Buffer => {
  const writer = new PackWriter();
  distribution.write(writer);
  return writer.take();
};
const quantilesOf = (distribution: Distribution) =>
  PERCENTS.map((percent) => distribution.quantile(percent) ?? NaN);

/** The definition: of n values in order the one of rank ceil(q n), from 1. */
const exactly = (values: readonly number[]): number[] => {
  const sorted = [...values].sort((a, b) => a - b);
  return PERCENTS.map((percent) => sorted[Math.ceil((percent * sorted.length) / 100) - 1]!);
};
const isWithin = (value: number, exact: number) =>
  Math.abs(value - exact) <= RELATIVE_ERROR * Math.abs(exact) + 1e-9;

/** 1,000 to 1,000,999, always the same (Park and Miller's idea; constants of ANSI C). */
function drawn(count: number): number[] {
  let state = 12_345;
  return Array.from({ length: count }, () => {
    state = Number((1_103_515_245n * BigInt(state) + 12_345n) % 2_147_483_648n);
    return 1_000 + (state % 1_000_000);
  });
}

describe('a distribution', () => {
  // numpy 2.4.6: np.quantile(values, [.05, .25, .5, .75, .95, .99], method='inverted_cdf'), np.mean, np.std
  it.each([
    { values: [10, 1000], quantiles: [10, 10, 10, 1000, 1000, 1000], mean: 505, std: 495 },
    { values: [7], quantiles: [7, 7, 7, 7, 7, 7], mean: 7, std: 0 },
    { values: [4, 2, 3, 1], quantiles: [1, 1, 2, 3, 4, 4], mean: 2.5, std: 1.118033988749895 },
    {
      values: [12_500, 12_500, 80_000, 3_250, 9_999],
      quantiles: [3_250, 9_999, 12_500, 12_500, 80_000, 80_000],
      mean: 23_649.8,
      std: 28_377.728241703917,
    },
  ])('has the figures of numpy for few values: $values', ({ values, quantiles, mean, std }) => {
    const distribution = distributionOf(values);
    expect(quantilesOf(distribution)).toEqual(quantiles);
    expect([distribution.least, distribution.most]).toEqual([Math.min(...values), Math.max(...values)]);
    expect(distribution.mean).toBeCloseTo(mean, 9);
    expect(distribution.deviation).toBeCloseTo(std, 9);
  });

  it('has those of numpy for many values, quantiles within the error', () => {
    const distribution = distributionOf(drawn(5_000));
    // numpy 2.4.6, as above
    const quantiles = [51_346, 260_704, 507_105, 752_605, 952_507, 991_892];
    for (const [index, value] of quantilesOf(distribution).entries())
      expect(isWithin(value, quantiles[index]!)).toBe(true);
    expect([distribution.least, distribution.most]).toEqual([1_078, 1_000_898]);
    expect(distribution.mean).toBeCloseTo(505_344.3096, 6);
    expect(distribution.deviation).toBeCloseTo(287_453.68234711234, 4);
  });

  it('says nothing of no values', () => {
    const { least, most, mean, deviation } = new Distribution();
    expect([least, most, mean, deviation, new Distribution().quantile(50)]).toEqual(Array(5).fill(null));
  });

  const value = fc.oneof(
    fc.integer({ min: -5, max: 5 }),
    fc.integer({ min: 100, max: 2_000_000 }),
    fc.integer({ min: -LARGEST, max: LARGEST }),
  );
  const values = fc.oneof(
    fc.array(value, { maxLength: EXACT_UP_TO + 3 }),
    fc.array(value, { minLength: EXACT_UP_TO - 3, maxLength: 400 }),
  );

  it('keeps few values as they are, and the quantiles of many within the error', () => {
    fc.assert(
      fc.property(values, (all) => {
        const found = quantilesOf(distributionOf(all));
        const right = exactly(all);
        if (all.length === 0) return;
        if (all.length <= EXACT_UP_TO) expect(found).toEqual(right);
        else expect(found.every((each, index) => isWithin(each, right[index]!))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('is the same however it was added up, byte for byte, and read back', () => {
    const parts = fc.array(values, { maxLength: 5 });
    fc.assert(
      fc.property(parts, fc.boolean(), (lists, isReversed) => {
        const merged = new Distribution();
        merged.add(3);
        merged.reset();
        for (const list of isReversed ? [...lists].reverse() : lists)
          merged.absorb(new PackReader(packed(distributionOf(list))));
        const all = lists.flat();
        const isExactSum = all.reduce((sum, each) => sum + Math.abs(each), 0) <= Number.MAX_SAFE_INTEGER;
        if (isExactSum) expect(packed(merged)).toEqual(packed(distributionOf(all)));
        expect(quantilesOf(merged)).toEqual(quantilesOf(distributionOf(all)));
      }),
      { numRuns: 300 },
    );
  });
});
