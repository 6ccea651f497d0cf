import { describe, expect, it } from '@jest/globals';
import { MAX_DESTINATIONS, readDestinations } from './destinations.js';

const one = { destination: 'a.example', address: '192.0.2.1', resolve_ms: 1.5, error: null };

describe('the destinations of a result', () => {
  it('are read in their order, duplicates too', () => {
    const none = { destination: 'b.example', address: null, resolve_ms: 3, error: 'no_family', note: 'x' };
    expect(readDestinations([one, none, one])).toEqual({ destinations: [one, none, one] });
    expect(readDestinations([{ ...one, later: 1 }])).toEqual({ destinations: [one] });
  });

  it('need not be there', () => {
    expect(readDestinations(undefined)).toEqual({});
    expect(readDestinations(null)).toEqual({});
  });

  it.each([
    [7, /^destinations: /],
    [[{ ...one, address: 7 }], /^destinations\.0\.address: /],
    [[one, { ...one, error: 'x'.repeat(257) }], /^destinations\.1\.error: /],
    [Array(MAX_DESTINATIONS + 1).fill(one), /^destinations: /],
    [[{ ...one, resolve_ms: -1 }], /^destinations\.0\.resolve_ms: /],
  ])('are told to be unreadable: %#', (member, sentence) => {
    expect(readDestinations(member)).toEqual({ problem: expect.stringMatching(sentence) });
  });
});
