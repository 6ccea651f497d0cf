import { describe, expect, it } from '@jest/globals';
import { creditsHeader } from './classic.protocol.js';

const MOST = 1_000_000_000;

/** The classic contract: `total_credits` and `in_use_credits` are integers; fielded probes are let in whatever they say. */
describe('the credits that a header says', () => {
  it.each([
    ['0', 0],
    ['7', 7],
    ['+7', 7],
    ['007', 7],
    ['10.0', 10],
    [' 42 ', 42],
    ['5, 5', 5],
    ['5,5,5', 5],
    ['1000000000', MOST],
  ])('%j is a number without a word', (text, credits) => {
    expect(creditsHeader(text)).toEqual({ credits });
  });

  it.each([
    ['1000000001', MOST],
    ['9999999999', MOST],
    ['9'.repeat(400), MOST],
    ['-1', 0],
    ['-9999999999', 0],
    ['1.5', 1],
    ['-0.5', 0],
  ])('%j is the nearest that there is, and said to be', (text, credits) => {
    const read = creditsHeader(text);
    expect(read.credits).toBe(credits);
    expect(read.complaint).toContain(`must be a whole number from 0 to 1000000000`);
    expect(read.complaint).toContain(`counts as ${credits}`);
    expect(read.complaint!.length).toBeLessThan(150);
  });

  it.each(['1e3', '0x10', 'many', '$gt', '5, 6', '1 000', '.', '-', '١٢'])(
    '%j is no number, and said to be none',
    (text) => {
      expect(creditsHeader(text)).toEqual({
        credits: 0,
        complaint: `is no number (${text}), and counts as 0`,
      });
    },
  );

  it.each([undefined, '', '  ', []])('%j is missing, and said to be', (value) => {
    expect(creditsHeader(value)).toEqual({ credits: 0, complaint: 'is missing, and counts as 0' });
  });
});
