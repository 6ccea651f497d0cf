import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { FakeServer } from '../../probe/test/support/fake.server.js';
import { everySeconds, operation } from '../../probe/test/support/operations.js';
import type { Operation } from '../support/api-world.js';
import { Field, LIMIT_MS, type Result } from './support/field.js';
import { onNetwork } from './support/on-network.js';
import { HOME, startTime, TARGET, ZONE } from './support/path.js';
import type { RealProbe } from './support/probe.js';
import { clockOff, noWrongClock } from './support/wrong-clock.js';

const RUNS = 8;
/** Until the first run; the operation is to be with the probe by then, or that run is missed. */
const SOON_MS = 8000;
/** Runs that are made while something is broken. */
const DURING = 3;

onNetwork('a real probe amid faults', () => {
  let field: Field;

  beforeAll(async () => {
    field = await Field.start();
  }, LIMIT_MS);
  afterEach(() => field.stopProbes());
  afterAll(() => field.stop());

  /** One run each second; look-ups, unless something else is given. */
  function everySecond(
    probe: { id: string },
    kind = 'dns',
    params: object = { fqdns: [`r1.${ZONE}`] },
  ): Promise<Operation> {
    const start = Date.now() + SOON_MS;
    const [from, to] = [start, start + RUNS * 1000].map((ms) => new Date(ms).toISOString());
    return field.measure(probe, kind, params, { type: 'interval', every_s: 1, start: from, stop: to });
  }

  /** Every run is accounted for once: waits for that. */
  async function complete(of: Operation): Promise<Result[]> {
    const results = await field.results(of);
    const times = results.map(({ scheduled_at }) => Date.parse(scheduled_at)).sort((a, b) => a - b);
    const [first = 0] = times;
    expect(times).toEqual(Array.from({ length: RUNS }, (_, index) => first + index * 1000));
    return results;
  }

  async function allStored(of: Operation): Promise<Result[]> {
    const results = await complete(of);
    expect(results.filter(({ outcome }) => outcome !== 'stored')).toEqual([]);
    return results;
  }

  const startedBetween = (results: Result[], from: number, to: number): number =>
    results.map(({ started_at = '' }) => Date.parse(started_at)).filter((at) => from < at && at < to).length;

  test(
    'the server is killed and comes back: probes went on, and every run is there once or explained',
    async () => {
      const [lasting, killed] = await Promise.all([field.probe(), field.probe()]);
      const [all, most] = await Promise.all([everySecond(lasting), everySecond(killed)]);
      await Promise.all([lasting, killed].map(({ process }) => process.logs('run done', 2)));
      await field.world.server.kill();
      const from = Date.now();
      await killed.process.logs('run done');
      await killed.process.kill();
      const again = field.run(killed.token, field.gate.urls.v4, {}, killed.process.folder);
      await Promise.all([again.logs('run done'), lasting.process.logs('run done', DURING)]);
      const to = Date.now();
      await field.world.restart();

      expect(startedBetween(await allStored(all), from, to)).toBeGreaterThanOrEqual(DURING - 1);
      expect(lasting.process.count('disconnected')).toBeGreaterThanOrEqual(1);
      const explained = (await complete(most)).filter(({ outcome }) => outcome === 'failed');
      expect(explained.filter(({ failure }) => failure?.reason !== 'missed')).toEqual([]);
      expect(explained.length).toBeLessThanOrEqual(RUNS - 4);
    },
    LIMIT_MS,
  );

  test(
    'the link to the server is down and comes up: what was measured meanwhile comes then',
    async () => {
      const { process, ...probe } = await field.probe(field.gate.urls.v6);
      await process.logged('synced');
      const runs = await everySecond(probe);
      await process.logs('run done', 2);
      await field.network.ip('r1', 'link set to-home down');
      const from = Date.now();
      await process.logs('run done', DURING);
      const to = Date.now();
      await field.network.ip('r1', 'link set to-home up');

      const results = await allStored(runs);
      expect(startedBetween(results, from, to)).toBeGreaterThanOrEqual(DURING - 1);
      const arrived = results.map(({ received_at }) => Date.parse(received_at));
      expect(arrived.filter((at) => from + 1000 < at && at < to)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'a slow server holds up no run, and gets them all',
    async () => {
      field.gate.trickles = true;
      try {
        const probe = await field.probe();
        await probe.process.logged('synced');
        await allStored(await everySecond(probe, 'dns', { fqdns: [`wide.${ZONE}`], type: 'txt' }));
      } finally {
        field.gate.trickles = false;
      }
    },
    LIMIT_MS,
  );

  describe('with a server that', () => {
    let fake: FakeServer;

    /** A probe of a fake server, which stands where the real one stood. */
    async function atFake(options?: object): Promise<RealProbe> {
      fake = await FakeServer.start(0, options);
      field.gate.lead(fake.url);
      const probe = field.run('a.b.c');
      await probe.logged('connected');
      return probe;
    }

    afterEach(async () => {
      field.gate.lead(field.world.server.url);
      await fake.close();
    });

    const lookUps = (runs: number) =>
      operation({ kind: 'dns', params: { fqdns: [`r1.${ZONE}`] }, schedule: everySeconds(1, runs) });

    test(
      'is behind a link which swallows everything: the probe notices, and comes again',
      async () => {
        const probe = await atFake({ pingInterval: 500, pingTimeout: 1000 });
        const runs = 6;
        await fake.assign(lookUps(runs));
        await probe.logs('delivered');
        // Nobody is told that the packets go nowhere.
        await field.network.ip('r1', `rule add to ${HOME.v4} blackhole`);
        const before = fake.handshakes.length;
        await probe.logs('disconnected');
        await probe.logs('run done');
        await field.network.ip('r1', `rule del to ${HOME.v4} blackhole`);
        await fake.until(() => fake.results.size + fake.failures.size === runs);
        expect(fake.handshakes.length).toBeGreaterThan(before);
        expect(fake.reasons.size).toBe(0);
      },
      LIMIT_MS,
    );

    test(
      'lies: the probe keeps what was not truly acknowledged, and believes the time server',
      async () => {
        const probe = await atFake();
        fake.now = () => Date.now() + 90_000;
        await probe.logged('clock compared');
        const lies: unknown[] = [{ items: [] }, { items: [{ status: 'eaten' }] }];
        let told = 0;
        fake.answer = () => (told < lies.length ? { status: 'none' } : { status: 'stored' });
        fake.acknowledgement = (items) => (told < lies.length ? lies[told++] : { items });
        await fake.assign(lookUps(1));
        await fake.until(() => fake.results.size === 1);
        const [result] = fake.results.values();
        expect(fake.batchSizes).toEqual([1, 1, 1]);
        expect(result?.clock.source).toBe('ntp');
        expect(Math.abs(result?.clock.offset_ms ?? NaN)).toBeLessThanOrEqual(result?.clock.error_ms ?? NaN);
      },
      LIMIT_MS,
    );
  });

  describe('the clock', () => {
    test(
      'is compared over the socket when there is no time server',
      async () => {
        await field.time.stop();
        try {
          const probe = await field.probe();
          await probe.process.logged('no time server: the clock is compared over the socket');
          const ping = await field.measure(probe, 'ping', { ips: [TARGET.v4], probecount: 1 });
          const { clock, clock_trusted } = await field.result(ping);
          expect(clock?.source).toBe('socket');
          expect(Math.abs(clock?.offset_ms ?? NaN)).toBeLessThanOrEqual(clock?.error_ms ?? NaN);
          expect(clock_trusted).toBe(true);
        } finally {
          field.time = await startTime(field.network);
        }
      },
      LIMIT_MS,
    );

    const withWrongClock = noWrongClock === undefined ? test : test.skip;
    if (noWrongClock !== undefined) console.log(`a wrong clock is not tried: ${noWrongClock}`);

    withWrongClock(
      'may be 90 s off: runs are done at their true times, and say so',
      async () => {
        await Promise.all([90, -90].map(measuredWith));
      },
      LIMIT_MS,
    );

    async function measuredWith(seconds: number): Promise<void> {
      const probe = await field.probe(field.gate.urls.v4, clockOff(seconds));
      await probe.process.logged('clock compared');
      const pings = await everySecond(probe, 'ping', { ips: [TARGET.v4], probecount: 1 });
      for (const result of await allStored(pings)) {
        const { clock, clock_trusted, scheduled_at, received_at, summary } = result;
        const [offset, error] = [clock?.offset_ms ?? NaN, clock?.error_ms ?? NaN];
        expect({ clock_trusted, source: clock?.source }).toEqual({ clock_trusted: false, source: 'ntp' });
        expect(Math.abs(offset + seconds * 1000)).toBeLessThanOrEqual(error);
        // Scamper is spared the wrong clock: it says when the packets truly left.
        const { sec, usec } = summary![0]!['start'] as { sec: number; usec: number };
        for (const at of [Date.parse(result.started_at_corrected ?? ''), sec * 1000 + usec / 1000]) {
          expect(at + error).toBeGreaterThanOrEqual(Date.parse(scheduled_at));
          expect(at - error).toBeLessThanOrEqual(Date.parse(received_at));
        }
      }
    }
  });
});
