import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TokenBucket } from './token-bucket.js';

describe('TokenBucket', () => {
  it('lets a burst pass, then the rate', () => {
    const bucket = new TokenBucket(10, 5, 0);
    const passed = [];
    for (let now = 0; now <= 1000; now += 50) {
      while (bucket.wait(now) === 0) {
        bucket.take(1, now);
        passed.push(now);
      }
    }
    expect(passed.filter((at) => at === 0)).toHaveLength(5);
    // 10 a second; the last one may be one that is paid off later
    expect(passed.length).toBeGreaterThanOrEqual(5 + 9);
    expect(passed.length).toBeLessThanOrEqual(5 + 11);
  });

  it('lets what is larger than itself pass once, and has it paid off', () => {
    const bucket = new TokenBucket(1000, 10, 0);
    expect(bucket.wait(0)).toBe(0);
    bucket.take(5010, 0);
    expect(bucket.wait(0)).toBe(5001);
    expect(bucket.wait(5000)).toBeGreaterThan(0);
    expect(bucket.wait(5001)).toBe(0);
  });

  it('says when it is free: at that time it is, and not a millisecond before the debt is paid', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.array(fc.record({ after: fc.nat(5000), amount: fc.integer({ min: 1, max: 100_000 }) }), {
          minLength: 1,
          maxLength: 20,
        }),
        (perSecond, capacity, steps) => {
          const bucket = new TokenBucket(perSecond, capacity, 0);
          let now = 0;
          let taken = 0;
          for (const { after, amount } of steps) {
            now += after;
            const wait = bucket.wait(now);
            now += wait;
            expect(bucket.wait(now)).toBe(0);
            // what passed so far never exceeds the burst and the rate, but for the one that went into debt
            expect(taken).toBeLessThanOrEqual(capacity + (now / 1000) * perSecond + 1e-6);
            bucket.take(amount, now);
            taken += amount;
          }
        },
      ),
    );
  });
});
