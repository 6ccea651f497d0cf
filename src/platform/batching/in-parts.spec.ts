import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { firstPart, inParts, streamInParts } from './in-parts.js';

const weigh = (item: number): number => item;
const bounds = fc.record({ items: fc.integer({ min: 1, max: 5 }), weight: fc.nat(20) });

async function* streamOf(items: readonly number[]) {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

describe('what is cut into parts', () => {
  it('is all there, in order, in parts that are within the bounds and could not have been longer', () => {
    const property = fc.property(fc.array(fc.nat(10)), bounds, (items, most) => {
      const parts = [...inParts(items, weigh, most)];
      expect(parts.flat()).toEqual(items);
      for (const [index, part] of parts.entries()) {
        const weight = part.reduce((sum, item) => sum + item, 0);
        expect(part.length).toBeGreaterThan(0);
        expect(part.length).toBeLessThanOrEqual(most.items);
        if (part.length > 1) expect(weight).toBeLessThanOrEqual(most.weight);
        const [next] = parts[index + 1] ?? [];
        if (next !== undefined) expect(part.length === most.items || weight + next > most.weight).toBe(true);
      }
      expect(firstPart(items, weigh, most)).toEqual(parts[0] ?? []);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('is cut alike when it comes over time', async () => {
    const property = fc.asyncProperty(fc.array(fc.nat(10)), bounds, async (items, most) => {
      const parts: number[][] = [];
      for await (const part of streamInParts(streamOf(items), weigh, most)) parts.push(part);
      expect(parts).toEqual([...inParts(items, weigh, most)]);
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it('goes by what is bounded alone', () => {
    expect([...inParts([1, 2, 3], weigh, { items: 2 })]).toEqual([[1, 2], [3]]);
    expect([...inParts([5, 2, 3], weigh, { weight: 4 })]).toEqual([[5], [2], [3]]);
    expect([...inParts([5, 2, 3], weigh, {})]).toEqual([[5, 2, 3]]);
  });
});
