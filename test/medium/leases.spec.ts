import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Collection, type Connection } from 'mongoose';
import { type LeaseEntity } from '../../src/platform/periodic/leases/lease.schema.js';
import { LeasesService } from '../../src/platform/periodic/leases/leases.service.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { until } from '../support/until.js';
import { withWrongClock } from '../support/wrong-clock.js';

const LONG_MS = 600_000;
let names = 0;

describe('leases', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let here: AppContext;
  let there: AppContext;
  let documents: Collection<LeaseEntity>;
  let name: string;

  beforeAll(async () => {
    mongo = await testMongo();
    here = await AppContext.start(mongo.uri);
    there = await AppContext.start(mongo.uri);
    documents = here.module
      .get<Connection>(getConnectionToken(), { strict: false })
      .collection<LeaseEntity>('leases');
  });
  beforeEach(() => {
    names += 1;
    name = `work-${names}`;
  });
  afterAll(async () => {
    for (const server of [here, there]) await server.stop();
    await mongo.stop();
  });

  /** @returns whether it ran there */
  const tryAt = async (server: AppContext, ttlMs = LONG_MS): Promise<boolean> =>
    (await server.get(LeasesService).runLeased(name, ttlMs, () => Promise.resolve(true))) === true;

  it('are one server’s, and stay with it', async () => {
    expect(await tryAt(here)).toBe(true);
    expect(await tryAt(there)).toBe(false);
    expect([await tryAt(here), await tryAt(there)]).toEqual([true, false]);
    expect(here.get(LeasesService).held().get(name)).toBe(true);
    expect(there.get(LeasesService).held().get(name)).not.toBe(true);
    names += 1;
    name = `work-${names}`;
    expect([await tryAt(there), await tryAt(here)]).toEqual([true, false]);
  });

  it('let one in where many come at once', async () => {
    const servers = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? here : there));
    let running = 0;
    const ran = await Promise.all(
      servers.map((server) =>
        server.get(LeasesService).runLeased(name, LONG_MS, async () => {
          running += 1;
          expect(running).toBe(1);
          await new Promise(setImmediate);
          running -= 1;
          return server;
        }),
      ),
    );
    const who = new Set(ran.filter((server) => server !== undefined));
    expect(who.size).toBe(1);
  });

  it('pass on when the holder was not heard of for their time', async () => {
    expect(await tryAt(here)).toBe(true);
    await documents.updateOne({ _id: name }, { $set: { until: new Date(Date.now() - 1) } });
    expect(await tryAt(there)).toBe(true);
    expect(await tryAt(here)).toBe(false);
  });

  it('go by the database’s clock, whatever that of a server says', async () => {
    expect(await tryAt(here)).toBe(true);
    expect(await withWrongClock(10 * LONG_MS, () => tryAt(there))).toBe(false);
  });

  it('are renewed while the work goes on', async () => {
    const ttlMs = 3000;
    const untilNow = async () => (await documents.findOne({ _id: name }))?.until.getTime() ?? 0;
    const done = await here.get(LeasesService).runLeased(name, ttlMs, async (signal) => {
      const first = await untilNow();
      await until('the lease to be renewed', async () => (await untilNow()) > first);
      expect(await tryAt(there)).toBe(false);
      expect(await tryAt(here)).toBe(false); // it runs already
      return !signal.aborted;
    });
    expect(done).toBe(true);
    await until('another to take it when nobody renews it any more', () => tryAt(there));
  });

  it('tell the work when they are lost', async () => {
    const why = here.get(LeasesService).runLeased(name, 900, async (signal) => {
      await documents.updateOne(
        { _id: name },
        { $set: { holder: 'another', until: new Date(Date.now() + LONG_MS) } },
      );
      await until('the signal', () => signal.aborted);
      return String(signal.reason);
    });
    expect(await why).toMatch('another server has taken the lease');
    expect(here.get(LeasesService).held().get(name)).not.toBe(true);
  });

  it('hold nobody up after work that failed', async () => {
    const failing = here.get(LeasesService).runLeased(name, LONG_MS, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await tryAt(here)).toBe(true);
  });

  it('are given back by a server that ends, and its work is asked to end', async () => {
    const ending = await AppContext.start(mongo.uri);
    let reason: unknown;
    const work = ending.get(LeasesService).runLeased(name, LONG_MS, async (signal) => {
      await until('the signal', () => signal.aborted);
      reason = signal.reason;
    });
    await until('the lease to be taken', async () => (await documents.findOne({ _id: name })) !== null);
    await ending.stop();
    await work;
    expect(String(reason)).toMatch('the server ends');
    expect(await tryAt(here)).toBe(true);
  });
});
