import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Authorities, NODES_OWN } from '../src/host/authorities.js';
import { ClockEstimator } from '../src/clock/estimate.js';
import { Delivery, type Link } from '../src/delivery/delivery.js';
import { PacketPacer } from '../src/limits/packets.js';
import { Usage } from '../src/limits/usage.js';
import { createLog } from '../src/platform/log.js';
import { LiveRules, rulesOf } from '../src/policy/rules.js';
import type { FailedItem, ResultItem } from '../src/protocol/protocol.js';
import { Runner } from '../src/runs/runner.js';
import { Scheduler } from '../src/scheduler/scheduler.js';
import { RunJournal } from '../src/store/run-journal.js';
import { ResultStore } from '../src/store/result.store.js';
import { FakeClock } from './support/fake.clock.js';
import { FakeDns } from './support/fake.dns.js';
import { everySeconds, operation } from './support/operations.js';
import { known } from './support/run.context.js';

const START = Date.parse('2026-05-01T00:00:00Z');
const EVERY_S = 600;
const RUNS = (14 * 86_400) / EVERY_S;
const STORE_BYTES = 100 * 4096;

describe('a server that is away for two weeks', () => {
  let folder: string;
  let resolver: FakeDns;
  let clock: FakeClock;
  let runJournal: RunJournal;
  let results: ResultStore;
  let runner: Runner;
  let scheduler: Scheduler;
  let delivery: Delivery;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'probe-outage-'));
    resolver = await FakeDns.start();
    clock = new FakeClock(START);
    await live();
  });
  afterEach(async () => {
    await die();
    await resolver.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function live(): Promise<void> {
    const log = createLog('silent');
    const settings = { allow: ['127.0.0.0/8'], deny: [], allowPrivate: false, denyKinds: [], rate: [] };
    const limits = { concurrentRuns: 8, packetsPerSecond: 10_000, runSeconds: 60, mibPerDay: 0 };
    const rules = new LiveRules(rulesOf({ ...settings, ...limits }));
    const estimator = new ClockEstimator(clock);
    runJournal = await RunJournal.open(folder);
    results = await ResultStore.open(folder, STORE_BYTES);
    const usage = new Usage(clock, runJournal, () => rules.current.limits);
    const packets = new PacketPacer(clock, () => rules.current.limits);
    const shared = { clock, estimator, runJournal, results, log };
    delivery = new Delivery({
      ...shared,
      usage,
      estimate: () => estimator.estimate(),
      horizon: () => clock.now() + 1_000,
    });
    const onSettled = (): void => {
      delivery.kick();
    };
    const resolve = known(() => Promise.resolve([]));
    const authorities = new Authorities(NODES_OWN);
    const parts = { ...shared, rules, usage, packets, resolve, authorities, scamper: 'none', onSettled };
    runner = new Runner(parts);
    scheduler = new Scheduler({ ...shared, runner, onSettled });
    scheduler.wake();
  }
  async function die(): Promise<void> {
    await scheduler.stop();
    await runner.stop(0);
    await delivery.stop();
    await runJournal.close();
  }
  const pass = (ms: number): Promise<void> =>
    clock.pass(ms, async () => {
      await scheduler.settled();
      while (runner.running + runner.waiting > 0) await new Promise(setImmediate);
      await scheduler.settled();
    });

  test('keeps the oldest results, gives the newest up, and tells of every one', async () => {
    const params = { fqdns: ['www.example.org'], resolver: '127.0.0.1', resolver_port: resolver.port };
    const op = operation({ kind: 'dns', params, schedule: everySeconds(EVERY_S, RUNS, START) });
    await runJournal.reconcile([op], []);
    scheduler.wake();
    await pass((RUNS / 2) * EVERY_S * 1000);
    // A restart in the middle changes nothing.
    await die();
    await live();
    await pass((RUNS / 2) * EVERY_S * 1000);
    expect(scheduler.heldBy).toBe(`the store holds its limit of ${STORE_BYTES} bytes`);
    expect(resolver.asked).toBe(100);

    const stored: string[] = [];
    const failed: FailedItem[] = [];
    const link: Link = {
      connected: true,
      request: (event: string, items: (ResultItem | FailedItem)[]) => {
        if (event === 'results') stored.push(...items.map(({ scheduled_at }) => scheduled_at));
        else failed.push(...(items as FailedItem[]));
        return Promise.resolve({ items: items.map(() => ({ status: 'stored' })) });
      },
    };
    delivery.connected(link);
    while (results.count + runJournal.gapCount > 0) await new Promise(setImmediate);

    const moment = (run: number): string => new Date(START + run * EVERY_S * 1000).toISOString();
    expect(stored).toEqual(Array.from({ length: 100 }, (_, run) => moment(run)));
    expect(failed.map(({ scheduled_at }) => scheduled_at)).toEqual(
      Array.from({ length: RUNS - 100 }, (_, run) => moment(100 + run)),
    );
    for (const each of failed) {
      expect(each).toMatchObject({
        reason: 'given_up',
        detail: `the store holds its limit of ${STORE_BYTES} bytes`,
      });
    }
    // There is room again.
    await runJournal.reconcile([{ ...op, schedule: everySeconds(EVERY_S, RUNS + 1, START) }], []);
    scheduler.wake();
    await pass(EVERY_S * 1000);
    expect(resolver.asked).toBe(101);
  });
});
