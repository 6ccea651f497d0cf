import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Address } from '../src/index.js';
import { ascii, JsonWriter } from '../src/json/json-writer.js';

const KEY = ascii('"key":');
const written = (write: (out: JsonWriter) => void): string => {
  const out = new JsonWriter();
  write(out);
  return out.toString();
};
const u32 = fc.oneof(fc.nat(2000), fc.nat(2_000_000), fc.integer({ min: 0, max: 0xffffffff }));

describe('JsonWriter', () => {
  it('writes numbers as String does', () => {
    for (const edge of [0, 9, 10, 99, 100, 999, 1000, 999_999, 1_000_000, 1_000_000_000, 0xffffffff]) {
      expect(
        written((out) => {
          out.number(KEY, edge);
        }),
      ).toBe(`"key":${edge}`);
    }
    fc.assert(
      fc.property(u32, (value) => {
        expect(
          written((out) => {
            out.number(KEY, value);
          }),
        ).toBe(`"key":${value}`);
      }),
    );
  });

  it('writes microseconds as milliseconds with three decimals', () => {
    fc.assert(
      fc.property(u32, (us) => {
        expect(
          written((out) => {
            out.milliseconds(KEY, us);
          }),
        ).toBe(`"key":${(us / 1000).toFixed(3)}`);
      }),
    );
  });

  it('writes addresses as they are written elsewhere', () => {
    const word = fc.oneof(fc.constantFrom(0, 1, -1, 0x01020304), fc.integer());
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 3, 4), word, word, word, word, (type, ...words) => {
        const address = new Address(type, ...words);
        expect(
          written((out) => {
            out.address(ascii('"a":"'), address);
          }),
        ).toBe(`"a":"${address.toString()}"`);
      }),
    );
  });

  it('writes any text, and as much of it as there is', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 600 }), fc.string({ maxLength: 600 }));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 400 }), (texts) => {
        const out = new JsonWriter();
        for (const each of texts) out.text(each);
        expect(out.toString()).toBe(Buffer.from(texts.join('')).toString());
        expect(Buffer.from(out.taken()).equals(Buffer.from(texts.join('')))).toBe(true);
        out.clear();
        expect(out.length).toBe(0);
      }),
    );
  });
});
