import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Account, firstRunOf, type Operation, type Registered } from '../support/api-world.js';
import { pingResult, NativeProbe } from '../support/native-probe.js';
import { Platform } from '../support/platform.js';
import { RedisServer, whyNoRedis } from '../support/redis.js';
import { type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { Watcher } from '../support/watcher.js';

const missing = whyNoRedis();
if (missing !== undefined) console.warn(`servers whose Redis is away are not tested: ${missing}`);

(missing === undefined ? describe : describe.skip)('two servers whose Redis', () => {
  let redis: RedisServer;
  let platform: Platform;
  let here: TestServer;
  let there: TestServer;
  let user: Account;
  let probes: Registered[];
  let connected: NativeProbe[];

  beforeAll(async () => {
    redis = await RedisServer.notStarted('--requirepass', 'right');
    platform = await Platform.start({ REDIS_URL: redis.url.replace('//', '//:right@') });
    here = platform.first;
    there = await platform.join();
    user = await platform.world.account(1000);
    probes = [await platform.world.probe(user), await platform.world.probe(user)];
    connected = [
      await NativeProbe.connect(here.url, probes[0]!.token),
      await NativeProbe.connect(there.url, probes[1]!.token),
    ];
    for (const probe of connected) await probe.firstSync();
  });
  afterAll(async () => {
    redis.thaw();
    for (const probe of connected) probe.close();
    await platform.stop();
    await redis.stop();
  });

  const saying = (server: TestServer, text: string) =>
    server.log.filter((line) => line.includes(text)).length;

  async function hear(state: 'ok' | 'degraded'): Promise<void> {
    for (const server of [here, there]) {
      await until(
        `${server.url} to be ${state}`,
        async () => (await platform.health(server)).status === state,
      );
    }
  }

  /** Created at one server, measured at both, read at the other, stopped at the other. */
  async function work(): Promise<void> {
    const schedule = { type: 'interval', every_s: 60, stop: new Date(Date.now() + 3_600_000).toISOString() };
    const operation = await platform.world.operation(user, probes, { schedule });
    const { id } = operation;
    for (const probe of connected) {
      await probe.told(id);
      expect((await probe.results([pingResult(id, firstRunOf(operation))])).items).toEqual([
        { status: 'stored' },
      ]);
    }
    const { body } = await platform.at(there, user).get<Operation>(`/api/v1/operations/${id}`);
    expect(body.progress.received).toBe(2);
    await platform.at(there, user).send('DELETE', `/api/v1/operations/${id}`);
    for (const probe of connected) {
      await until('the stop', () => probe.stops.some(({ operation_id }) => operation_id === id));
    }
  }

  /** A probe that changes servers has one connection; who is connected is right at both. */
  async function move(): Promise<void> {
    const registered = await platform.world.probe(user);
    const first = await NativeProbe.connect(here.url, registered.token);
    await first.firstSync();
    const second = await NativeProbe.connect(there.url, registered.token);
    await until('the older connection to be closed', () => first.ended);
    for (const server of [here, there]) await platform.sees(server, user, registered, true);
    await platform.at(here, user).post(`/api/v1/probes/${registered.id}/token`);
    await until('the revoked connection to be closed', () => second.ended);
    for (const server of [here, there]) await platform.sees(server, user, registered, false);
  }

  async function watch(): Promise<void> {
    const watcher = await Watcher.connect(here.url, user.api.token);
    await watcher.ask('subscribe', { probe: probes[1]!.id });
    connected[1]!.close();
    await watcher.event('probe', (data) => data['connected'] === false);
    connected[1] = await NativeProbe.connect(there.url, probes[1]!.token);
    await connected[1].firstSync();
    await watcher.event('probe', (data) => data['connected'] === true);
    expect(watcher.events).toHaveLength(2);
    watcher.close();
  }

  it('is not there at their start are ready, say so once, and do all but live events', async () => {
    for (const server of [here, there]) {
      expect(await platform.health(server)).toMatchObject({
        http: 200,
        status: 'degraded',
        redis: 'unavailable',
      });
      expect((await platform.metric(server, 'pladmed_bus_up')).get('')).toBe(0);
    }
    await work();
    await move();
    const sent = await platform.metric(there, 'pladmed_bus_messages_total');
    expect(sent.get('{topic="live",outcome="dropped"}')).toBeGreaterThan(0);
    for (const server of [here, there]) expect(saying(server, 'Redis is away')).toBe(1);
  });

  it('comes hear each other', async () => {
    await redis.run();
    await hear('ok');
    for (const server of [here, there]) {
      expect((await platform.metric(server, 'pladmed_bus_up')).get('')).toBe(1);
      expect(saying(server, 'hear each other')).toBe(1);
    }
    await work();
    await move();
    await watch();
  });

  it('is killed go on, and hear each other when it is back', async () => {
    await redis.kill();
    await hear('degraded');
    await work();
    await move();
    await redis.run();
    await hear('ok');
    await watch();
    for (const server of [here, there]) expect(saying(server, 'Redis is away')).toBe(2);
  });

  it('hangs go on, at once and later, and hear each other when it wakes', async () => {
    redis.freeze();
    // nobody has noticed yet
    await work();
    await hear('degraded');
    await work();
    await move();
    redis.thaw();
    await hear('ok');
    await work();
    await watch();
    for (const server of [here, there]) expect(saying(server, 'Redis is away')).toBe(3);
  });

  it('lets only one of them in work together all the same, and the other says why', async () => {
    const third = await platform.join({ REDIS_URL: redis.url.replace('//', '//:wrong@') });
    expect(await platform.health(third)).toMatchObject({
      http: 200,
      status: 'degraded',
      redis: 'unavailable',
    });
    expect([saying(third, 'WRONGPASS'), saying(third, ':wrong@')]).toEqual([1, 0]);
    const registered = await platform.world.probe(user);
    const probe = await NativeProbe.connect(third.url, registered.token);
    await probe.firstSync();
    for (const server of [here, there, third]) await platform.sees(server, user, registered, true);
    const { id } = await platform.world.operation(user, [registered]);
    await probe.told(id);
    expect(await third.stop()).toBe(0);
  });
});
