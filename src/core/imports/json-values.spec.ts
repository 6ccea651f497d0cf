import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FileError } from './file-error.js';
import { jsonValues } from './json-values.js';

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array, void> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function read(text: string, size = 64): Promise<{ values: unknown[]; error?: unknown }> {
  const values: unknown[] = [];
  try {
    for await (const value of jsonValues(pieces(text, size))) values.push(value);
    return { values };
  } catch (error) {
    return { values, error };
  }
}

/** A document loses them, a line has them: no result of ours has any. */
const withoutProto = (key: string, value: unknown) => (key === '__proto__' ? undefined : value);

/** Objects, as results are; their texts have what is written in several bytes, and what JSON escapes. */
const values = fc.array(
  fc
    .dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3 }))
    .map((each) => JSON.parse(JSON.stringify(each), withoutProto) as object),
  { minLength: 1, maxLength: 8 },
);

describe('jsonValues()', () => {
  it('reads lines, a list and a page alike, in whatever pieces they come', async () => {
    await fc.assert(
      fc.asyncProperty(values, fc.integer({ min: 1, max: 200 }), async (items, size) => {
        const lines = items.map((each) => JSON.stringify(each));
        const page = JSON.stringify({ items, next: null });
        for (const text of [
          lines.join('\n'),
          `${lines.join('\n\n')}\n`,
          JSON.stringify(items),
          JSON.stringify(items, null, 2),
          page,
        ])
          expect(await read(text, size)).toEqual({ values: items });
      }),
      { numRuns: 25 },
    );
  });

  it('gives no object another prototype', async () => {
    const { values: found } = await read('[{"a":{"__proto__":{"outcome":"stored"}},"__proto__":{"b":1}}]');
    expect(found).toEqual([{ a: {} }]);
    const [first] = found as { a: object }[];
    for (const each of [first, first?.a]) expect(Object.getPrototypeOf(each)).toBe(Object.prototype);
  });

  it('gives what stands before the end of a file that is cut off anywhere, and never takes it for a whole one', async () => {
    await fc.assert(
      fc.asyncProperty(values, fc.double({ min: 0.01, max: 0.99, noNaN: true }), async (items, part) => {
        for (const text of [JSON.stringify(items), items.map((each) => JSON.stringify(each)).join('\n')]) {
          const cut = text.slice(0, Math.max(1, Math.floor(text.length * part)));
          const { values: found, error } = await read(cut, 16);
          expect(items.slice(0, found.length)).toEqual(found);
          // lines may end where a line ends
          const isWhole =
            !text.startsWith('[') && found.length === cut.split('\n').filter((line) => line !== '').length;
          expect(error === undefined).toBe(isWhole);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('goes on behind a line that is no JSON', async () => {
    const { values: found, error } = await read('{"a":1}\n{oops\n{"a":2}\n');
    expect(error).toBeUndefined();
    expect([found[0], found[2]]).toEqual([{ a: 1 }, { a: 2 }]);
    expect(found[1]).toBeInstanceOf(SyntaxError);
  });

  it('bounds one value, by its length and by its parts', async () => {
    const long = `{"raw":"${'A'.repeat(25 * 1024 * 1024)}"}`;
    const many = `{"a":[${'{},'.repeat(600_000)}{}]}`;
    for (const text of [long, many, `[${many}]`]) {
      const { values: found, error } = await read(text, 65_536);
      expect(found).toEqual([]);
      expect(error).toBeInstanceOf(FileError);
      expect(String(error)).toMatch(/a result of more than/);
    }
  });

  it('refuses bytes that are no text', async () => {
    const bytes = (async function* () {
      yield await Promise.resolve(Buffer.from('{"a":"\xff\xfe"}\n', 'latin1'));
    })();
    const all = async () => {
      for await (const _value of jsonValues(bytes));
    };
    await expect(all()).rejects.toThrow('not valid UTF-8');
  });
});
