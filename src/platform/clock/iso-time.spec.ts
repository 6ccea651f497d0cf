import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isoTime } from './iso-time.js';

test('writes any time as toISOString does', () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true }), (time) => {
      expect(isoTime(time)).toBe(time.toISOString());
    }),
  );
  expect(() => isoTime(new Date(NaN))).toThrow(RangeError);
});
