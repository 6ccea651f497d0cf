import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { type Account, firstRunOf, type Operation, type Registered } from '../support/api-world.js';
import { classicTime, create, gzipResult, type ResultMessage } from '../support/classic-factories.js';
import { FieldedProbe } from '../support/classic-probe.js';
import { HttpClient } from '../support/client.js';
import { TestDatabase } from '../support/database.js';
import { pingResult, NativeProbe } from '../support/native-probe.js';
import { Platform } from '../support/platform.js';
import { RedisServer, whyNoRedis } from '../support/redis.js';
import { type TestServer } from '../support/server.js';
import { sized } from '../support/size.js';
import { until } from '../support/until.js';
import { Listener, ReturningListener, Watcher } from '../support/watcher.js';

const REWARD = 10;
const KILLS = sized(6, 3);
const missing = whyNoRedis();
if (missing !== undefined) console.warn(`several servers with Redis are not tested: ${missing}`);

const results = async (server: TestServer, { api }: Account, id: string) =>
  (
    await new HttpClient(server.url).send<{ items: { scheduled_at: string }[] }>(
      'GET',
      `/api/v1/operations/${id}/results?limit=1000`,
      {
        headers: { authorization: `Bearer ${api.token ?? ''}` },
      },
    )
  ).body.items;

/** Brings each run until it is acknowledged, over whatever connection there is. */
class Deliverer {
  private readonly kept: Set<string>;
  readonly acknowledged = new Set<string>();

  constructor(
    private readonly operation: string,
    runs: readonly string[],
  ) {
    this.kept = new Set(runs);
  }

  /** Ends when nothing is left, or the connection is lost. */
  async bring(probe: NativeProbe): Promise<void> {
    for (const scheduledAt of this.kept) {
      const answer = await Promise.race([
        probe.results([pingResult(this.operation, scheduledAt)]).catch(() => undefined),
        probe.lost,
      ]);
      const status = answer?.items?.[0]?.status;
      // a server that is about to leave takes nothing more
      if (status === 'busy') await probe.lost;
      if (probe.ended !== undefined) return;
      if (status !== 'stored' && status !== 'duplicate')
        throw new Error(`not taken: ${JSON.stringify(answer)}`);
      this.kept.delete(scheduledAt);
      this.acknowledged.add(scheduledAt);
    }
  }

  get left(): number {
    return this.kept.size;
  }
}

/** All ids that the log of the results tail has, in its order. */
function tailed(entries: readonly mongoose.mongo.Document[]): string[] {
  return entries.flatMap(({ results: packed }) => {
    const hex = Buffer.from((packed as mongoose.mongo.Binary).buffer).toString('hex');
    return hex.match(/.{24}/g) ?? [];
  });
}

/** The same for the files of a classic probe. */
async function bringFiles(probe: FieldedProbe, left: Set<ResultMessage>): Promise<void> {
  const lost = new Promise<void>((resolve) => {
    probe.socket.once('disconnect', () => {
      resolve();
    });
  });
  for (const file of left) {
    const answer = await Promise.race([probe.deliver(file), lost]);
    if (answer === undefined) return;
    if (answer[0] === file.operation_id) left.delete(file);
  }
}

(missing === undefined ? describe : describe.skip)('several servers', () => {
  let redis: RedisServer;
  let platform: Platform;
  let here: TestServer;
  let there: TestServer;
  let user: Account;
  const closing: { close(): void }[] = [];
  const closed = <T extends { close(): void }>(each: T): T => {
    closing.push(each);
    return each;
  };

  beforeAll(async () => {
    redis = await RedisServer.start();
    platform = await Platform.start({ REDIS_URL: redis.url });
    here = platform.first;
    there = await platform.join();
    user = await platform.world.account(100_000);
  });
  afterAll(async () => {
    for (const each of closing) each.close();
    await platform.stop();
    await redis.stop();
  });

  const connect = async (server: TestServer, { token }: Registered): Promise<NativeProbe> =>
    closed(await NativeProbe.connect(server.url, token));
  const register = () => platform.world.probe(user);
  const everyMinute = (runs = 60) => ({
    schedule: { type: 'interval', every_s: 60, stop: new Date(Date.now() + runs * 60_000).toISOString() },
  });
  const read = async (server: TestServer, id: string) =>
    (await platform.at(server, user).get<Operation>(`/api/v1/operations/${id}`)).body;

  /** A probe at each server, both seen by both. */
  async function oneAtEach() {
    const registered = [await register(), await register()];
    const [mine, theirs] = [await connect(here, registered[0]!), await connect(there, registered[1]!)];
    await Promise.all([mine.firstSync(), theirs.firstSync()]);
    for (const probe of registered)
      for (const server of [here, there]) await platform.sees(server, user, probe, true);
    return { registered, mine, theirs };
  }

  it('are one platform: created at one, measured by probes at both, read at both', async () => {
    const { registered, mine, theirs } = await oneAtEach();
    const operation = await platform.world.operation(user, registered);
    const { id } = operation;
    await Promise.all([mine.told(id), theirs.told(id)]);
    for (const probe of [mine, theirs]) {
      expect((await probe.results([pingResult(id, firstRunOf(operation))])).items).toEqual([
        { status: 'stored' },
      ]);
    }
    for (const server of [here, there]) {
      expect((await read(server, id)).progress).toMatchObject({ due: 2, received: 2 });
      expect(await results(server, user, id)).toHaveLength(2);
    }
    theirs.close();
    for (const server of [here, there]) await platform.sees(server, user, registered[1]!, false);
  });

  it('tell a probe at one what was stopped at the other', async () => {
    const { registered, mine, theirs } = await oneAtEach();
    const { id } = await platform.world.operation(user, registered, everyMinute());
    await Promise.all([mine.told(id), theirs.told(id)]);
    const away = await register();
    const other = await platform.world.operation(user, [registered[1]!, away], everyMinute());
    await theirs.told(other.id);
    expect((await platform.at(here, user).send('DELETE', `/api/v1/operations/${id}`)).status).toBe(200);
    expect((await platform.at(there, user).post(`/api/v1/operations/${other.id}/stop`)).status).toBe(200);
    await until('both probes are told', () =>
      [mine, theirs].every(({ stops }) => stops.some(({ operation_id }) => operation_id === id)),
    );
    await until('the other too', () => theirs.stops.some(({ operation_id }) => operation_id === other.id));
    expect((await (await connect(here, away)).firstSync()).operations).toEqual([]);
    // each once: by word between servers, and not again when the database says the same
    const last = await platform.world.operation(user, registered);
    await theirs.told(last.id);
    expect(theirs.stops.map(({ operation_id }) => operation_id).sort()).toEqual([id, other.id].sort());
    expect(theirs.syncs.flatMap(({ operations }) => operations).length).toBe(3);
  });

  it('show live what happens at the other, each event once, and private ones to nobody else', async () => {
    const { registered, mine, theirs } = await oneAtEach();
    const operation = await platform.world.operation(user, registered);
    const { id } = operation;
    await Promise.all([mine.told(id), theirs.told(id)]);
    const watcher = closed(await Watcher.connect(here.url, user.api.token));
    for (const room of [{ operation: id }, { probe: registered[1]!.id }, { account: true }])
      expect(await watcher.ask('subscribe', room)).toEqual({ ok: true });
    const stranger = closed(await Watcher.connect(here.url, (await platform.world.account()).api.token));
    expect(await stranger.ask('subscribe', { probe: registered[1]!.id })).toEqual({ ok: true });
    const listener = closed(await Listener.open(here.url, user.api.token, id));
    const hidden = await platform.world.operation(user, [registered[1]!], { visibility: 'private' });
    await theirs.told(hidden.id);

    await theirs.results([pingResult(hidden.id, firstRunOf(hidden))]);
    await theirs.results([pingResult(id, firstRunOf(operation))]);
    await mine.results([pingResult(id, firstRunOf(operation))]);
    theirs.close();

    for (const each of [watcher, stranger]) await each.event('probe', ({ connected }) => connected === false);
    await until('both results', () => listener.events('result').length >= 2);
    const ofProbes = (events: Record<string, unknown>[]) => events.map((data) => data['probe_id']).sort();
    const ids = registered.map((probe) => probe.id).sort();
    const seen = (each: Watcher, name: string) =>
      each.events.filter(([event]) => event === name).map(([, data]) => data);
    expect(ofProbes(listener.events('result'))).toEqual(ids);
    expect(ofProbes(seen(watcher, 'result'))).toEqual(ids);
    expect(seen(watcher, 'credits')).toHaveLength(3);
    expect(seen(watcher, 'probe')).toHaveLength(1);
    expect(ofProbes(seen(stranger, 'result'))).toEqual([registered[1]!.id]);
    expect(stranger.events.some(([, data]) => data['operation_id'] === hidden.id)).toBe(false);
  });

  it('hold one connection of a probe: the newer one, wherever it is', async () => {
    const registered = await register();
    const first = await connect(here, registered);
    await first.firstSync();
    const second = await connect(there, registered);
    await until('the older one to be closed', () => first.ended);
    await second.firstSync();
    for (const server of [here, there]) await platform.sees(server, user, registered, true);
    const third = await connect(here, registered);
    await until('the older one to be closed', () => second.ended);
    expect(third.ended).toBeUndefined();
    const { id } = await platform.world.operation(user, [registered]);
    await third.told(id);
    expect([...first.syncs, ...second.syncs].flatMap(({ operations }) => operations)).toEqual([]);
  });

  it('let a revoked token into none of them, and close what it opened', async () => {
    const registered = await register();
    const probe = await connect(there, registered);
    await probe.firstSync();
    const path = `/api/v1/probes/${registered.id}/token`;
    const { body } = await platform.at(here, user).post<Registered>(path);
    await until('the connection to be closed', () => probe.ended);
    for (const server of [here, there]) {
      await platform.sees(server, user, registered, false);
      await expect(connect(server, registered)).rejects.toMatchObject({ data: { code: 'invalid_token' } });
    }
    expect((await (await connect(there, body)).firstSync()).full).toBe(true);
  });

  it('let a revoked key into none of them, and close what it opened at the other', async () => {
    const keys = '/api/v1/users/me/keys';
    const api = platform.at(here, user);
    const { body: key } = await api.post<{ id: string; key: string }>(keys, { name: 'x', scopes: ['read'] });
    const watcher = closed(await Watcher.connect(there.url, key.key));
    expect((await api.send('DELETE', `${keys}/${key.id}`)).status).toBe(204);
    await until('the socket at the other to end', () => !watcher.socket.connected);
    for (const server of [here, there])
      await expect(Watcher.connect(server.url, key.key)).rejects.toMatchObject({
        data: { code: 'invalid_token' },
      });
  });

  it('give a classic probe each job once, and know what it has in use', async () => {
    const registered = [await register(), await register()];
    const probes = [here, there].map(({ url }, n) => {
      const probe = new FieldedProbe(url, registered[n]!.token, { totalCredits: 10 });
      return closed(probe);
    });
    for (const probe of probes) await probe.connected();
    for (const probe of registered)
      for (const server of [here, there]) await platform.sees(server, user, probe, true);
    const ids = registered.map(({ id }) => id);
    const made = await Promise.all(
      [here, there, here, there].map(async ({ url }) => {
        const api = new HttpClient(url, user.api.token);
        return (await create(api, 'dns', ids))._id;
      }),
    );
    for (const probe of probes) for (const id of made) await probe.job(id);
    await probes[1]!.send('new_operation', { credits: 4 });
    const availability = async ({ url }: TestServer) =>
      (await new HttpClient(url).get<{ identifier: string; availability: number }[]>('/probes')).body.find(
        ({ identifier }) => identifier === ids[1],
      )?.availability;
    expect([await availability(here), await availability(there)]).toEqual([0.6, 0.6]);
    for (const probe of probes) {
      for (const id of made) expect(await probe.deliver(gzipResult(id))).toEqual([id]);
    }
    // the database was asked several times meanwhile
    const last = (await create(new HttpClient(here.url, user.api.token), 'dns', ids))._id;
    await Promise.all(probes.map((probe) => probe.job(last)));
    for (const probe of probes)
      expect(probe.received.map(({ job }) => job._id).sort()).toEqual([...made, last].sort());
  });

  it('do periodic work once', async () => {
    const { registered, mine } = await oneAtEach();
    const { id } = await platform.world.operation(user, [registered[0]!], everyMinute());
    await mine.told(id);
    await until(
      'the delivery is noted',
      async () => (await read(here, id)).progress.assignments['delivered'] === 1,
    );
    const client = await new mongoose.mongo.MongoClient(platform.databaseUri).connect();
    try {
      const operation = new mongoose.mongo.ObjectId(id);
      await client
        .db()
        .collection('assignments')
        .updateMany({ operation }, { $set: { ends_at: new Date(0) } });
    } finally {
      await client.close();
    }
    await until('it is over', async () => (await read(there, id)).progress.assignments['done'] === 1);
    const ended = await until('the log to say so', () => {
      const lines = [here, there].flatMap(({ log }) =>
        log.filter((line) => line.includes('assignments ended')),
      );
      return lines.length > 0 && lines;
    });
    expect(ended.map((line) => (JSON.parse(line) as { done: number }).done)).toEqual([1]);
    for (const work of ['expiry', 'departed-servers']) {
      const holders = await until(`somebody holds the lease of ${work}`, async () => {
        const held = await Promise.all(
          [here, there].map(async (server) =>
            (await platform.metric(server, 'pladmed_lease_held')).get(`{work="${work}"}`),
          ),
        );
        return held.includes(1) && held;
      });
      expect(holders.filter((held) => held === 1)).toHaveLength(1);
    }
  });

  it('forget together when the database is emptied', async () => {
    // of their own: everything else would be gone
    const other = await Platform.start({ REDIS_URL: redis.url });
    try {
      const second = await other.join();
      const owner = await other.world.account(10);
      const probes = [await other.world.probe(owner), await other.world.probe(owner)];
      const [a, b] = [await connect(other.first, probes[0]!), await connect(second, probes[1]!)];
      await Promise.all([a.firstSync(), b.firstSync()]);
      expect((await new HttpClient(other.first.url).send('DELETE', '/delete_all')).status).toBe(204);
      await until('both to be cut off', () => a.ended !== undefined && b.ended !== undefined);
      for (const probe of probes)
        await expect(connect(second, probe)).rejects.toMatchObject({ data: { code: 'invalid_token' } });
    } finally {
      await other.stop();
    }
  });

  it('give every result one number, count it once and tell it once to who comes back, though each is killed again and again', async () => {
    // of their own: nobody else may hold the lease
    const other = await Platform.start({ REDIS_URL: redis.url });
    const database = new TestDatabase(other.databaseUri);
    try {
      const pair = [await other.join(), await other.join()];
      const owner = await other.world.account(100_000);
      const probes = await Promise.all([other.world.probe(owner), other.world.probe(owner)]);
      const operation = await other.world.operation(owner, probes, everyMinute(150));
      const run = await other.world.began(operation, 151 * 60_000);
      const deliverers = probes.map(
        () =>
          new Deliverer(
            operation.id,
            Array.from({ length: 150 }, (_, n) => run(n)),
          ),
      );
      const acknowledged = () => deliverers.reduce((sum, each) => sum + each.acknowledged.size, 0);
      await other.first.stop();
      const listener = new ReturningListener(
        () => pair[Math.floor(Math.random() * 2)]!.url,
        owner.api.token,
        operation.id,
        () => 1 + Math.floor(Math.random() * 6),
      );
      await new Promise<void>((resolve) => void listener.listen(resolve));

      // each at its server, and at the next one of the same place when that is killed
      const bringing = deliverers.map(async (deliverer, n) => {
        while (deliverer.left > 0) {
          const probe = await until('a server', () => connect(pair[n]!, probes[n]!).catch(() => undefined));
          await deliverer.bring(probe);
        }
      });
      for (let kills = 1; kills <= KILLS; kills += 1) {
        const many = (270 / KILLS) * (kills - 1) + Math.floor(Math.random() * 45);
        await until(`${many} results`, () => acknowledged() >= many);
        await pair[kills % 2]!.kill();
        pair[kills % 2] = await other.join();
      }
      await Promise.all(bringing);

      const api = other.at(pair[0]!, owner);
      const stats = async () =>
        (await api.get<{ results: number; behind: { results: number } }>('/api/v1/stats')).body;
      await until('all are in the tail, and counted', async () => {
        const { results: all, behind } = await stats();
        return all === 300 && behind.results === 0;
      });
      const stored = await database.collection('results').find().project({ _id: 1 }).toArray();
      const entries = await database.collection('tail_log').find().sort({ _id: 1 }).toArray();
      await until('the listener to have all', () => listener.results.length >= 300);
      // and none twice: what came twice would have come before the last
      listener.close();
      expect(listener.lost).toEqual([]);
      expect(listener.results).toEqual(tailed(entries));
      expect(listener.cuts).toBeGreaterThan(50);
      expect(tailed(entries).sort()).toEqual(stored.map(({ _id }) => String(_id)).sort());
      let next = 1;
      for (const { _id, first, results: packed } of entries) {
        expect([first, Number(_id)]).toEqual([
          next,
          next - 1 + (packed as mongoose.mongo.Binary).length() / 12,
        ]);
        next = Number(_id) + 1;
      }
      const minutes = await database.collection('activity').find().toArray();
      expect(minutes.reduce((sum, minute) => sum + Number(minute['stored']), 0)).toBe(300);
      expect(await database.collection('tail_outbox').countDocuments()).toBe(0);
      expect(await database.collection('results').countDocuments({ unnumbered: true })).toBe(0);
    } finally {
      await database.close();
      await other.stop();
    }
  });

  describe('one of which is killed', () => {
    let third: TestServer;
    beforeEach(async () => {
      third = await platform.join();
    });

    it('lose nothing that was acknowledged, and are right about who is connected within its lease', async () => {
      const registered = [await register(), await register(), await register()];
      const survivor = await connect(here, registered[0]!);
      const native = await connect(third, registered[1]!);
      const fielded = closed(new FieldedProbe(third.url, registered[2]!.token));
      await fielded.connected();
      const quiet = await register();
      await (await connect(third, quiet)).firstSync();
      for (const probe of [...registered, quiet]) await platform.sees(here, user, probe, true);
      const watcher = closed(await Watcher.connect(here.url, user.api.token));
      await watcher.ask('subscribe', { probe: quiet.id });

      const perSecond = {
        cron: '* * * * *',
        times_per_minute: 60,
        stop_time: classicTime(new Date(Date.now() + 180_000)),
      };
      const api = new HttpClient(here.url, user.api.token);
      const { _id: classic } = await create(api, 'dns', [registered[2]!.id], perSecond);
      const operation = await platform.world.operation(user, registered.slice(0, 2), everyMinute(150));
      const { id } = operation;
      const run = await platform.world.began(operation, 151 * 60_000);
      await Promise.all([survivor.told(id), native.told(id), fielded.job(classic)]);
      const before = await platform.world.balance(user);

      const runs = Array.from({ length: 150 }, (_, n) => run(n));
      const deliverers = [new Deliverer(id, runs), new Deliverer(id, runs)];
      const files = Array.from({ length: 100 }, () => gzipResult(classic));
      const left = new Set(files);
      const bringing = [
        deliverers[0]!.bring(survivor),
        deliverers[1]!.bring(native),
        bringFiles(fielded, left),
      ];
      await until('some are acknowledged', () => deliverers[1]!.acknowledged.size > 20 && left.size < 80);
      await third.kill();
      await Promise.all(bringing);
      expect(deliverers[1]!.left).toBeGreaterThan(0);
      expect(left.size).toBeGreaterThan(0);

      // they find another server, the native one and the classic one
      const again = await connect(there, registered[1]!);
      expect((await again.firstSync()).operations.map(({ operation_id }) => operation_id)).toEqual([id]);
      const fieldedAgain = closed(new FieldedProbe(there.url, registered[2]!.token));
      await fieldedAgain.connected();
      await Promise.all([deliverers[1]!.bring(again), bringFiles(fieldedAgain, left)]);
      expect([deliverers.map((each) => each.left), left.size]).toEqual([[0, 0], 0]);

      for (const server of [here, there]) {
        const stored = await results(server, user, id);
        expect(stored.map((result) => result.scheduled_at).sort()).toEqual([...runs, ...runs].sort());
        expect(await results(server, user, classic)).toHaveLength(files.length);
      }
      expect(await platform.world.balance(user)).toBe(before + (300 + 100) * REWARD);
      expect(fieldedAgain.received).toEqual([]); // it had the job

      for (const server of [here, there]) {
        for (const probe of registered) await platform.sees(server, user, probe, true);
        await platform.sees(server, user, quiet, false);
      }
      expect(await watcher.event('probe')).toMatchObject({ probe_id: quiet.id, connected: false });
      await until('the session is closed', async () => {
        const client = await new mongoose.mongo.MongoClient(platform.databaseUri).connect();
        try {
          const probe = new mongoose.mongo.ObjectId(quiet.id);
          const [session] = await client.db().collection('sessions').find({ probe }).toArray();
          return session?.['reason'] === 'server died' && session['to'] >= session['from'];
        } finally {
          await client.close();
        }
      });
    });

    it('tell no probe twice of what was created meanwhile', async () => {
      const registered = await register();
      const probe = await connect(third, registered);
      await probe.firstSync();
      await third.kill();
      const made = await Promise.all(
        Array.from({ length: 5 }, () => platform.world.operation(user, [registered])),
      );
      const fielded = closed(new FieldedProbe(there.url, registered.token));
      await fielded.connected();
      // native operations are in no words of its own for a classic probe: all are refused, none is sent
      await until('all are refused', async () => {
        const states = await Promise.all(made.map(({ id }) => read(here, id)));
        return states.every(({ progress }) => progress.assignments['refused'] === 1);
      });
      expect(fielded.received).toEqual([]);
    });

    it('that leaves in order sends its probes to another, and loses nothing', async () => {
      const registered = await register();
      const probe = await connect(third, registered);
      const operation = await platform.world.operation(user, [registered], everyMinute(150));
      const { id } = operation;
      const run = await platform.world.began(operation, 151 * 60_000);
      await probe.told(id);
      const runs = Array.from({ length: 150 }, (_, n) => run(n));
      const deliverer = new Deliverer(id, runs);
      const bringing = deliverer.bring(probe);
      await until('some are acknowledged', () => deliverer.acknowledged.size > 20);
      const code = await third.stop();
      await bringing;
      expect([code, probe.reconnects.length]).toEqual([0, 1]);
      // at once: nobody waits for a lease
      await platform.sees(here, user, registered, false);
      const again = await connect(here, registered);
      await again.told(id);
      await deliverer.bring(again);
      expect(deliverer.left).toBe(0);
      expect((await results(there, user, id)).map((result) => result.scheduled_at)).toEqual(runs);
    });
  });
});
