import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { ObjectId } from '../../../platform/database/object-id.js';
import { type Candidate, Draw, lotOf } from './selection.js';

const probes = (count: number): Candidate[] => Array.from({ length: count }, () => ({ _id: new ObjectId() }));

function drawn(candidates: readonly Candidate[], count: number, seed: string): string[] {
  const draw = new Draw(seed, count);
  for (const each of candidates) draw.add(each);
  return draw.chosen().map(String);
}

describe('a draw', () => {
  it('can be done again by whoever reads how: SHA-256 of the seed, a colon and the id', () => {
    const candidates = probes(50);
    const byHand = candidates
      .map(({ _id }) => String(_id))
      .map((id) => ({ id, lot: createHash('sha256').update(`seed:${id}`).digest('hex') }))
      .sort((a, b) => (a.lot < b.lot ? -1 : 1))
      .map(({ id }) => id);
    expect(drawn(candidates, 7, 'seed')).toEqual(byHand.slice(0, 7));
  });

  it('does not depend on the order of the candidates, nor on how many it has to forget', () => {
    const candidates = probes(5_000);
    const sorted = [...candidates].sort((a, b) => (lotOf('s', a) < lotOf('s', b) ? -1 : 1));
    const best = sorted.slice(0, 3).map(({ _id }) => String(_id));
    expect(drawn(candidates, 3, 's')).toEqual(best);
    expect(drawn(sorted, 3, 's')).toEqual(best);
    expect(drawn([...sorted].reverse(), 3, 's')).toEqual(best);
  });

  it('is fair: over many seeds each probe is chosen about equally often', () => {
    const candidates = probes(10);
    const times = new Map(candidates.map(({ _id }) => [String(_id), 0]));
    for (let seed = 0; seed < 5_000; seed += 1) {
      for (const id of drawn(candidates, 2, String(seed))) times.set(id, (times.get(id) ?? 0) + 1);
    }
    // 1,000 of 5,000 each; ids differ from run to run: six standard deviations of a binomial are 170
    for (const count of times.values()) expect(Math.abs(count - 1_000)).toBeLessThan(170);
  });

  it('takes the nearest, lots decide among those that are equally near, and it knows when it is done', () => {
    const place = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(place, fc.integer({ min: 1, max: 20 }), fc.string(), (distances, count, seed) => {
        const candidates = [...distances]
          .sort((a, b) => a - b)
          .map((metres): Candidate => ({ _id: new ObjectId(), metres }));
        const draw = new Draw(seed, count);
        for (const each of candidates) {
          if (draw.isSettled(each.metres ?? 0)) break;
          draw.add(each);
        }
        const expected = [...candidates].sort(
          (a, b) => a.metres! - b.metres! || (lotOf(seed, a) < lotOf(seed, b) ? -1 : 1),
        );
        expect(draw.chosen().map(String)).toEqual(expected.slice(0, count).map(({ _id }) => String(_id)));
        const farthest = expected[count - 1]?.metres ?? Infinity;
        expect(draw.candidates).toBe(candidates.filter(({ metres }) => metres! <= farthest).length);
      }),
    );
  });
});
