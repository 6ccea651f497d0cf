import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { decode } from '@pladmed/warts';
import { summariesOfOther } from './other-records.js';
import { recordToPlain } from './plain-record.js';

const FILE = join(import.meta.dirname, '../../../warts/test/fixtures/2026/other.warts');

describe('a record that scamper prints nothing of', () => {
  const { records } = decode(readFileSync(FILE));
  const http = records.find(({ type }) => type === 'http');

  it('is plain JSON by the names of the decoder; what is about the file is none', () => {
    const plain = (http && recordToPlain(http)) ?? {};
    expect(plain).toMatchObject({ type: 'http', dst: '10.62.0.1', host: 'site.example.test' });
    expect(plain).not.toHaveProperty('list');
    const [first] = plain['buffers'] as { data: string }[];
    expect(Buffer.from(first?.data ?? '', 'hex').toString()).toMatch(/^GET \//);
    expect(records[0] && recordToPlain(records[0])).toBeUndefined();
  });

  it('has a summary of its own type', () => {
    expect(http && summariesOfOther(http)).toEqual([
      expect.objectContaining({
        ...{ type: 'scamper-http', src: '10.61.0.2', dst: '10.62.0.1', status: 200, error: null },
        url: 'http://site.example.test/index',
      }),
    ]);
    expect(records[0] && summariesOfOther(records[0])).toEqual([]);
  });
});
