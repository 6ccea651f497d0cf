import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirInUseError, lockDataDir } from '../../src/platform/embedded-mongod/data-dir-lock.js';
import { ServerProcesses } from './embedded-child-process.js';

let servers: ServerProcesses;
let dataDir: string;

beforeAll(async () => {
  servers = await ServerProcesses.compile();
});
afterAll(() => servers.dispose());
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'pladmed-lock-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

describe('lockDataDir', () => {
  it('refuses a second taker in a sentence with the folder, the process and what to do', async () => {
    const lock = await lockDataDir(dataDir);
    const refusal = lockDataDir(dataDir);
    await expect(refusal).rejects.toBeInstanceOf(DataDirInUseError);
    await expect(refusal).rejects.toThrow(
      new RegExp(
        `${dataDir} is in use by another Pladmed server \\(process ${process.pid}, since \\d{4}-.*Z\\).*DATA_DIR`,
      ),
    );
    await lock.release();
  });

  it('can be taken again once released, any number of times, and keeps few files', async () => {
    for (let round = 0; round < 60; round++) {
      const lock = await lockDataDir(dataDir);
      await lock.release();
      await lock.release();
    }
    expect((await readdir(join(dataDir, 'lock'))).length).toBeLessThanOrEqual(17);
  });

  it('gives it to exactly one of many that ask at once in one process', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => lockDataDir(dataDir)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('passes over a file that a power cut has emptied', async () => {
    await lockDataDir(dataDir).then((lock) => lock.release());
    await writeFile(join(dataDir, 'lock', 'holder-2.json'), '');
    await expect(lockDataDir(dataDir)).resolves.toBeDefined();
  });

  it('frees at once what a killed process held, although its number is in use again', async () => {
    await lockDataDir(dataDir).then((lock) => lock.release());
    const impostor = { pid: process.pid, started: 'another boot:1', since: '2020-01-01T00:00:00.000Z' };
    await writeFile(join(dataDir, 'lock', 'holder-2.json'), JSON.stringify(impostor));
    await expect(lockDataDir(dataDir)).resolves.toBeDefined();
  });

  it.each([2, 10])(
    'lets exactly one of %d processes win, before and after the winner is killed',
    async (count) => {
      for (let round = 0; round < 2; round++) {
        const contenders = await Promise.all(
          Array.from({ length: count }, () => servers.run('lock', dataDir)),
        );
        const winners = contenders.filter(({ answer }) => answer.won);
        expect(winners).toHaveLength(1);
        for (const { answer } of contenders.filter((contender) => !contender.answer.won)) {
          expect(answer.message).toContain(`process ${winners[0]!.pid}`);
        }
        await winners[0]!.end('SIGKILL');
      }
    },
  );
});
