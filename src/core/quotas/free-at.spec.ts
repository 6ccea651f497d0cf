import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { freeAt } from './free-at.js';

const NOW = 1_000_000;

interface Held {
  amount: number;
  /** milliseconds from now */
  ends: number;
}

async function* inOrder(held: readonly Held[]) {
  const sorted = [...held].sort((a, b) => a.ends - b.ends);
  for (const { amount, ends } of sorted) {
    await Promise.resolve();
    yield { amounts: { user_results: amount, target_probes: 1_000 }, until: new Date(NOW + ends) };
  }
}

describe('freeAt', () => {
  const holds = fc.array(
    fc.record({ amount: fc.integer({ min: 1, max: 50 }), ends: fc.integer({ min: 1, max: 1_000 }) }),
    { maxLength: 40 },
  );

  it('at that moment the request passes, and not a millisecond before', async () => {
    const property = fc.asyncProperty(
      holds,
      fc.nat(200),
      fc.integer({ min: 1, max: 200 }),
      async (held, limit, asked) => {
        const usedAt = (time: number) =>
          held.filter(({ ends }) => NOW + ends > time).reduce((sum, { amount }) => sum + amount, 0);
        const passes = (time: number) => usedAt(time) + asked <= limit;
        fc.pre(!passes(NOW));
        const free = await freeAt(inOrder(held), 'user_results', usedAt(NOW) + asked - limit);
        if (asked > limit) {
          expect(free).toBeUndefined();
          return;
        }
        const time = Number(free);
        expect(passes(time)).toBe(true);
        expect(passes(time - 1)).toBe(false);
      },
    );
    await fc.assert(property, { numRuns: 500 });
  });

  it('reads no more than it needs', async () => {
    let read = 0;
    async function* counted() {
      for await (const hold of inOrder([1, 2, 3, 4].map((ends) => ({ amount: 5, ends })))) {
        read += 1;
        yield hold;
      }
    }
    expect(await freeAt(counted(), 'user_results', 6)).toEqual(new Date(NOW + 2));
    expect(read).toBe(2);
  });
});
