import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { type Account, ApiWorld, type Operation } from '../support/api-world.js';
import { create, gzipResult } from '../support/classic-factories.js';
import { ClassicWorld } from '../support/classic-world.js';
import { metricOf } from '../support/metrics.js';
import { CLOCK, pingResult, type NativeProbe } from '../support/native-probe.js';
import { until } from '../support/until.js';

const PER_SECOND = 50;
const BURST = 2 * PER_SECOND;
const hits = (bound: string) => `pladmed_limit_hits_total{bound="${bound}"}`;
const run = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString();

describe('a native probe', () => {
  let world: ApiWorld;
  let user: Account;
  beforeAll(async () => {
    world = await ApiWorld.start({ PROBE_MAX_MESSAGES_PER_S: String(PER_SECOND) });
    user = await world.account(100_000);
  });
  afterAll(() => world.stop());

  async function atWork(): Promise<{ probe: NativeProbe; operation: Operation; token: string }> {
    const registered = await world.probe(user);
    const probe = await world.connect(registered);
    const operation = await world.operation(user, [registered]);
    await probe.told(operation.id);
    return { probe, operation, token: registered.token };
  }

  it('that sends too fast is told when to come back, and loses nothing', async () => {
    const { probe, operation } = await atWork();
    let kept = Array.from({ length: 2 * BURST }, (_, n) => pingResult(operation.id, run(n)));
    const pauses: number[] = [];
    const offer = async (batch: typeof kept) => {
      const { items = [] } = await probe.results(batch);
      expect(items).toHaveLength(batch.length);
      expect(items.map(({ status }) => status)).not.toContain('refused');
      pauses.push(...items.flatMap(({ retry_after_ms }) => retry_after_ms ?? []));
      return batch.filter((_, n) => items[n]?.status !== 'stored');
    };
    while (kept.length > 0) {
      const before = pauses.length;
      // both at once: one after the other they might come slowly enough
      kept = (await Promise.all([offer(kept.slice(0, 100)), offer(kept.slice(100))])).flat();
      // as docs/protocol.md has it
      if (pauses.length > before) await delay(Math.max(...pauses.slice(before)));
    }
    expect(pauses.length).toBeGreaterThan(0);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(10_000);
    // jitter: those who are sent away together must not come back together
    expect(new Set(pauses).size).toBeGreaterThan(1);
    const { body } = await user.api.get<Operation>(`/api/v1/operations/${operation.id}`);
    // none of them names a run, and all are kept
    expect(body.progress.received).toBe(0);
    expect((await user.api.pages(`/api/v1/operations/${operation.id}/results`)).flat()).toHaveLength(
      2 * BURST,
    );
    expect(await metricOf(world.server.url, hits('probe_messages'))).toBeGreaterThan(0);
  });

  it('that floods the server is cut off, others are not, and it may come back', async () => {
    const [flood, other] = [await atWork(), await atWork()];
    const bad = Array.from({ length: 100 }, () => null);
    for (let sent = 0; sent < 3 * 10 * BURST; sent += 100) flood.probe.results(bad).catch(() => undefined);
    await until('it is disconnected', () => flood.probe.ended);
    expect(world.server.log.filter((line) => line.includes('a probe was disconnected'))).toHaveLength(1);
    expect(await metricOf(world.server.url, hits('probe_flood'))).toBe(1);
    const { items } = await other.probe.results([pingResult(other.operation.id, run(0))]);
    expect(items).toEqual([{ status: 'stored' }]);
    const again = await world.connect({ token: flood.token });
    await again.firstSync();
  });

  it('is answered when it says its status too often, and only not heard', async () => {
    const { probe } = await atWork();
    const status = { backlog: { results: 0, bytes: 0 }, running: 0, in_use_credits: 0, clock: CLOCK };
    const answers = await Promise.all(Array.from({ length: 2 * BURST }, () => probe.status(status)));
    expect(answers.every(({ server_time }) => server_time !== undefined)).toBe(true);
  });
});

describe('a server that has too much waiting', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await ApiWorld.start({ INGEST_MAX_WAITING_ITEMS: '10', PROBE_MAX_MESSAGES_PER_S: '0' });
  });
  afterAll(() => world.stop());

  it('turns away who has much in it already, and lets others in meanwhile', async () => {
    const user = await world.account(1000);
    const [greedy, modest] = [await world.probe(user), await world.probe(user)];
    const operation = await world.operation(user, [greedy, modest]);
    const [first, second] = [await world.connect(greedy), await world.connect(modest)];
    const batch = Array.from({ length: 100 }, (_, n) => pingResult(operation.id, run(n)));
    const [much, little] = await Promise.all([
      first.results(batch),
      second.results([pingResult(operation.id, run(0))]),
    ]);
    // what is left free is for others: half of it, for one that takes all it can get
    expect(much.items?.slice(0, 6).map(({ status }) => status)).toEqual([...Array(5).fill('stored'), 'busy']);
    expect(little.items).toEqual([{ status: 'stored' }]);
    for (const { status, retry_after_ms = 0 } of much.items ?? []) {
      if (status === 'stored') continue;
      expect(retry_after_ms).toBeGreaterThanOrEqual(2000);
      expect(retry_after_ms).toBeLessThanOrEqual(4000);
    }
    expect(await metricOf(world.server.url, hits('ingest_share'))).toBe(95);
  });
});

describe('a classic probe that sends too fast', () => {
  let world: ClassicWorld;
  beforeAll(async () => {
    world = await ClassicWorld.start({
      PROBE_MAX_MESSAGES_PER_S: String(PER_SECOND),
      INGEST_MAX_WAITING_ITEMS: '20',
    });
  });
  afterAll(() => world.stop());

  it('is acknowledged later: each result, as the contract has it, none lost', async () => {
    const ada = await world.person(10_000);
    const probe = await world.fieldedProbe(ada);
    const id = (await create(ada.api, 'dns', [probe.identifier]))._id;
    const count = BURST + 20;
    const answers = await Promise.all(Array.from({ length: count }, () => probe.deliver(gzipResult(id))));
    expect(answers).toEqual(Array(count).fill([id]));
    expect((await world.operation(id)).results).toHaveLength(count);
    expect(await metricOf(world.server.url, hits('probe_messages'))).toBeGreaterThan(0);
  });
});
