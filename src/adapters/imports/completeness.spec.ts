import { describe, expect, it } from '@jest/globals';
import { type Stats } from 'node:fs';
import { Completeness, PATIENCE_MS, STILL_MS } from './completeness.js';

const T = 1_800_000_000_000;
const stats = (mtimeMs: number, size = 100, ctimeMs = mtimeMs) =>
  ({ ino: 1, size, mtimeMs, ctimeMs }) as Stats;
const at = (ms: number) => ({ wall: T + ms, monotonic: 5000 + ms });

describe('Completeness', () => {
  const whole = () => new Completeness(() => Promise.resolve(undefined));
  const early = () => new Completeness(() => Promise.resolve('it ends early'));

  it('waits while a file grows, and a while longer', async () => {
    const files = whole();
    for (let ms = 0; ms < 20_000; ms += 500)
      expect(await files.isComplete('a', stats(T + ms, 100 + ms), at(ms))).toBe(false);
    expect(await files.isComplete('a', stats(T + 19_500, 19_600), at(19_500 + STILL_MS - 1))).toBe(false);
    expect(await files.isComplete('a', stats(T + 19_500, 19_600), at(19_500 + STILL_MS))).toBe(true);
  });

  it('takes what was renamed into place at once: its last change is none of its content', async () => {
    expect(await whole().isComplete('a', stats(T - 1, 100, T), at(0))).toBe(false);
    expect(await whole().isComplete('a', stats(T - 100, 100, T), at(0))).toBe(true);
    expect(await whole().isComplete('a', stats(T - 60_000), at(0))).toBe(true);
  });

  it('is patient with what ends early', async () => {
    const files = early();
    expect(await files.isComplete('a', stats(T - 100, 100, T), at(0))).toBe(false);
    expect(await files.isComplete('a', stats(T), at(STILL_MS))).toBe(false);
    expect(await files.isComplete('a', stats(T), at(PATIENCE_MS - 1))).toBe(false);
    expect(await files.isComplete('a', stats(T), at(PATIENCE_MS))).toBe(true);
    // it grew on
    expect(await files.isComplete('a', stats(T + PATIENCE_MS, 200), at(PATIENCE_MS + STILL_MS))).toBe(false);
  });

  it('looks once into a file that does not change', async () => {
    let looks = 0;
    const files = new Completeness(() => {
      looks += 1;
      return Promise.resolve('it ends early');
    });
    for (let ms = STILL_MS; ms < PATIENCE_MS; ms += 500) await files.isComplete('a', stats(T), at(ms));
    expect(looks).toBe(1);
    await files.isComplete('a', stats(T + 1), at(PATIENCE_MS));
    expect(looks).toBe(2);
  });

  it('goes by what it has seen where the clock of the disk is ahead', async () => {
    const files = whole();
    const ahead = stats(T + 3_600_000);
    expect(await files.isComplete('a', ahead, at(0))).toBe(false);
    expect(await files.isComplete('a', ahead, at(STILL_MS - 1))).toBe(false);
    expect(await files.isComplete('a', ahead, at(STILL_MS))).toBe(true);
  });

  it('waits for an empty file that may get its content', async () => {
    expect(await whole().isComplete('a', stats(T, 0), at(STILL_MS))).toBe(false);
    expect(await whole().isComplete('a', stats(T, 0), at(PATIENCE_MS))).toBe(true);
  });
});
