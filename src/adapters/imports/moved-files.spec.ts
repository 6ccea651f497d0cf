import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFile, lstat, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MovedFiles } from './moved-files.js';

describe('MovedFiles', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pladmed-moved-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function moved(files: MovedFiles, now = 0) {
    const [from, to, reasonPath] = ['a', 'moved', 'moved.reason.txt'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await writeFile(to, 'first');
    await writeFile(reasonPath, 'why');
    files.add({ from, to, stats: await lstat(to), reasonPath }, now);
    return { from, to };
  }

  it('puts back what is still written to, without its reason', async () => {
    const files = new MovedFiles();
    const { from, to } = await moved(files);
    await files.look(10_000);
    expect((await readdir(folder)).sort()).toEqual(['moved', 'moved.reason.txt']);
    await appendFile(to, ', second');
    await files.look(11_000);
    await files.look(20_000);
    expect(await readdir(folder)).toEqual(['a']);
    expect(await readFile(from, 'utf8')).toBe('first, second');
  });

  it('takes no other file’s name', async () => {
    const files = new MovedFiles();
    const { from, to } = await moved(files);
    await writeFile(from, 'another');
    await appendFile(to, ', second');
    await files.look(10_000);
    expect(await readFile(from, 'utf8')).toBe('another');
    expect(await readFile(to, 'utf8')).toBe('first, second');
  });

  it('looks for a minute', async () => {
    const files = new MovedFiles();
    const { to } = await moved(files);
    await files.look(61_000);
    await appendFile(to, ', second');
    await files.look(70_000);
    expect((await readdir(folder)).sort()).toEqual(['moved', 'moved.reason.txt']);
  });
});
