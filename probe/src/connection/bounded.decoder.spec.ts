import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkStructure, TooIntricate } from './bounded.decoder.js';

describe('a message of the server', () => {
  test('may hold whatever JSON there is, brackets in strings too', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 10 }), fc.string(), (value, text) => {
        expect(() => {
          checkStructure(JSON.stringify([value, text, '[{'.repeat(100)]));
        }).not.toThrow();
      }),
    );
  });

  test('may hold ten thousand operations', () => {
    const operation = { id: 'x', params: { ips: ['192.0.2.1', '192.0.2.2'] }, schedule: { type: 'once' } };
    expect(() => {
      checkStructure(JSON.stringify({ operations: Array(10_000).fill(operation) }));
    }).not.toThrow();
  });

  test.each([
    ['brackets without end', '['.repeat(1_000_000)],
    ['empty objects', `[${'{},'.repeat(300_000)}{}]`],
    ['empty strings', `[${'"",'.repeat(1_100_000)}""]`],
    ['a string without end after them', `${'[{'.repeat(20)}"`],
  ])('may not be %s', (_, text) => {
    expect(() => {
      checkStructure(text);
    }).toThrow(TooIntricate);
  });
});
