import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import mongoose from 'mongoose';
import { type PackedSheet, packedSheets } from './packed-sheets.js';

const { BSON, ObjectId, Long } = mongoose.mongo;

const bits = fc.dictionary(fc.nat(31).map(String), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }));
const sheet = fc.record({
  operation: fc.constant(new ObjectId()),
  probe: fc.constantFrom(new ObjectId(), new ObjectId()),
  sheet: fc.nat(100_000),
  stored: fc.nat(3_000_000),
  came: fc.option(bits, { nil: undefined }),
  failed: fc.option(fc.dictionary(fc.stringMatching(/^[a-zé_]{1,20}$/), bits), { nil: undefined }),
});

function asObject({ came, failed, ...sheet }: PackedSheet) {
  const ofBits = (list: Int32Array): Record<string, number> =>
    Object.fromEntries(
      Array.from({ length: list.length / 2 }, (_, at) => [list[2 * at], list[2 * at + 1]]),
    ) as Record<string, number>;
  return {
    ...sheet,
    came: ofBits(came),
    failed: Object.fromEntries(failed.map(([reason, list]) => [reason, ofBits(list)])),
  };
}

describe('run sheets as MongoDB sends them', () => {
  it('are read as the driver reads them', () => {
    fc.assert(
      fc.property(fc.array(sheet, { maxLength: 5 }), (sheets) => {
        const sent = sheets.map((each) =>
          Buffer.from(BSON.serialize({ ...each }, { ignoreUndefined: true })),
        );
        expect(packedSheets(sent).map(asObject)).toEqual(
          sheets.map(({ probe, sheet: number, stored, came = {}, failed = {} }) => ({
            ...{ probe: probe.toHexString(), sheet: number, stored },
            ...{ came: { ...came }, failed: { ...failed } },
          })),
        );
      }),
    );
  });

  it('whatever type their numbers have', () => {
    const probe = new ObjectId();
    const document = {
      probe,
      sheet: Long.fromNumber(3),
      stored: 2.5,
      came: { 4: Long.fromNumber(-1), 5: 7.5 },
    };
    const [read] = packedSheets([Buffer.from(BSON.serialize(document))]);
    expect(read && asObject(read)).toEqual({
      ...{ probe: probe.toHexString(), sheet: 3, stored: 2.5 },
      ...{ came: { 4: -1, 5: 7 }, failed: {} },
    });
  });

  it('are refused where they are none', () => {
    for (const document of [{ came: { 0: 'x' } }, { stored: 1, note: 'x' }])
      expect(() => packedSheets([Buffer.from(BSON.serialize(document))])).toThrow(
        'of a run sheet is of type 2',
      );
    const whole = Buffer.from(BSON.serialize({ sheet: 1, stored: 2 }));
    expect(() => packedSheets([whole.subarray(0, whole.length - 6)])).toThrow();
  });
});
