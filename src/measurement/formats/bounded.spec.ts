import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import mongoose from 'mongoose';
import { bounded, MAX_SUMMARY_BYTES } from './bounded.js';
import { type Summary } from './summary.js';

const { calculateObjectSize } = mongoose.mongo.BSON;

describe('bounded', () => {
  it('reckons no less than BSON needs', () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.stringMatching(/^[a-z_]{1,12}$/), json)),
        (summary: Summary[]) => {
          const { bytes, leftOut } = bounded(summary);
          expect(leftOut).toBe(0);
          expect(bytes).toBeGreaterThanOrEqual(
            calculateObjectSize({ summary }) - calculateObjectSize({ summary: [] }),
          );
        },
      ),
    );
  });

  it('keeps the entries that have room, from the first one on', () => {
    const summary = ['a', 'é'.repeat(40), 'c'].map((error) => ({ error }));
    expect(bounded(summary, 150)).toMatchObject({ summary: summary.slice(0, 2), leftOut: 1 });
    expect(bounded(summary, 100)).toMatchObject({ summary: summary.slice(0, 1), leftOut: 2 });
    expect(bounded(summary, 1)).toEqual({ summary: [], bytes: 0, leftOut: 3 });
  });

  it('has room for what a run honestly brings: a thousand traceroutes of forty hops over IPv6', () => {
    const path = Array.from({ length: 40 }, () => '2001:db8:1111:2222:3333:4444:5555:6666');
    const trace = {
      type: 'trace',
      src: path[0],
      dst: path[0],
      path,
      stop_reason: 'COMPLETED',
      path_hash: '0'.repeat(16),
    };
    const { leftOut, bytes } = bounded(Array.from({ length: 1000 }, () => trace));
    expect(leftOut).toBe(0);
    expect(bytes).toBeLessThan(MAX_SUMMARY_BYTES);
  });
});
