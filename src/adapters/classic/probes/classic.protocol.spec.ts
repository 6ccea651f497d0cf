import { describe, expect, it } from '@jest/globals';
import { creditsHeader, resultsMessage } from './classic.protocol.js';

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

describe('a message with a result', () => {
  const message = (unique_code: string) => ({
    ...{ operation_id: '0'.repeat(24), content: Buffer.from('x'), format: 'gzip', unique_code },
  });

  it.each(['a', 'ü-7', '\u{1f600}', 'a\0b'])('may have the code %j', (code) => {
    expect(resultsMessage.parse(message(code)).unique_code).toBe(code);
  });

  // MongoDB keeps U+FFFD in its place: two such codes are one run there, and neither is found
  it.each(['\ud800', 'a\udc00b', ''])('may not have the code %j', (code) => {
    expect(resultsMessage.safeParse(message(code)).error?.issues[0]?.path).toEqual(['unique_code']);
  });
});
