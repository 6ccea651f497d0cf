import { describe, expect, it } from '@jest/globals';
import { split, textOf } from './split.js';

/** What JSON.parse makes of a document, from its parts; undefined where one of them is no JSON. */
function joined(text: string, list: string): unknown {
  const json = Buffer.from(text);
  const { rest, entries } = split(json, list);
  try {
    const document = JSON.parse(rest) as Record<string, unknown>;
    if (!Array.isArray(document[list])) return document;
    return {
      ...document,
      [list]: entries.map(([from, to]) => JSON.parse(textOf(json, from, to)) as unknown),
    };
  } catch {
    return undefined;
  }
}

/** Park and Miller's generator: the same texts in each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

const STRINGS = ['', 'list', 'a"b', '\\', '],[', '}{', ':', 'é😀', 'li\\st', '\u0000', '"list":['];

function anyValue(below: (n: number) => number, depth: number): unknown {
  const kind = below(depth > 3 ? 3 : 5);
  if (kind === 0) return below(1000) / 8;
  if (kind === 1) return STRINGS[below(STRINGS.length)];
  if (kind === 2) return [null, true, false][below(3)];
  const values = Array.from({ length: below(4) }, () => anyValue(below, depth + 1));
  return kind === 3
    ? values
    : Object.fromEntries(values.map((each, n) => [STRINGS[(n * 3) % 11] ?? '', each]));
}

describe('splitting a document', () => {
  it.each([
    '{"list":[]}',
    ' { "list" : [ ] , "a" : 1 } ',
    '{"a":{"list":[1]},"list":[{"list":[2]},[3,4],"],",5]}',
    '{"list":[1],"b":[2],"list":[3,4]}',
    '{"list":[1,2],"list":7}',
    '{"list":7,"list":[1,[2]]}',
    String.raw`{"li\u0073t":[1,{"a":"\""}],"x":"list"}`,
    '{"x":"list","y":[1,2]}',
    '[{"list":[1]}]',
    '\uFEFF{"list":["\uFEFF"]}',
  ])('%s is what JSON.parse makes of it', (text) => {
    expect(joined(text, 'list')).toEqual(JSON.parse(text.replace(/^\uFEFF/, '')));
  });

  it.each([
    '',
    '{',
    '{"list":[',
    '{"list":[1',
    '{"list":[1,',
    '{"list":[1,2',
    '{"list":[1}',
    '{"list":[1]',
    '{"list":[,]}',
    '{"list":[1,]}',
    '{"list":["]}',
  ])('%s is no JSON', (text) => {
    expect(joined(text, 'list')).toBeUndefined();
  });

  it('is right for 1,000 generated documents, also cut and with a byte changed', () => {
    const below = numbers(20_261_129);
    for (let n = 0; n < 1000; n++) {
      const document = { a: anyValue(below, 0), list: anyValue(below, 0), b: anyValue(below, 0) };
      const whole = JSON.stringify(document, null, below(2));
      const at = below(whole.length);
      const changed = [
        whole,
        whole.slice(0, at),
        whole.slice(0, at) + ('[]{},:"\\ 0'[below(10)] ?? '') + whole.slice(at + 1),
      ];
      // half a character is another one in UTF-8
      for (const text of changed.map((each) => Buffer.from(each).toString())) {
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          expected = undefined;
        }
        const isDocument = typeof expected === 'object' && expected !== null && !Array.isArray(expected);
        if (expected === undefined || isDocument)
          expect([text, joined(text, 'list')]).toEqual([text, expected]);
      }
    }
  });
});
