import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Account, ApiWorld, type Registered } from '../support/api-world.js';
import { CLOCK, type NativeProbe } from '../support/native-probe.js';
import { until } from '../support/until.js';
import { Watcher } from '../support/watcher.js';

/** Of one result: its summary has an entry for each, and takes about 100 kB. */
const QUERIES = 1000;
const BATCH = 10;
/** A run each second: what belongs to no run is bounded. */
const RUNS = 10_000;

function largeResult(operation_id: string, scheduled_at: string) {
  const query = {
    name: 'example.org',
    type: 'A',
    resolver: '192.0.2.53',
    port: 53,
    transport: 'udp',
    sent_at: scheduled_at,
    rtt_ms: 12.5,
    query: 'AAEBAAABAAAAAAAAB2V4YW1wbGUDb3JnAAABAAE=',
    response: 'AAGBgAABAAEAAAAAB2V4YW1wbGUDb3JnAAABAAHADAABAAEAAAA8AATAAAIB',
    error: null,
  };
  const document = { version: 1, queries: Array.from({ length: QUERIES }, () => query) };
  const times = { scheduled_at, started_at: scheduled_at, duration_ms: 14 };
  return {
    operation_id,
    ...times,
    clock: CLOCK,
    format: 'dns',
    content: Buffer.from(JSON.stringify(document)),
  };
}

describe('those who take events more slowly than they come', () => {
  let world: ApiWorld;
  let user: Account;
  let registered: Registered;
  let probe: NativeProbe;
  let sent = 0;

  beforeAll(async () => {
    world = await ApiWorld.startProcess();
    user = await world.account(1_000_000);
    registered = await world.probe(user);
    probe = await world.connect(registered);
  });
  afterAll(() => world.stop());

  /** An operation whose runs are all due. */
  async function secondly(): Promise<{ id: string; run: (n: number) => string }> {
    const stop = new Date(Date.now() + RUNS * 1000).toISOString();
    const schedule = { type: 'interval', every_s: 1, stop };
    const asked = { kind: 'dns', params: { fqdns: ['example.org'] }, schedule };
    const operation = await world.operation(user, [registered], asked);
    return { id: operation.id, run: await world.began(operation, 2 * RUNS * 1000) };
  }

  /** Sends results until it is so. */
  async function flood(
    operation: string,
    run: (n: number) => string,
    over: () => Promise<boolean>,
  ): Promise<void> {
    await until(
      'somebody to be cut off',
      async () => {
        const items = Array.from({ length: BATCH }, (_, n) => largeResult(operation, run(sent + n)));
        sent += BATCH;
        const answer = await probe.results(items);
        // one that is told to come later was not shown to anybody
        if (answer.items?.some(({ status }) => status === 'refused') !== false)
          throw new Error(JSON.stringify(answer));
        return over();
      },
      60_000,
    );
  }

  const cutOffs = async () => Number(/live_behind"} (\d+)/.exec((await world.api.get('/metrics')).text)?.[1]);

  it('over Socket.IO are cut off, and nobody else is', async () => {
    const [slow, quick] = [
      await Watcher.connect(world.server.url, user.api.token),
      await Watcher.connect(world.server.url, user.api.token),
    ];
    const { id, run } = await secondly();
    await probe.told(id);
    for (const watcher of [slow, quick]) await watcher.ask('subscribe', { operation: id });
    const before = await cutOffs();
    const { ws } = slow.socket.io.engine.transport as unknown as { ws: { _socket: Socket } };
    ws._socket.pause();
    await flood(id, run, async () => (await cutOffs()) > before);
    expect(await cutOffs()).toBe(before + 1);
    await until(
      'the quick one to have all',
      () => quick.events.filter(([name]) => name === 'result').length === sent,
    );
    ws._socket.resume();
    await until('the slow one to be gone', () => !slow.socket.connected);
    // it may be too slow for the reason too
    const reasons = slow.events.filter(([name]) => name === 'cut_off');
    expect(reasons.every(([, { detail }]) => String(detail).startsWith('events were not taken'))).toBe(true);
    expect(quick.socket.connected).toBe(true);
    quick.close();
  });

  it('by server-sent events are cut off too', async () => {
    const { id, run } = await secondly();
    await probe.told(id);
    const { hostname, port } = new URL(world.server.url);
    const slow = connect(Number(port), hostname);
    slow.write(
      `GET /api/v1/operations/${id}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${user.api.token ?? ''}\r\n\r\n`,
    );
    await once(slow, 'data');
    slow.pause();
    await flood(id, run, () =>
      Promise.resolve(world.server.log.some((line) => line.includes('not reading its events'))),
    );
    const closed = once(slow, 'close');
    slow.on('error', () => undefined);
    slow.resume();
    await closed;
  });
});
