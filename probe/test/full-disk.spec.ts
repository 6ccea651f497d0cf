import { spawnSync } from 'node:child_process';
import { appendFile, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../test/support/until.js';
import { Agent } from '../src/agent.js';
import { systemClock } from '../src/clock/clock.js';
import { readSettings } from '../src/config/config.js';
import { identityOf } from '../src/config/identity.js';
import { createLog } from '../src/platform/log.js';
import { readStatus } from '../src/status/status.file.js';
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

  const settings = (): Record<string, string> => ({
    server: server.url,
    token: 'a.b.c',
    dataDir: folder,
    allow: '127.0.0.0/8',
    logLevel: 'error',
  });
  const silent = { ...createLog('error'), debug: quiet, info: quiet, warn: quiet, error: quiet };
  const startAgent = (): Promise<Agent> => Agent.start(readSettings(settings(), {}), systemClock(), silent);

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
    server.answer = () => ({ status: 'busy', retry_after_ms: 200 });
    agent = await startAgent();
    // Reports of failed runs get through, results do not: the disk stays full until the end.
    server.answer = (item) =>
      'content' in item ? { status: 'busy', retry_after_ms: 200 } : { status: 'stored' };
    await server.until(() => [...server.failures.values()].some(({ reason }) => reason === 'given_up'));
    expect(server.results.size).toBe(0);
    server.answer = () => ({ status: 'stored' });
    await server.until(() => server.results.size + server.failures.size === OPERATIONS * SECONDS);
    expect(server.results.size).toBeGreaterThan(20);
    expect(server.contradictions).toEqual([]);
    expect(server.reasons).toEqual(new Set(['given_up']));
  });

  test('is no reason not to start: what was measured goes out, and then there is room', async () => {
    if (!isMounted) return;
    await agent?.stop();
    server.results.clear();
    server.failures.clear();
    server.answer = (item) =>
      'content' in item ? { status: 'busy', retry_after_ms: 200 } : { status: 'stored' };
    const params = { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port };
    const schedule = everySeconds(1, 3);
    const some = Array.from({ length: 5 }, () => operation({ kind: 'dns', params, schedule }));
    server.operations = some;
    agent = await startAgent();
    let kept = 0;
    await until('each is measured, or was missed by a busy machine', async () => {
      kept = (await stored()).length;
      return kept > 0 && kept + server.failures.size === 15;
    });
    await agent.stop();
    server.failures.clear();
    // Not a byte is left, and one run was cut short.
    await appendFile(join(folder, identityOf('a.b.c'), 'journal'), cutShort(some[0]!.operation_id));
    await fill();

    agent = await startAgent();
    await server.until(() => server.failures.size === 1);
    const full = Date.now();
    await until('the status is of now', async () => {
      const status = await readStatus(join(folder, identityOf('a.b.c')));
      return Date.parse(status?.written_at ?? '') > full && status?.backlog.results === kept;
    });
    server.answer = () => ({ status: 'stored' });
    await server.until(() => server.results.size === kept);
    await until('what arrived is removed', async () => (await stored()).length === 0);
    const more = operation({ kind: 'dns', params });
    await rm(join(folder, 'filling'));
    await server.assign(more);
    await server.until(() => server.results.size === kept + 1);
  });

  const stored = async (): Promise<string[]> => readdir(join(folder, identityOf('a.b.c'), 'results'));

  async function fill(): Promise<void> {
    const file = await open(join(folder, 'filling'), 'w');
    await expect(file.writeFile(Buffer.alloc(1024 * 1024))).rejects.toThrow('ENOSPC');
    await file.close();
  }
});

function quiet(): void {
  // What is to be seen here is what arrives.
}

/** A line of the journal: a run that was begun long ago and has not ended. */
function cutShort(id: string): string {
  const text = JSON.stringify({ t: 'begin', id, after: 1, at: 2 });
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}
