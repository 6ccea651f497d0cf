import { describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { gunzip } from './gunzip.js';

describe('gunzip, many at once', () => {
  it('unpacks two large ones at a time, and each in the end', async () => {
    const bomb = gzipSync(Buffer.alloc(16 * 1024 * 1024));
    const damaged = bomb.subarray(0, bomb.length / 2);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const each = Array.from({ length: 12 }, async (_, index) => {
      const { bytes, error } = await gunzip(index === 3 ? damaged : bomb);
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      return { size: bytes.length, failed: error !== undefined };
    });
    const done = await Promise.all(each);
    expect(done.filter(({ failed }) => failed)).toHaveLength(1);
    expect(done.filter(({ size }) => size === 16 * 1024 * 1024)).toHaveLength(11);
    expect(most).toBeLessThan(12 * 16 * 1024 * 1024);
  });
});
