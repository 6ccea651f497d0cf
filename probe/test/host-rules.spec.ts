import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Agent } from '../src/agent.js';
import { systemClock } from '../src/clock/clock.js';
import { changePolicy } from '../src/commands/policy.js';
import { readSettings } from '../src/config/config.js';
import type { Log } from '../src/platform/log.js';
import type { FailedItem } from '../src/protocol/protocol.js';
import { FakeDns } from './support/fake.dns.js';
import { FakeServer } from './support/fake.server.js';
import { everySeconds, operation } from './support/operations.js';

describe('the rules of the host', () => {
  let server: FakeServer;
  let resolver: FakeDns;
  let folder: string;
  let agent: Agent | null = null;
  let said: string[];

  beforeEach(async () => {
    server = await FakeServer.start();
    resolver = await FakeDns.start();
    folder = await mkdtemp(join(tmpdir(), 'probe-rules-'));
    said = [];
  });
  afterEach(async () => {
    await agent?.stop();
    agent = null;
    await server.close();
    await resolver.close();
    await rm(folder, { recursive: true, force: true });
  });

  const config = (): string => join(folder, 'config.json');
  const listening = (): Log => {
    const hear = (first: object, message?: string): void => {
      said.push(`${message ?? ''} ${JSON.stringify(first)}`);
      server.changed();
    };
    return { debug: hear, info: hear, warn: hear, error: hear };
  };
  async function start(options: Record<string, unknown> = {}): Promise<Agent> {
    const given = { server: server.url, token: 'a.b.c', dataDir: folder, ...options };
    const read = (): ReturnType<typeof readSettings> => readSettings(given, {});
    agent = await Agent.start(read(), systemClock(), listening(), read);
    return agent;
  }
  const heard = (words: string): Promise<void> =>
    server.until(() => said.some((each) => each.includes(words)));
  const lookup = (): Record<string, unknown> => ({
    fqdns: ['www.example.org'],
    resolver: '127.0.0.1',
    resolver_port: resolver.port,
  });
  const failures = (): FailedItem[] => [...server.failures.values()];

  test('may change while the probe runs, in both directions', async () => {
    await writeFile(config(), JSON.stringify({ allow: ['127.0.0.0/8'] }));
    await start();
    await server.assign(operation({ kind: 'dns', params: lookup(), schedule: everySeconds(1, 1000) }));
    await server.until(() => server.results.size > 0);
    const asked = resolver.asked;
    expect(asked).toBeGreaterThan(0);
    await changePolicy('deny', '127.0.0.1', { dataDir: folder }, {});
    await server.until(() => failures().some(({ reason }) => reason === 'refused'));
    expect(failures().find(({ reason }) => reason === 'refused')!.detail).toBe(
      'the host denies 127.0.0.1: 127.0.0.1',
    );
    const results = server.results.size;
    await changePolicy('allow', '127.0.0.1', { dataDir: folder }, {});
    await server.until(() => server.results.size > results);
    expect(JSON.parse(await readFile(config(), 'utf8'))).toEqual({
      allow: ['127.0.0.0/8', '127.0.0.1'],
      deny: [],
    });
  });

  test.each([
    ['cut short', '{"allow": ["127.0.0.0/8"], "deny": ["127.0'],
    ['that is no object', '[]'],
    ['with a network that is none', '{"allow": ["127.0.0.0/8"], "deny": ["127.0.0.0/99"]}'],
    ['with a rule that nobody knows', '{"allow": ["127.0.0.0/8"], "denny": ["127.0.0.1"]}'],
    ['that is gone', null],
  ])('a configuration %s leaves the old ones in force', async (_, text) => {
    await writeFile(config(), JSON.stringify({ deny: ['127.0.0.0/8'], rate: ['ping=0/min'] }));
    const running = await start({ allow: '127.0.0.0/8' });
    if (text === null) await rm(config());
    else {
      await writeFile(`${config()}.x`, text);
      await rename(`${config()}.x`, config());
    }
    running.reload();
    await heard('the old rules stay in force');
    await server.assign(operation({ kind: 'dns', params: lookup() }));
    await server.until(() => server.failures.size === 1);
    expect(failures()[0]).toMatchObject({
      reason: 'refused',
      detail: 'the host denies 127.0.0.0/8: 127.0.0.1',
    });
    expect(resolver.asked).toBe(0);
  });

  test('say what needs a restart', async () => {
    await start();
    await writeFile(config(), JSON.stringify({ storeMib: 7, logLevel: 'debug' }));
    await heard('settings were changed that need a restart {"detail":"storeMib, logLevel, storeBytes"}');
  });

  test('a kind that the host does no longer do is told to the server, and refused', async () => {
    await start({ allow: '127.0.0.0/8' });
    await server.assign(operation({ kind: 'dns', params: lookup(), schedule: everySeconds(60, 1000) }));
    await server.until(() => server.results.size === 1);
    await changePolicy('deny', 'dns', { dataDir: folder }, {});
    await server.until(() => server.refusedBySync.length === 1);
    expect(server.refusedBySync[0]!.reason).toBe('the host does not allow the kind dns');
    expect(server.handshakes.at(-1)!['capabilities']).not.toMatchObject({
      kinds: expect.arrayContaining(['dns']),
    });
  });

  test('hold for the rate of a kind, and the user reads which and how long', async () => {
    await start({ allow: '127.0.0.0/8', rate: 'dns=2/hour' });
    await server.assign(operation({ kind: 'dns', params: lookup(), schedule: everySeconds(1, 4) }));
    await server.until(() => server.results.size + server.failures.size === 4);
    expect(server.results.size).toBe(2);
    expect(server.reasons).toEqual(new Set(['refused']));
    for (const { detail } of failures().filter(({ reason }) => reason === 'refused')) {
      expect(detail).toMatch(
        /^the host's rate dns=2\/hour is used up: free again at 20..-..-..T..:..:00.000Z$/,
      );
    }
  });

  test('hold for the bytes of a day: what may be needed is taken before a run begins', async () => {
    await start({ allow: '127.0.0.0/8', mibPerDay: '1' });
    resolver.behaviour = 'silent';
    const names = (count: number): Record<string, unknown> => ({
      ...lookup(),
      fqdns: Array.from({ length: count }, (_, index) => `n${index}.example`),
    });
    const [running, second, larger] = [150, 150, 250].map((count) =>
      operation({ kind: 'dns', params: names(count) }),
    );
    await server.assign(running!, second!, larger!);
    await server.until(() => server.failures.size === 2);
    const detailOf = (id: string): string =>
      failures().find(({ operation_id }) => operation_id === id)!.detail;
    expect(detailOf(second!.operation_id)).toMatch(
      /^the host's limit of 1 MiB a day \(mib-per-day\) is used up for measurements: free again at 20..-..-..T00:00:00.000Z$/,
    );
    expect(detailOf(larger!.operation_id)).toBe(
      "the host's limit of 1 MiB a day (mib-per-day) is less than this run may take",
    );
    expect(failures().map(({ reason }) => reason)).toEqual(['refused', 'refused']);
  });

  test('a server that sends more than the host allows in a day is not listened to', async () => {
    await writeFile(config(), JSON.stringify({ mibPerDay: 1 }));
    await start();
    await server.until(() => server.statuses.length > 0);
    server.send('sync', { full: false, operations: [], stopped: [], padding: 'x'.repeat(2_000_000) });
    await heard("the day's bytes are used up: not connected until then");
    await server.until(() => !server.connected);
    await writeFile(config(), JSON.stringify({ mibPerDay: 100 }));
    await server.until(() => server.statuses.length > 1);
  });
});
