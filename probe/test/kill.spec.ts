import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FakeDns } from './support/fake.dns.js';
import { FakeServer } from './support/fake.server.js';
import { everySeconds, operation } from './support/operations.js';

const root = join(import.meta.dirname, '..', '..');
const OPERATIONS = 10;
const SECONDS = Number(process.env['PROBE_KILL_SECONDS'] ?? 10);

describe('a probe that is killed at any moment', () => {
  let server: FakeServer;
  let resolver: FakeDns;
  let folder: string;
  let child: ChildProcess;

  beforeAll(async () => {
    execFileSync(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-b',
      join(root, 'probe'),
    ]);
    server = await FakeServer.start();
    resolver = await FakeDns.start();
    folder = await mkdtemp(join(tmpdir(), 'probe-kill-'));
  });
  afterAll(async () => {
    child.kill('SIGKILL');
    await server.close();
    await resolver.close();
    await rm(folder, { recursive: true, force: true });
  });

  function start(): void {
    child = spawn(
      process.execPath,
      [join(root, 'probe/dist/cli.js'), '--server', server.url, '--data-dir', folder],
      {
        env: {
          ...process.env,
          PLADMED_TOKEN: 'a.b.c',
          PLADMED_ALLOW: '127.0.0.0/8',
          PLADMED_LOG_LEVEL: 'error',
        },
        stdio: 'inherit',
      },
    );
  }

  test('has every run there once, or explained', async () => {
    const params = { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port };
    const began = Date.now();
    const operations = Array.from({ length: OPERATIONS }, () =>
      operation({ kind: 'dns', params, schedule: everySeconds(1, SECONDS, began) }),
    );
    await server.assign(...operations);
    // Now and then an acknowledgement is lost as well.
    let batches = 0;
    server.answer = () => {
      // The fake server counts a batch before it asks about its items.
      if (server.batchSizes.length === batches || server.batchSizes.length % 5 !== 0)
        return { status: 'stored' };
      batches = server.batchSizes.length;
      server.dropConnection();
      return null;
    };
    let kills = 0;
    start();
    const isComplete = (): boolean => server.results.size + server.failures.size === OPERATIONS * SECONDS;
    while (!isComplete()) {
      const seen = server.results.size;
      await server.until(() => server.results.size > seen || isComplete());
      if (Math.random() < 0.4) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
      kills++;
      start();
    }
    const reasons = new Map<string, number>();
    for (const { detail } of server.failures.values()) reasons.set(detail, (reasons.get(detail) ?? 0) + 1);
    console.log(`${kills} kills, ${server.results.size} results, ${server.duplicates} sent twice`, reasons);
    expect(kills).toBeGreaterThan(3);
    expect(server.contradictions).toEqual([]);
    for (const { operation_id } of operations) {
      for (let second = 0; second < SECONDS; second++) {
        const key = `${operation_id} ${new Date(began + second * 1000).toISOString()}`;
        expect(Number(server.results.has(key)) + Number(server.failures.has(key))).toBe(1);
      }
    }
  }, 120_000);
});
