import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeServer } from './support/fake.server.js';
import { operation } from './support/operations.js';
import { Site } from './support/site.js';

const root = join(import.meta.dirname, '..', '..');
const THROW_IN = new URL('support/throw-in.mjs', import.meta.url).href;

describe('an error that nobody has caught', () => {
  let server: FakeServer;
  let bad: Site;
  let good: Site;
  let folder: string;
  let child: ChildProcess;
  let log: string;

  beforeAll(() => {
    execFileSync(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-b',
      join(root, 'probe'),
    ]);
  });
  beforeEach(async () => {
    server = await FakeServer.start();
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
    // Silent, so that the run would last until its time-out if nothing ended it.
    bad = await Site.answering((socket) => socket.write('HTTP/1.1 200 OK\r\n'));
    good = await Site.answering((socket) => socket.write(answer));
    folder = await realpath(await mkdtemp(join(tmpdir(), 'probe-escape-')));
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    await Promise.all([server.close(), bad.close(), good.close()]);
    await rm(folder, { recursive: true, force: true });
  });
  afterAll(() => undefined);

  function start(how: string): void {
    const cli = join(root, 'probe/dist/cli.js');
    child = spawn(
      process.execPath,
      ['--import', THROW_IN, cli, '--server', server.url, '--data-dir', folder, '--log-level', 'error'],
      {
        env: {
          ...process.env,
          PLADMED_TOKEN: 'a.b.c',
          PLADMED_ALLOW: '127.0.0.0/8',
          THROW_AT: `${bad.port}:${how}`,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    log = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }

  const request = (site: Site) => operation({ kind: 'http', params: { urls: [site.url], timeout_s: 60 } });

  test.each(['data', 'timer', 'rejection'])(
    'of a run (%s) is the end of that run alone: tool_failed, and the probe goes on',
    async (how) => {
      const [first, failing] = [request(good), request(bad)];
      await server.assign(failing, first);
      start(how);
      await server.until(() => server.failures.size === 1 && server.results.size === 1);
      const [failure] = server.failures.values();
      expect(failure).toMatchObject({
        operation_id: failing.operation_id,
        reason: 'tool_failed',
        detail: `an error of the probe: escaped: ${how}`,
      });
      const [result] = server.results.values();
      expect(result).toMatchObject({ operation_id: first.operation_id });
      // The same process does the next run.
      const next = request(good);
      await server.assign(next);
      await server.until(() => server.results.size === 2);
      expect(server.handshakes).toHaveLength(1);
      expect(child.exitCode).toBeNull();
      const lines = log.split('\n').filter((line) => line.includes('escaped from a run'));
      expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
        expect.objectContaining({ operation_id: failing.operation_id, kind: 'http' }),
      ]);
    },
  );

  test('of no run ends the probe, and the next start goes on', async () => {
    start('data');
    await server.until(() => server.handshakes.length === 1 && server.connected);
    child.kill('SIGUSR2');
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(log).toContain('an error outside every run');
    await server.assign(request(good));
    start('data');
    await server.until(() => server.results.size === 1);
  });
});
