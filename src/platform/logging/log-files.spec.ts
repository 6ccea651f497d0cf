import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import sonicBoom from 'sonic-boom';
import { AT_ONCE, deleteOlder, openLogFiles, surviveErrors } from './log-files.js';

describe('files of the log', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pladmed-log-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const open = (logFileBytes = 1_000_000) =>
    openLogFiles({ logFile: join(folder, 'log', 'pladmed.log'), logFileBytes, logFileDays: 14 });
  /** The lines of all files of a kind, in order. */
  async function linesOf(what: string): Promise<Record<string, unknown>[]> {
    const names = await readdir(join(folder, 'log'));
    const pattern = new RegExp(`^${what}\\.\\d{4}-\\d\\d-\\d\\d\\.(\\d+)\\.log$`);
    const numbered = names.flatMap((name) => {
      const number = pattern.exec(name)?.[1];
      return number === undefined ? [] : [{ name, number: Number(number) }];
    });
    const texts = await Promise.all(
      numbered
        .sort((a, b) => a.number - b.number)
        .map(({ name }) => readFile(join(folder, 'log', name), 'utf8')),
    );
    return texts
      .join('')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('keep requests, audit and application apart, and have a line when it was written', async () => {
    const root = pino({ base: null }, await open());
    root.child({ component: 'http' }).info('GET / 200');
    root.info({ component: 'audit', actor: 'x' }, 'suspend');
    root.info({ component: 'boot', told: '"component":"http"' }, 'a text with "component":"audit" in it');
    const told = await Promise.all(['pladmed', 'pladmed-requests', 'pladmed-audit'].map(linesOf));
    expect(told.map((lines) => lines.map(({ component }) => component))).toEqual([
      ['boot'],
      ['http'],
      ['audit'],
    ]);
  });

  it('begin a new one when one is full, and lose no line', async () => {
    const root = pino({ base: null }, await open(4_000));
    const filesNow = async () =>
      (await readdir(join(folder, 'log'))).filter((name) => name.startsWith('pladmed.')).length;
    let written = 0;
    // it rotates between two turns of the loop, when the disk has what was written
    while ((await filesNow()) < 3) {
      for (let n = 0; n < 10; n += 1) root.info({ n: written++ }, 'x'.repeat(50));
      await new Promise(setImmediate);
    }
    expect((await linesOf('pladmed')).map(({ n }) => n)).toEqual(
      Array.from({ length: written }, (_each, n) => n),
    );
    // the next process goes on where this one was
    pino({ base: null }, await open(4_000)).info({ n: written }, 'later');
    expect((await linesOf('pladmed')).at(-1)).toMatchObject({ n: written });
  });

  it('are deleted when they are as old as they are kept, and no other file is', async () => {
    const names = [
      'pladmed.2026-11-10.1.log',
      'pladmed.2026-11-10.12.log',
      'pladmed.2026-11-11.1.log',
      'pladmed.2026-11-12.1.log',
      'pladmed-audit.2026-11-10.1.log',
      'pladmed.old.log',
      'other.2026-11-10.1.log',
    ];
    for (const name of names) await writeFile(join(folder, name), '');
    await deleteOlder(join(folder, 'pladmed.log'), 2, new Date(2026, 10, 12, 12));
    expect((await readdir(folder)).sort()).toEqual(names.slice(2).sort());
  });

  // /dev/full (full(4)) answers every write with ENOSPC
  it('do not end the process when the disk is full, and go on when there is room', async () => {
    const file = join(folder, 'full.log');
    await symlink('/dev/full', file);
    const stream = new sonicBoom.SonicBoom({ dest: file, ...AT_ONCE, maxLength: 1_000 });
    const told: string[] = [];
    stream.on('error', (error: Error) => told.push(error.message));
    surviveErrors(stream, 'the test');
    const root = pino({ base: null }, { write: (line) => stream.write(line) });
    for (let n = 0; n < 100; n += 1) root.info({ n }, 'no room');
    root.fatal('not even for this');
    expect(told[0]).toContain('ENOSPC');
    const full = (stream as unknown as { fd: number }).fd;
    const room = join(folder, 'room.log');
    // somebody makes room: the same file takes what it did not
    Object.assign(stream, { fd: openSync(room, 'a') });
    closeSync(full);
    jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 1_001);
    root.info('left out, and the last');
    root.info({ n: 100 }, 'room');
    const lines = (await readFile(room, 'utf8')).trim().split('\n');
    const numbers = lines.map((line) => (JSON.parse(line) as { n: number }).n);
    expect([numbers[0], numbers.at(-1)]).toEqual([0, 100]);
    expect(numbers.length).toBeLessThan(100);
    stream.end();
  });
});
