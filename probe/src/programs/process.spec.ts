import { readFile, rm } from 'node:fs/promises';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runProcess } from './process.js';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a program that is run', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'process-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('is ended with everything it started', async () => {
    const controller = new AbortController();
    const script = `
      const child = require('node:child_process').spawn('sleep', ['60']);
      require('node:fs').writeFileSync('pid', String(child.pid));
      console.error('started');
      setInterval(() => undefined, 1000);`;
    const args = ['-e', script];
    const running = runProcess({ program: process.execPath, args, cwd: folder, signal: controller.signal });
    const pid = await childPid();
    expect(isAlive(pid)).toBe(true);
    controller.abort();
    expect((await running).signal).toBe('SIGKILL');
    await gone(pid);
  });

  test('leaves nothing running behind it', async () => {
    const script = `
      const child = require('node:child_process').spawn('sleep', ['60'], { stdio: 'ignore' });
      require('node:fs').writeFileSync('pid', String(child.pid));
      child.unref();`;
    const args = ['-e', script];
    const { code } = await runProcess({
      program: process.execPath,
      args,
      cwd: folder,
      signal: AbortSignal.timeout(20_000),
    });
    expect(code).toBe(0);
    await gone(await childPid());
  });

  test('sees none of our environment', async () => {
    const args = ['-e', 'process.stderr.write(Object.keys(process.env).sort().join())'];
    const { stderr } = await runProcess({
      program: process.execPath,
      args,
      cwd: folder,
      signal: AbortSignal.timeout(20_000),
    });
    expect(stderr).toBe('LC_ALL,PATH');
  });

  test('is no program', async () => {
    const running = runProcess({
      program: '/nonexistent',
      args: [],
      cwd: folder,
      signal: AbortSignal.timeout(1_000),
    });
    await expect(running).rejects.toMatchObject({ reason: 'tool_missing' });
  });

  async function childPid(): Promise<number> {
    for (;;) {
      const text = await readFile(join(folder, 'pid'), 'utf8').catch(() => '');
      if (text !== '') return Number(text);
      await new Promise(setImmediate);
    }
  }

  async function gone(pid: number): Promise<void> {
    // A killed process stands in the table until its parent, or init, has noticed.
    const state = async (): Promise<string> =>
      (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z')).split(') ')[1] ?? 'Z';
    while (isAlive(pid) && !(await state()).startsWith('Z')) await new Promise(setImmediate);
  }
});
