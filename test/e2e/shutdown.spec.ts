import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findRunningEmbeddedMongo } from '../../src/platform/embedded-mongod/embedded-mongo.js';
import { ApiWorld } from '../support/api-world.js';
import { CLOCK, pingResult } from '../support/native-probe.js';
import { freePort, startServer, useDeliveredFiles } from '../support/server.js';
import { until } from '../support/until.js';

useDeliveredFiles();
const run = (n: number) => new Date(Date.UTC(2026, 0, 1) + n).toISOString();
/** What supervisors give a process before they kill it; far above what it takes. */
const MOST_MS = 10_000;

describe('SIGTERM', () => {
  let world: ApiWorld;
  let logs: string;
  beforeAll(async () => {
    logs = await mkdtemp(join(tmpdir(), 'pladmed-logs-'));
    world = await ApiWorld.startProcess({ LOG_FILE: join(logs, 'pladmed.log'), LOG_LEVEL: 'info' });
  });
  afterAll(async () => {
    await world.server.kill();
    await rm(logs, { recursive: true });
  });

  it('asks probes to come back, answers what is in flight, ends with 0', async () => {
    const user = await world.account(100);
    const registered = await world.probe(user);
    const probe = await world.connect(registered);
    const { id } = await world.operation(user, [registered]);
    await probe.told(id);
    // a stream that is open must not hold it up
    const watching = await fetch(`${world.server.url}/api/v1/operations/${id}/events`, {
      headers: { authorization: `Bearer ${user.api.token ?? ''}` },
    });
    const answer = probe.results(Array.from({ length: 100 }, (_, n) => pingResult(id, run(n))));
    // messages of one socket are read in order: with this answer the results have arrived
    await probe.status({ backlog: { results: 0, bytes: 0 }, running: 0, in_use_credits: 0, clock: CLOCK });

    const began = performance.now();
    const stopping = world.shutDown();
    const { items } = await answer;
    expect(items?.map(({ status }) => status)).toEqual(Array(100).fill('stored'));
    const [reconnect] = await until('the word', () => probe.reconnects.length > 0 && probe.reconnects);
    expect(reconnect?.after_ms).toBeGreaterThan(0);
    await until('the connection to end', () => probe.ended);
    await stopping; // rejects when the exit code is not 0
    expect(performance.now() - began).toBeLessThan(MOST_MS);
    await watching.body?.cancel().catch(() => undefined);

    // its files have every line, the last one too, each in its place
    const [application, requests] = await Promise.all(['pladmed', 'pladmed-requests'].map(linesIn));
    expect(application?.at(-1)).toMatchObject({ component: 'boot', msg: 'stopped' });
    expect(application?.filter(({ component }) => component === 'http')).toEqual([]);
    expect(requests?.map(({ msg }) => msg)).toContain('POST /api/v1/operations 201');
  });

  async function linesIn(file: string): Promise<Record<string, unknown>[]> {
    const name = (await readdir(logs)).find((each) => each.startsWith(`${file}.`)) ?? '';
    const text = await readFile(join(logs, name), 'utf8');
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('leaves no database behind when it comes before the server is ready', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'pladmed-test-'));
    let pid = 0;
    const boot = startServer(
      { DATA_DIR: dataDir, SECRET_KEY: 'a secret of sixteen characters' },
      (id) => (pid = id),
    );
    const outcome = boot.then(
      () => 'ready',
      (error: unknown) => String(error),
    );
    await Promise.race([boot, until('its mongod', () => findRunningEmbeddedMongo(dataDir))]);
    process.kill(pid, 'SIGTERM');
    expect(await outcome).toContain('the server ended with 0');
    expect(await findRunningEmbeddedMongo(dataDir)).toBeUndefined();
    await rm(dataDir, { recursive: true });
  });

  it('ends a server in order when nobody reads its log any more', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'pladmed-test-'));
    const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
    const server = spawn(process.execPath, [main], {
      cwd: dataDir,
      env: {
        ...{ PATH: process.env['PATH'], HOME: process.env['HOME'], DATA_DIR: dataDir },
        ...{ PORT: String(await freePort()), SECRET_KEY: 'a secret of sixteen characters' },
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = once(server, 'exit');
    let log = '';
    server.stdout.on('data', (text: Buffer) => (log += text.toString()));
    await until('the server to be ready', () => log.includes('"msg":"ready"'));
    // as `npm start 2>&1 | tee log` when both get the signal, and tee ends first
    server.stdout.destroy();
    server.stderr.destroy();
    server.kill('SIGTERM');
    const outcome = await exited;
    const left = await findRunningEmbeddedMongo(dataDir);
    if (left !== undefined) process.kill(left.pid);
    expect({ outcome, left }).toEqual({ outcome: [0, null], left: undefined });
    await rm(dataDir, { recursive: true });
  });
});
