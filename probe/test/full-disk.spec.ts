import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Agent } from '../src/agent.js';
import { systemClock } from '../src/clock/clock.js';
import { readSettings } from '../src/config/config.js';
import { createLog } from '../src/log.js';
import { FakeDns } from './support/fake.dns.js';
import { FakeServer } from './support/fake.server.js';
import { everySeconds, operation } from './support/operations.js';

const OPERATIONS = 25;
const SECONDS = 8;

describe('a disk that fills', () => {
  let server: FakeServer;
  let resolver: FakeDns;
  let folder: string;
  let isMounted = false;
  let agent: Agent | null = null;

  beforeAll(async () => {
    server = await FakeServer.start();
    resolver = await FakeDns.start();
    folder = await mkdtemp(join(tmpdir(), 'probe-full-'));
    isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', folder]).status === 0;
  });
  afterAll(async () => {
    await agent?.stop();
    await server.close();
    await resolver.close();
    if (isMounted) spawnSync('umount', ['-l', folder]);
    await rm(folder, { recursive: true, force: true });
  });

  test('stops the measuring, keeps what there is, and every run is explained', async () => {
    if (!isMounted) {
      console.log('no tmpfs can be mounted here: the disk is not filled');
      return;
    }
    const params = { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port };
    const schedule = everySeconds(1, SECONDS);
    await server.assign(
      ...Array.from({ length: OPERATIONS }, () => operation({ kind: 'dns', params, schedule })),
    );
    const settings = {
      server: server.url,
      token: 'a.b.c',
      dataDir: folder,
      allow: '127.0.0.0/8',
      logLevel: 'error',
    };
    server.answer = () => ({ status: 'busy', retry_after_ms: 200 });
    const silent = createLog('error');
    silent.error = () => undefined;
    agent = await Agent.start(readSettings(settings, {}), systemClock(), silent);
    // Reports of failed runs get through, results do not: the disk stays full until the end.
    server.answer = (item) =>
      'content' in item ? { status: 'busy', retry_after_ms: 200 } : { status: 'stored' };
    await server.until(() => [...server.failures.values()].some(({ reason }) => reason === 'given_up'));
    expect(server.results.size).toBe(0);
    server.answer = () => ({ status: 'stored' });
    await server.until(() => server.results.size + server.failures.size === OPERATIONS * SECONDS);
    expect(server.results.size).toBeGreaterThan(20);
    expect(server.contradictions).toEqual([]);
    expect(new Set([...server.failures.values()].map(({ reason }) => reason))).toEqual(new Set(['given_up']));
  }, 180_000);
});
