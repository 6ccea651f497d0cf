import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Presence, type Stay } from './presence.js';

const END = 40;
const stays = fc.array(
  fc
    .tuple(
      fc.integer({ min: 0, max: END }),
      fc.oneof(fc.integer({ min: 0, max: END }), fc.constant(Infinity)),
    )
    .map(([from, length]): Stay => ({ from, to: from + length })),
  { maxLength: 8 },
);
const moments = Array.from({ length: 2 * END }, (_, moment) => moment);

describe('presence', () => {
  it('and its gaps fill any stretch of time, whatever overlaps', () => {
    const property = fc.property(stays, fc.nat(END), fc.nat(END), (some, from, length) => {
      const presence = new Presence(some);
      const to = from + length;
      const gaps = [...presence.gaps(from, to)];
      const away = gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
      expect(presence.during(from, to) + away).toBe(to - from);
      for (const moment of moments.filter((each) => each >= from && each < to)) {
        expect(gaps.some((gap) => gap.from <= moment && moment < gap.to)).toBe(!presence.covers(moment));
      }
    });
    fc.assert(property);
  });

  it('of two is when both were there', () => {
    const property = fc.property(stays, stays, (some, others) => {
      const [one, other] = [new Presence(some), new Presence(others)];
      const both = one.and(other);
      for (const moment of moments) {
        expect([moment, both.covers(moment)]).toEqual([moment, one.covers(moment) && other.covers(moment)]);
      }
    });
    fc.assert(property);
  });
});
