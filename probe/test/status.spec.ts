import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { until } from '../../test/support/until.js';
import { identityOf } from '../src/config/identity.js';
import { FolderInUse, isFolderLocked, lockFolder } from '../src/store/lock.js';
import { FakeServer } from './support/fake.server.js';
import { everySeconds, operation } from './support/operations.js';

// Each asks the command line many times: a machine that is busy takes seconds for each.
jest.setTimeout(120_000);

const root = join(import.meta.dirname, '..', '..');
const CLI = join(root, 'probe/dist/cli.js');
const TOKEN = 'a.b.c';

interface Answer {
  code: number | null;
  text: string;
}

describe('status', () => {
  let server: FakeServer;
  let folder: string;
  let child: ChildProcess;

  beforeAll(() => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, '-b', join(root, 'probe')]);
  });
  beforeEach(async () => {
    server = await FakeServer.start();
    folder = await realpath(await mkdtemp(join(tmpdir(), 'probe-status-')));
    child = spawn(process.execPath, [CLI], { env: environment(), stdio: 'ignore' });
    await until('the probe is connected', () => server.connected);
  });
  afterEach(async () => {
    await end('SIGKILL');
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  function environment(): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      PLADMED_SERVER: server.url,
      PLADMED_TOKEN: TOKEN,
      PLADMED_DATA_DIR: folder,
      PLADMED_ALLOW: '127.0.0.0/8',
      PLADMED_SCAMPER: '/nonexistent/scamper',
    };
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  function ask(...args: string[]): Promise<Answer> {
    return new Promise((resolve) => {
      execFile(process.execPath, [CLI, ...args], { env: environment() }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr });
      });
    });
  }

  async function asJson(): Promise<Record<string, unknown> & { code: number | null }> {
    const { code, text } = await ask('status', '--json');
    return { ...(JSON.parse(text) as Record<string, unknown>), code };
  }

  test('shows the connection, the clock, what waits, what comes next and what went wrong last', async () => {
    server.answer = (item) => ({ status: 'content' in item ? 'busy' : 'stored' });
    const later = operation({ schedule: everySeconds(3600, 2, Date.now() + 3_600_000) });
    await server.assign(later, operation());
    await until('the run has failed', () => server.failures.size === 1);
    const shown = await until('it is written', async () => {
      const read = await asJson();
      // what was written before it came is still there for a moment
      const isWhole = (read['next_runs'] as unknown[]).length > 0 && read['running'] === 0;
      return isWhole && (read['problems'] as unknown[]).length > 0 && read;
    });
    expect(shown).toMatchObject({
      code: 0,
      running_now: true,
      connected: true,
      pid: child.pid,
      operations: 2,
      running: 0,
      waiting: 0,
      backlog: { results: 0, bytes: 0 },
      held_by: null,
      next_runs: [{ operation_id: later.operation_id, at: expect.stringMatching(/Z$/) }],
    });
    expect(Object.keys(shown['clock'] as object)).toEqual([
      'offset_ms',
      'error_ms',
      'source',
      'age_s',
      'stratum',
    ]);
    const messages = (shown['problems'] as { message: string }[]).map(({ message }) => message);
    expect(messages).toContain('run failed: /nonexistent/scamper is not installed on the probe');
    const { code, text } = await ask('status');
    expect(code).toBe(0);
    for (const line of [
      `running (pid ${String(child.pid)})`,
      ': connected',
      'clock ',
      'reaches     ',
      'backlog     0 results',
      `next        ${String((shown['next_runs'] as { at: string }[])[0]?.at)} ${later.operation_id}`,
      'run failed: /nonexistent/scamper is not installed on the probe',
    ])
      expect(text).toContain(line);
  });

  test('says at once that the probe has ended, also when its number is another process by now', async () => {
    await server.assign(operation({ schedule: everySeconds(1, 100, Date.now() + 1000) }));
    await until('it has written', async () => (await asJson())['operations'] === 1);
    await end('SIGKILL');
    const path = join(folder, identityOf(TOKEN), 'status.json');
    const left = JSON.parse(await readFile(path, 'utf8')) as { pid: number; connected: boolean };
    expect(left.connected).toBe(true);
    await writeFile(path, JSON.stringify({ ...left, pid: process.pid }));

    expect(await asJson()).toMatchObject({
      code: 1,
      running_now: false,
      connected: false,
      running: 0,
      next_runs: [],
      operations: 1,
    });
    const { code, text } = await ask('status');
    expect(code).toBe(1);
    expect(text).toMatch(/^not running; last seen \S+Z\. What follows is of then\n/);
    expect(text).not.toContain(': connected');
  });

  test('says that it is silent when it runs and its file is old', async () => {
    await until('it has written', async () => (await asJson())['written_at'] !== undefined);
    child.kill('SIGSTOP');
    const path = join(folder, identityOf(TOKEN), 'status.json');
    const left = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(
      path,
      JSON.stringify({ ...left, written_at: new Date(Date.now() - 60_000).toISOString() }),
    );
    expect((await ask('status')).text).toMatch(/^running \(pid \d+\), but silent since /);
    expect((await asJson())['status_age_s']).toBeGreaterThanOrEqual(60);
  });

  test('the folder belongs to one process, and is free when that is killed', async () => {
    const held = join(folder, identityOf(TOKEN));
    expect(await isFolderLocked(held)).toBe(true);
    await expect(lockFolder(held)).rejects.toThrow(FolderInUse);
    expect(await ask('run')).toMatchObject({ code: 1, text: expect.stringContaining('Another probe uses') });
    await end('SIGKILL');
    expect(await isFolderLocked(held)).toBe(false);
    const lock = await lockFolder(held);
    expect(await isFolderLocked(held)).toBe(true);
    lock.release();
    expect(await isFolderLocked(held)).toBe(false);
  });
});
