import { describe, expect, it } from '@jest/globals';
import { MAX_SUMMARY_BYTES } from '../formats/bounded.js';
import { digestResult } from './result-formats.js';

describe('digestResult', () => {
  const document = (count: number, error: string) => {
    const query = { name: 'example.org', type: 'A', resolver: '192.0.2.53', transport: 'udp', rtt_ms: null };
    const queries = Array.from({ length: count }, () => ({ ...query, response: null, error }));
    return Buffer.from(JSON.stringify({ version: 1, queries }));
  };

  it('ends a summary that a document of the database has no room for, and says so', async () => {
    const { summary, summaryBytes, error } = await digestResult('dns', document(1000, 'x'.repeat(7_000)));
    expect(summaryBytes).toBeLessThanOrEqual(MAX_SUMMARY_BYTES);
    expect(summary.length).toBeGreaterThan(400);
    expect(error).toBe(
      `summary: the last ${1000 - summary.length} of 1000 entries are left out: it has 3145728 bytes at most`,
    );
  });

  it('says what is damaged as well', async () => {
    const raw = Buffer.from(document(1000, 'x'.repeat(7_000)).toString().replace('"udp"', '"quic"'));
    const { error } = await digestResult('dns', raw);
    expect(error).toMatch(
      /^dns: queries\.0\.transport: .*; summary: the last \d+ of 1000 entries are left out/,
    );
  });

  it('leaves others alone', async () => {
    const { summary, error } = await digestResult('dns', document(1000, 'timeout'));
    expect([summary.length, error]).toEqual([1000, undefined]);
  });
});
