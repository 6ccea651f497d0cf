import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keyOf, MAX_NAME, siteName } from './site-name.js';

describe('names of sites', () => {
  it.each(['a', 'FIUBA 1', 'Zürich (ETH)', '東京-2', 'Ελλάδα', "Sant'Anna & Co.", '7', 'x'.repeat(MAX_NAME)])(
    'takes %s',
    (name) => {
      expect(siteName(name)).toBe(name.normalize('NFC'));
    },
  );

  it.each([
    '',
    ' a',
    'a ',
    '.',
    '..',
    '../x',
    'a/b',
    'a\\b',
    '$gt',
    'a\0b',
    'a\nb',
    '<b>',
    'a\u202eb',
    'a\u200bb',
    "a'; drop",
    '\ud800',
    'x'.repeat(MAX_NAME + 1),
    '\ufb01'.repeat(10 ** 6),
  ])('refuses %j', (name) => {
    expect(siteName(name)).toBeUndefined();
  });

  it('takes names for the same that people would', () => {
    for (const [one, other] of [
      ['FIUBA 1', 'fiuba 1'],
      ['e\u0301cole', '\u00c9COLE'],
      ['\uff21', 'a'],
    ] as const)
      expect(keyOf(siteName(one) ?? '')).toBe(keyOf(siteName(other) ?? ''));
    expect(keyOf('FIUBA 1')).not.toBe(keyOf('FIUBA 2'));
  });

  it('keeps names and keys that do not change when they are read again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
        const name = siteName(text);
        if (name === undefined) return;
        expect(siteName(name)).toBe(name);
        expect(decodeURIComponent(encodeURIComponent(name))).toBe(name);
        expect(keyOf(keyOf(name))).toBe(keyOf(name));
      }),
    );
  });
});
