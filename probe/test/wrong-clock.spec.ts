import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Agent } from '../src/agent.js';
import { type Clock, systemClock } from '../src/clock/clock.js';
import { readSettings } from '../src/config/config.js';
import { createLog } from '../src/platform/log.js';
import type { ResultItem } from '../src/protocol/protocol.js';
import { LATEST_START_MS } from '../src/scheduler/decide.js';
import { FakeDns } from './support/fake.dns.js';
import { FakeServer } from './support/fake.server.js';
import { everySeconds, operation } from './support/operations.js';

const RUNS = 5;
/** Of the times on the wire. */
const GRAINS_MS = 2;

describe('a host whose clock is wrong', () => {
  let server: FakeServer;
  let resolver: FakeDns;
  let folder: string;
  let agent: Agent | null = null;
  /** The host's clock minus the true time, ms. */
  let ahead: number;

  beforeEach(async () => {
    server = await FakeServer.start();
    resolver = await FakeDns.start();
    folder = await mkdtemp(join(tmpdir(), 'probe-clock-'));
    ahead = 0;
  });
  afterEach(async () => {
    await agent?.stop();
    agent = null;
    await server.close();
    await resolver.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    const settings = readSettings(
      { server: server.url, token: 'a.b.c', dataDir: folder, allow: '127.0.0.0/8', ntpPort: 9 },
      {},
    );
    const clock: Clock = { ...systemClock(), now: () => Date.now() + ahead };
    agent = await Agent.start(settings, clock, createLog('error'));
  }

  function measuring(schedule = everySeconds(1, RUNS)) {
    const params = { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port };
    return operation({ kind: 'dns', params, schedule });
  }

  /** When the run really began, against when it was due: early only by what the probe knows that it does not know. */
  function expectPunctual({ started_at, scheduled_at, clock }: ResultItem, wrong: number): void {
    const late = Date.parse(started_at) - wrong - Date.parse(scheduled_at);
    expect(late).toBeGreaterThanOrEqual(-Number(clock.error_ms) - GRAINS_MS);
    expect(late).toBeLessThan(LATEST_START_MS + Number(clock.error_ms) + GRAINS_MS);
  }

  test.each([90_000, -90_000])('by %d ms: its runs are punctual, and it knows', async (wrong) => {
    ahead = wrong;
    const once = measuring({ type: 'once', at: new Date(Date.now() + 1_000).toISOString() });
    await server.assign(measuring(), once);
    await start();
    await server.until(() => server.results.size + server.failures.size === RUNS + 1);
    expect(server.reasons.size).toBe(0);
    for (const result of server.results.values()) {
      const { offset_ms, error_ms, source } = result.clock;
      expectPunctual(result, wrong);
      expect(source).toBe('socket');
      expect(Math.abs(Number(offset_ms) + wrong)).toBeLessThanOrEqual(Number(error_ms));
    }
  });

  test.each([90_000, -90_000])(
    'and is set by %d ms while it measures: each run is there once, or explained',
    async (step) => {
      const schedule = everySeconds(1, 12);
      await server.assign(measuring(schedule));
      await start();
      await server.until(() => server.results.size === 2);
      ahead = step;
      await server.until(() => server.results.size + server.failures.size === 12);
      expect(server.contradictions).toEqual([]);
      expect(server.duplicates).toBe(0);
      const results = [...server.results.values()];
      const later = results.filter(
        ({ started_at }) => Math.abs(Date.parse(started_at) - step - Date.now()) < 30_000,
      );
      const known = later.filter(({ clock }) => clock.source !== 'none');
      expect(known.length).toBeGreaterThan(2);
      for (const result of known) {
        expect(Math.abs(Number(result.clock.offset_ms) + step)).toBeLessThanOrEqual(
          Number(result.clock.error_ms),
        );
        expectPunctual(result, step);
      }
    },
  );

  test('and is set right: what it believed of it is forgotten', async () => {
    ahead = 90_000;
    await server.assign(measuring(everySeconds(1, 12)));
    await start();
    await server.until(() => server.results.size === 2);
    ahead = 0;
    const isRight = ({ clock }: { clock: ResultItem['clock'] }): boolean =>
      clock.offset_ms !== null && Math.abs(clock.offset_ms) <= Number(clock.error_ms);
    await server.until(() => [...server.results.values()].some(isRight));
    for (const { clock, started_at } of server.results.values()) {
      if (clock.offset_ms === null) continue;
      const wasAhead = Date.parse(started_at) > Date.now() + 30_000;
      expect(Math.abs(clock.offset_ms + (wasAhead ? 90_000 : 0))).toBeLessThanOrEqual(Number(clock.error_ms));
    }
  });
});
