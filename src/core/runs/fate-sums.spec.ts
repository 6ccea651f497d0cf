import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { numberRuns } from '../../measurement/schedule/run-numbers.js';
import { FATES } from './fates.js';
import { FateSums } from './fate-sums.js';
import { NOT_DUE, RunFates, WordPool } from './run-fates.js';
import { Buckets } from './tally.js';

const MINUTE = 60_000;
const WIDTH = FATES.length + 1;

/** Codes of the runs of some assignments of one operation. */
const assignments = (least = 0) =>
  fc.integer({ min: 1, max: 100 }).chain((runs) =>
    fc.array(
      fc.array(
        fc.oneof(
          { weight: 3, arbitrary: fc.constantFrom(1, 4) },
          { weight: 1, arbitrary: fc.nat(FATES.length) },
        ),
        {
          minLength: runs,
          maxLength: runs,
        },
      ),
      { minLength: least, maxLength: 40 },
    ),
  );

function asFates(codes: readonly number[], words: WordPool): RunFates {
  const fates = new RunFates(codes.length, words);
  for (const [run, code] of codes.entries()) if (code !== NOT_DUE) fates.fill(run, run + 1, code);
  return fates;
}

describe('fates of many assignments', () => {
  it('are counted together as one by one', () => {
    const places = fc.array(fc.nat(100), { minLength: 2, maxLength: 6 });
    const property = fc.property(assignments(), places, (all, drawn) => {
      const length = all[0]?.length ?? 0;
      const [from = 0, ...ends] = drawn.map((run) => Math.min(run, length)).sort((a, b) => a - b);
      const stretches = () => ({
        ...{ from, ends: Uint32Array.from(ends), width: WIDTH },
        counts: new Uint32Array(ends.length * WIDTH),
      });
      const words = new WordPool(50);
      const [together, oneByOne] = [stretches(), stretches()];
      const sums = new FateSums();
      for (const codes of all) {
        const fates = asFates(codes, words);
        sums.add(fates);
        fates.countStretches(oneByOne);
      }
      sums.countStretches(together);
      expect(together.counts).toEqual(oneByOne.counts);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('are in the bucket of the time at which each run was due, whatever offsets their probes have', () => {
    const offsets = fc.array(fc.constantFrom(0, 0, 17_000, 3 * MINUTE), { minLength: 40, maxLength: 40 });
    const widths = fc.integer({ min: 1, max: 30 });
    const property = fc.property(assignments(1), offsets, widths, (all, offsetsMs, widthMinutes) => {
      const runs = all[0]?.length ?? 0;
      const stop = new Date(runs * MINUTE);
      const numbers = numberRuns({ type: 'interval', every_s: 60, start: new Date(0), stop });
      const widthMs = widthMinutes * MINUTE;
      const buckets = new Buckets(widthMs, 0, (runs + 3) * MINUTE);
      const expected = new Map<number, number[]>();
      for (const [n, codes] of all.entries()) {
        const offsetMs = offsetsMs[n] ?? 0;
        const tally = buckets.add(asFates(codes, new WordPool()), numbers, offsetMs);
        expect(Object.values(tally.fates)).toEqual(
          FATES.map((_, fate) => codes.filter((code) => code === fate + 1).length),
        );
        for (const [run, code] of codes.entries()) {
          const from = Math.floor((numbers.timeOf(run) + offsetMs) / widthMs) * widthMs;
          const counts = expected.get(from) ?? FATES.map(() => 0);
          if (code !== NOT_DUE) counts[code - 1] = (counts[code - 1] ?? 0) + 1;
          expected.set(from, counts);
        }
      }
      const isDue = ([, counts]: [number, number[]]) => counts.some((count) => count > 0);
      expect(buckets.list().map(({ from, fates }) => [from, Object.values(fates)])).toEqual(
        [...expected].filter(isDue).sort(([a], [b]) => a - b),
      );
    });
    fc.assert(property, { numRuns: 200 });
  });
});
