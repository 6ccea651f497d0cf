import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Account, ApiWorld, type Registered } from '../support/api-world.js';
import { FieldedProbe } from '../support/classic-probe.js';
import { metricOf } from '../support/metrics.js';
import { NativeProbe } from '../support/native-probe.js';
import { RawWebSocket } from '../support/raw-websocket.js';
import { until } from '../support/until.js';

const NATIVE = 60;
const CLASSIC = 15;
const PATH = '/socket.io/?EIO=4&transport=websocket';
/** Many more than are let in at one time: some still wait when the server has heard that it is to end. */
const CROWD = 1500;

describe('all probes at once', () => {
  let world: ApiWorld;
  let user: Account;
  let native: Registered[];
  let classic: Registered[];

  beforeAll(async () => {
    world = await ApiWorld.startProcess();
    user = await world.account(100_000);
    const registered = await Promise.all(Array.from({ length: NATIVE + CLASSIC }, () => world.probe(user)));
    native = registered.slice(0, NATIVE);
    classic = registered.slice(NATIVE);
  });
  afterAll(() => world.server.kill());

  const comeNative = () =>
    Promise.all(native.map(({ token }) => NativeProbe.connect(world.server.url, token)));
  const comeClassic = () =>
    Promise.all(
      classic.map(async ({ token }) => {
        const probe = new FieldedProbe(world.server.url, token);
        await probe.connected();
        return probe;
      }),
    );
  const connectedNow = async () => {
    const { body } = await world.api.get<{ connected: boolean }[]>('/probes');
    return body.filter(({ connected }) => connected).length;
  };
  const reasons = async ({ id }: Registered) => {
    const { body } = await user.api.get<{ items: { reason: string | null }[] }>(
      `/api/v1/probes/${id}/sessions`,
    );
    return body.items.map(({ reason }) => reason ?? 'stands');
  };

  it('are served again and again: cut off, taken over, and after the server was killed', async () => {
    const { id } = await world.operation(user, [...native, ...classic], {
      schedule: { type: 'interval', every_s: 3600, stop: new Date(Date.now() + 86_400_000).toISOString() },
    });
    const stop_time = '31/12/2099 00:00';
    const times = { cron: '0 0 1 1 *', stop_time, times_per_minute: 1 };
    let natives = await comeNative();
    let classics = await comeClassic();
    const { body: job } = await user.api.post<{ _id: string }>('/ping', {
      probes: classic.map((probe) => probe.id),
      params: { ips: ['192.0.2.1'], ...times },
    });
    await until('each classic probe has the job', () =>
      classics.every(({ received }) => received.length === 1 && received[0]?.job._id === job._id),
    );

    const rounds: (() => Promise<void> | void)[] = [
      () => {
        for (const probe of natives) probe.close();
        for (const { socket } of classics) socket.disconnect();
      },
      // nobody has gone: the older connections are taken over
      () => undefined,
      async () => {
        await world.server.kill();
        await world.restart();
      },
    ];
    for (const leave of rounds) {
      const before = { natives, classics };
      await leave();
      [natives, classics] = await Promise.all([comeNative(), comeClassic()]);
      for (const probe of natives) {
        const sync = await probe.firstSync();
        expect([sync.full, sync.operations.map(({ operation_id }) => operation_id)]).toEqual([true, [id]]);
      }
      for (const probe of before.natives) await probe.lost;
      await until('all are shown', async () => (await connectedNow()) === NATIVE + CLASSIC);
    }
    // a fielded probe would run it twice
    expect(classics.flatMap(({ received }) => received)).toEqual([]);
    for (const probe of [native[0], native.at(-1), classic[0]])
      expect((await reasons(probe!)).slice(0, 3)).toEqual(['stands', 'server died', 'taken over']);
    for (const { socket } of classics) socket.disconnect();
    for (const probe of natives) probe.close();
    await until('all are gone', async () => (await connectedNow()) === 0);
  });

  it('wait where there are too many, and the server can end meanwhile', async () => {
    const knocking = Array.from({ length: CROWD }, () =>
      RawWebSocket.open(world.server.url, PATH).catch((error: unknown) => error),
    );
    await until(
      'most of them wait',
      async () => (await metricOf(world.server.url, 'pladmed_handshakes_waiting')) > CROWD / 2,
    );
    await world.shutDown(); // rejects when the exit code is not 0
    const outcomes = await Promise.all(knocking);
    const wereLetIn = outcomes.map((outcome) => outcome instanceof RawWebSocket);
    expect(new Set(wereLetIn)).toEqual(new Set([true, false]));
  });
});
