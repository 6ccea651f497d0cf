import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMongod, type FindMongodOptions } from '../../src/platform/embedded-mongod/find-mongod.js';
import { cachedName } from '../../src/platform/embedded-mongod/mongod-cache.js';

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
    log: { warn: () => undefined },
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

  it('then takes the PATH, the cache, and the cache in DATA_DIR, in this order', async () => {
    const own = await program(join(options.dataDir, 'cache', cachedName('test')), '6.0.4');
    const path = await installed('7.0.1');
    const copy = await cached('7.0.2');
    const found = async () => {
      const { source, path: where } = await findMongod(options);
      return { source, path: where };
    };
    expect(await found()).toEqual({ source: 'PATH', path });
    await rm(path);
    expect(await found()).toEqual({ source: 'cache', path: copy });
    await rm(copy);
    expect(await found()).toEqual({ source: 'cache', path: own });
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

  it('says which command fetches one when there is none, and why what is there does not do', async () => {
    await expect(findMongod(options)).rejects.toThrow(
      /`npm run mongod` fetches one[^]*MONGOD_BINARY[^]*MONGODB_URI/,
    );
    await installed(
      '',
      'echo "mongod: error while loading shared libraries: libcurl.so.4: cannot open" >&2; exit 127',
    );
    await cached('4.4.29');
    const search = findMongod(options);
    await expect(search).rejects.toThrow(
      'libcurl.so.4 is missing; on Debian and Ubuntu: apt-get install libcurl4',
    );
    await expect(search).rejects.toThrow('it is version 4.4.29, and 6.0 or later is needed');
  });
});
