import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Agent } from '../src/agent.js';
import { systemClock } from '../src/clock/clock.js';
import { readSettings } from '../src/config/config.js';
import { createLog } from '../src/platform/log.js';
import { MOST_OPERATIONS } from '../src/reconcile.js';
import { FakeDns } from './support/fake.dns.js';
import { FakeServer } from './support/fake.server.js';
import { operation } from './support/operations.js';

describe('a server that means no good', () => {
  let server: FakeServer;
  let resolver: FakeDns;
  let folder: string;
  let agent: Agent;

  beforeEach(async () => {
    server = await FakeServer.start();
    resolver = await FakeDns.start();
    folder = await mkdtemp(join(tmpdir(), 'probe-hostile-'));
    const settings = readSettings(
      { server: server.url, token: 'a.b.c', dataDir: folder, allow: '127.0.0.0/8' },
      {},
    );
    agent = await Agent.start(settings, systemClock(), createLog('silent'));
    await server.until(() => server.statuses.length > 0);
  });
  afterEach(async () => {
    await agent.stop();
    await server.close();
    await resolver.close();
    await rm(folder, { recursive: true, force: true });
  });

  const lookup = (): Record<string, unknown> => ({
    fqdns: ['www.example.org'],
    resolver: '127.0.0.1',
    resolver_port: resolver.port,
  });
  /** It is alive, connected and does what it is for. */
  async function works(): Promise<void> {
    const before = server.results.size;
    await server.assign(operation({ kind: 'dns', params: lookup() }));
    await server.until(() => server.results.size > before);
  }

  const messages: [string, unknown[]][] = [
    ['nothing', []],
    ['null', [null]],
    ['words', ['sync', 'now']],
    ['a list', [[]]],
    ['an operation that is none', [{ full: false, operations: [null, 7, 'x', [], {}], stopped: [] }]],
    ['no list of operations', [{ full: false, operations: 'all', stopped: [] }]],
    ['ids that are none', [{ full: false, operations: [], stopped: ['../../etc/passwd'] }]],
    ['what should be acknowledged by a word', [{ full: false, operations: [], stopped: [] }, 'ack']],
    ['what cannot be read and should be acknowledged by a number', [null, 7]],
    ['a wait without end', [{ after_ms: 1e300 }]],
    ['a wait that is none', [{ after_ms: null }, {}]],
  ];
  test.each(messages)('sends %s', async (_, args) => {
    for (const event of ['sync', 'stop', 'reconnect', 'nonsense']) server.send(event, ...args);
    await works();
    expect(server.handshakes).toHaveLength(1);
  });

  test('stops what nobody has', async () => {
    expect(await server.tell('stop', { operation_id: 'f'.repeat(24), reason: 'user' })).toEqual({});
    await works();
  });

  const operations = (count: number): Record<string, unknown>[] =>
    Array.from({ length: count }, (_, index) => ({
      operation_id: index.toString(16).padStart(24, '0'),
      kind: 'ping',
      params: { ips: ['1.1.1.1'] },
      schedule: { type: 'once', at: '2999-01-01T00:00:00Z' },
      cost_per_run: 1,
    }));

  test('sends more operations than anybody needs: those that fit are taken, the others refused', async () => {
    const most = operations(3 * MOST_OPERATIONS);
    const answer = (await server.sync({ full: true, operations: most, stopped: [] })) as {
      refused: { reason: string }[];
    };
    expect(answer.refused).toHaveLength(2 * MOST_OPERATIONS);
    expect(new Set(answer.refused.map(({ reason }) => reason))).toEqual(
      new Set(['the probe has as many operations as it can hold']),
    );
    // One that it has may still be changed, and room may be made.
    const known = { ...most[0]!, cost_per_run: 2 };
    expect(await server.sync({ full: false, operations: [known], stopped: [] })).toEqual({ refused: [] });
    await server.sync({ full: true, operations: [], stopped: [] });
    await works();
  });

  test.each([
    ['longer than a message may be', { padding: 'x'.repeat(17 * 1024 * 1024) }],
    ['of brackets', { operations: JSON.parse('['.repeat(100) + ']'.repeat(100)) as unknown }],
    ['of a hundred thousand operations', { operations: operations(100_000) }],
    ['of a million parts', { operations: Array(1_100_000).fill(0) }],
  ])('sends a message %s: the probe leaves, comes back and works', async (_, part) => {
    server.send('sync', { full: false, operations: [], stopped: [], ...part });
    await server.until(() => server.handshakes.length === 2 && server.statuses.length === 2);
    await works();
  });

  test.each([
    ['of the year 1', '0001-01-01T00:00:00Z', '0001-01-02T00:00:00Z'],
    ['of the last day of all', '9999-12-31T00:00:00-23:59', '9999-12-31T23:59:59-23:59'],
    ['of 1970 to the end of time', '1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z'],
    ['that ends before it begins', '2500-01-01T00:00:00Z', '2400-01-01T00:00:00Z'],
  ])('sends schedules %s', async (_, start, stop) => {
    const schedules = [
      { type: 'interval', every_s: 1, start, stop },
      { type: 'cron', cron: '* * * * *', times_per_minute: 60, start, stop },
      { type: 'cron', cron: '0 0 31 2 *', times_per_minute: 1, start, stop },
      { type: 'once', at: start },
    ] as const;
    const hostile = schedules.map((schedule) => operation({ kind: 'dns', params: lookup(), schedule }));
    await server.assign(...hostile);
    await works();
    await server.sync({ full: false, operations: [], stopped: hostile.map((each) => each.operation_id) });
  });
});
