import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DamagedResult, type StoredResult } from './result.file.js';
import { ResultStore, StoreFull } from './result.store.js';

const result = (at: number, bytes = 10): StoredResult => ({
  operation_id: 'a'.repeat(24),
  at,
  started_at: new Date(at).toISOString(),
  duration_ms: 1.5,
  clock: { offset_ms: 1, error_ms: 2, source: 'ntp', age_s: 3 },
  format: 'dns',
  content: Buffer.alloc(bytes, 7),
});

describe('the result store', () => {
  let folder: string;
  let store: ResultStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'store-'));
    store = await ResultStore.open(folder, 100_000);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const first = (): { id: string; at: number; bytes: number } => [...store.oldest()][0]!;

  test('gives back what it took, also after a restart', async () => {
    await store.put(result(1));
    store = await ResultStore.open(folder, 100_000);
    expect(store.has('a'.repeat(24), 1)).toBe(true);
    expect(await store.read(first())).toEqual(result(1));
  });

  test('forgets what was delivered', async () => {
    await store.put(result(1));
    store.offer(result(1));
    expect([store.count, store.bytes]).toEqual([1, 4096]);
    await store.remove(first());
    expect([store.count, store.bytes]).toEqual([0, 0]);
    expect(await readdir(join(folder, 'results'))).toEqual([]);
  });

  test('notices a flipped bit, and sets the file aside', async () => {
    await store.put(result(1));
    store.offer(result(1));
    const [name] = await readdir(join(folder, 'results'));
    const path = join(folder, 'results', name!);
    const bytes = await readFile(path);
    bytes.writeUInt8(8, bytes.length - 1);
    await writeFile(path, bytes);
    await expect(store.read(first())).rejects.toBeInstanceOf(DamagedResult);
    await store.setAside(first());
    expect(await readdir(join(folder, 'aside'))).toEqual([name]);
  });

  test('an empty file, and one that is no result', async () => {
    await writeFile(join(folder, 'results', `${'a'.repeat(24)}-5.result`), '');
    await writeFile(join(folder, 'results', 'notes.txt'), 'x');
    store = await ResultStore.open(folder, 100_000);
    expect(store.count).toBe(1);
    await expect(store.read(first())).rejects.toBeInstanceOf(DamagedResult);
    expect(await readdir(join(folder, 'aside'))).toEqual(['notes.txt']);
  });

  test('takes no more than its limit, and says so', async () => {
    await store.put(result(1, 93_000));
    store.offer(result(1, 93_000));
    await expect(store.put(result(2, 9_000))).rejects.toBeInstanceOf(StoreFull);
    expect(await store.fullness()).toBeNull();
    store = await ResultStore.open(folder, 90_000);
    expect(await store.fullness()).toContain('limit');
    expect(store.count).toBe(1);
  });

  test('keeps the newest of what was set aside, not all of it', async () => {
    for (let at = 1; at <= 105; at++) {
      await store.put(result(at));
      await store.setAside({ id: 'a'.repeat(24), at, bytes: 10 });
    }
    const aside = await readdir(join(folder, 'aside'));
    expect(aside).toHaveLength(100);
    expect(aside).toContain(`${'a'.repeat(24)}-105.result`);
    expect(aside).not.toContain(`${'a'.repeat(24)}-1.result`);
  });
});
