import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ObjectId } from '../../platform/database/object-id.js';
import { type Schedule } from './schedule.js';
import { spreadOffsetMs } from './spread.js';

const START = new Date('2026-11-21T05:10:30.250Z');

describe('the spread', () => {
  const every = (spread_s: number): Schedule => ({ type: 'once', at: START, spread_s });

  it('gives a probe the same offset every time, below the spread', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 86_400 }),
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        (spread, id) => {
          const probe = new ObjectId(Buffer.from(id));
          const offset = spreadOffsetMs(every(spread), probe);
          expect(offset).toBe(spreadOffsetMs(every(spread), probe));
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(offset).toBeLessThan(spread * 1000);
        },
      ),
    );
  });

  it('spreads ten thousand probes over a minute: no second has more than twice its share', () => {
    const seconds = new Array<number>(60).fill(0);
    for (let n = 0; n < 10_000; n += 1) {
      const second = Math.floor(spreadOffsetMs(every(60), new ObjectId()) / 1000);
      seconds[second] = (seconds[second] ?? 0) + 1;
    }
    expect(Math.max(...seconds)).toBeLessThan((2 * 10_000) / 60);
  });

  it('is nothing where none was asked for', () => {
    expect(spreadOffsetMs({ type: 'once', at: START }, new ObjectId())).toBe(0);
  });

  it('is the share that the first 32 bits of the SHA-256 of the id are (docs/protocol.md)', () => {
    // of this text it begins with dd6eda34: 3,714,046,516 / 2^32 = 0.86497...
    expect(spreadOffsetMs(every(100), new ObjectId('000000000000000000000001'))).toBe(86_497);
  });
});
