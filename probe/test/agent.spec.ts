import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Agent } from '../src/agent.js';
import { systemClock } from '../src/clock/clock.js';
import { readSettings } from '../src/config/config.js';
import { createLog } from '../src/platform/log.js';
import { FakeDns } from './support/fake.dns.js';
import { FakeServer } from './support/fake.server.js';
import { everySeconds, operation } from './support/operations.js';

const hasScamper = spawnSync('scamper', ['-v']).error === undefined;
if (!hasScamper) console.log('scamper is not installed: the runs of ping and traceroute are skipped');
const withScamper = hasScamper ? test : test.skip;

describe('the probe and a server', () => {
  let server: FakeServer;
  let resolver: FakeDns;
  let folder: string;
  let agent: Agent | null = null;

  beforeEach(async () => {
    server = await FakeServer.start();
    resolver = await FakeDns.start();
    folder = await mkdtemp(join(tmpdir(), 'probe-'));
  });

  afterEach(async () => {
    await agent?.stop();
    agent = null;
    await server.close();
    await resolver.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(allow = '127.0.0.0/8'): Promise<Agent> {
    const options = {
      server: server.url,
      token: 'a.b.c',
      dataDir: folder,
      allow,
      logLevel: process.env['PROBE_LOG'] ?? 'error',
    };
    agent = await Agent.start(readSettings(options, {}), systemClock(), createLog(options.logLevel));
    return agent;
  }

  const results = (): ReturnType<typeof server.results.values> => server.results.values();

  test('says who it is and what it can', async () => {
    await start();
    await server.until(() => server.statuses.length > 0);
    expect(server.handshakes[0]).toMatchObject({
      token: 'a.b.c',
      protocol: 2,
      version: expect.any(String),
      capabilities: { kinds: expect.arrayContaining(['ping', 'traceroute', 'dns']) },
      total_credits: 1000,
    });
    expect(server.statuses[0]).toEqual({
      backlog: { results: 0, bytes: 0, by_operation: {} },
      running: 0,
      in_use_credits: 0,
      clock: { offset_ms: null, error_ms: null, source: 'none', age_s: null, stratum: null },
      // what the host of the test has
      families: { ipv4: expect.any(Boolean), ipv6: expect.any(Boolean) },
    });
  });

  withScamper('pings and traces, and brings warts', async () => {
    const ping = operation();
    const trace = operation({
      kind: 'traceroute',
      params: { ips: ['127.0.0.1', '127.0.0.2'], method: 'icp' },
    });
    await server.assign(ping, trace);
    await start();
    await server.until(() => server.results.size === 2);
    for (const result of results()) {
      expect(result.format).toBe('warts');
      expect(result.content.readUInt16BE(0)).toBe(0x1205);
      expect(result.duration_ms).toBeGreaterThan(0);
    }
    expect([...results()].map(({ operation_id }) => operation_id).sort()).toEqual(
      [ping.operation_id, trace.operation_id].sort(),
    );
  });

  test('asks the DNS and brings the messages', async () => {
    const params = { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port };
    await server.assign(operation({ kind: 'dns', params }));
    await start();
    await server.until(() => server.results.size === 1);
    const [result] = results();
    expect(result!.format).toBe('dns');
    expect(JSON.parse(result!.content.toString())).toMatchObject({
      version: 1,
      queries: [{ name: 'www.example.org', type: 'A', resolver: '127.0.0.1', transport: 'udp', error: null }],
    });
  });

  test('deletes its copy when the server has it', async () => {
    const params = { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port };
    await server.assign(operation({ kind: 'dns', params }));
    const running = await start();
    await server.until(() => server.results.size === 1);
    await running.stop();
    const [identity] = await readdir(folder);
    expect(await readdir(join(folder, identity!, 'results'))).toEqual([]);
  });

  test('refuses what the host did not allow, with the rule', async () => {
    await server.assign(operation({ params: { ips: ['127.0.0.1'] } }));
    await start('192.0.2.0/24');
    await server.until(() => server.failures.size === 1);
    const [failure] = server.failures.values();
    expect(failure).toMatchObject({
      reason: 'refused',
      detail: 'denied by default, loopback (127.0.0.0/8): 127.0.0.1',
    });
  });

  test('refuses an operation that it cannot do, and takes the others', async () => {
    const unknown = operation({ kind: 'telepathy' });
    const hostile = operation({ params: { ips: ['-oProxyCommand=x'] } });
    await server.assign(unknown, hostile);
    await start();
    await server.until(() => server.refusedBySync.length === 2);
    expect(server.refusedBySync.map(({ operation_id }) => operation_id)).toEqual([
      unknown.operation_id,
      hostile.operation_id,
    ]);
  });

  test('comes back after a loss, keeps what was not acknowledged, and is not doubled', async () => {
    const params = { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port };
    await server.assign(operation({ kind: 'dns', params, schedule: everySeconds(1, 3) }));
    let lost = 0;
    server.answer = () => {
      if (lost++ > 0) return { status: 'stored' };
      server.dropConnection();
      return null;
    };
    await start();
    await server.until(() => server.results.size + server.failures.size === 3);
    expect(server.handshakes.length).toBe(2);
    expect(server.results.size).toBeGreaterThan(0);
    expect(server.contradictions).toEqual([]);
    expect(server.reasons.size).toBe(0);
  });

  test('comes again after the time that a busy server gives', async () => {
    const params = { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port };
    await server.assign(operation({ kind: 'dns', params }));
    let offered = 0;
    server.answer = () => (offered++ === 0 ? { status: 'busy', retry_after_ms: 50 } : { status: 'stored' });
    await start();
    await server.until(() => server.results.size === 1);
    expect(offered).toBe(2);
  });

  test('finds the batch size that comes through', async () => {
    await server.close();
    // The limit of the parser: 10 attachments, and the connection is closed.
    server = await FakeServer.start(0, {});
    const params = { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port };
    const running = await start();
    await server.until(() => server.connected);
    server.answer = () => ({ status: 'busy', retry_after_ms: 100 });
    await server.assign(...Array.from({ length: 20 }, () => operation({ kind: 'dns', params })));
    await server.until(() => server.batchSizes.length > 0);
    server.answer = () => ({ status: 'stored' });
    await server.until(() => server.results.size === 20);
    await running.stop();
    expect(Math.max(...server.batchSizes)).toBeLessThanOrEqual(10);
  });

  test('stops an operation when it is told to', async () => {
    const params = { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port };
    const endless = operation({ kind: 'dns', params, schedule: everySeconds(1, 1000) });
    await server.assign(endless);
    await start();
    await server.until(() => server.results.size === 1);
    expect(await server.tell('stop', { operation_id: endless.operation_id, reason: 'user' })).toEqual({});
    expect(await server.tell('stop', { operation_id: 7 })).toMatchObject({
      error: { field: 'operation_id' },
    });
  });
});
