import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type Account, ApiWorld, type Operation, pingOn, type Registered } from '../support/api-world.js';
import { freshDatabaseUri, testMongo } from '../support/mongod.js';
import { MongoSteps } from '../support/mongo-steps.js';
import { dnsResult, failedRun, type NativeProbe } from '../support/native-probe.js';
import { sized } from '../support/size.js';

const GRANT = 1_000_000;
const CREDITS_PER_RESULT = 10;
/** Steps that leave something behind; to be killed after another is to be killed after the last of these. */
const WRITES = ['insert', 'update', 'findAndModify', 'delete', 'commitTransaction'];

/** The server is killed after each of its writes, or after one in so many, from a drawn one on. */
const ONE_IN = sized(1, 4);

/**
 * What the server does beside what it was asked for: test/medium/results-tail.spec.ts and unnumbered-results.spec.ts end it between any
 * two of these.
 */
const ASIDE = [
  'delete tail_outbox',
  'update results',
  'tail_log',
  'tail_positions',
  'activity',
  'rollups',
  'rollup_generations',
];

/**
 * Exactly once, whatever dies in between: the server is killed after the first write of its transaction, is started again, and
 * the caller asks again; then after the second write, and so on, until there is none left to be killed after.
 */
describe('kill -9 of the server between every two writes', () => {
  let world: ApiWorld;
  let steps: MongoSteps;
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let users: Account[];
  let probes: Registered[];

  beforeAll(async () => {
    mongo = await testMongo();
    const behind = new URL(freshDatabaseUri(mongo.uri));
    steps = await MongoSteps.start(Number(behind.port));
    const uri = `mongodb://127.0.0.1:${steps.port}${behind.pathname}?directConnection=true`;
    world = await ApiWorld.startProcess({ MONGODB_URI: uri });
    users = [await world.account(GRANT), await world.account(GRANT)];
    probes = await Promise.all(users.map((user) => world.probe(user)));
  });

  afterAll(async () => {
    await world.stop();
    await steps.stop();
    await mongo.stop();
  });

  /**
   * @param act what is done; it may fail, or never come back
   * @param again what whoever did it does when the server is there again, or was never away
   * @returns all writes, of the last round, and after how many the server was killed
   */
  async function killAfterEach(
    act: () => Promise<unknown>,
    again: () => Promise<unknown>,
    check: () => Promise<void>,
  ): Promise<{ writes: string[]; kills: number }> {
    let kills = 0;
    const first = 1 + Math.floor(Math.random() * ONE_IN);
    // what the server remembers is what it remembers in every round
    await again();
    await check();
    for (;;) {
      const { killed, writes } = await killAfter(first + kills * ONE_IN, act);
      if (killed) {
        await world.server.kill();
        await world.restart();
        kills += 1;
      }
      await again();
      await check();
      if (!killed) return { writes, kills };
    }
  }

  /** @returns the writes that were seen, and whether there were so many that it was killed */
  async function killAfter(
    count: number,
    act: () => Promise<unknown>,
  ): Promise<{ killed: boolean; writes: string[] }> {
    const { pid } = world.server;
    const writes: string[] = [];
    let left = count;
    const aside = new Set<string>();
    const killed = new Promise<true>((resolve) => {
      steps.watch((step) => {
        if (left === 0) return false;
        if (!step.inTransaction || !WRITES.includes(step.command)) return true;
        const { command, collection, session } = step;
        // a commit names no collection: it is of what its session wrote before
        if (ASIDE.some((each) => `${command} ${collection}`.endsWith(each))) aside.add(session);
        else if (command !== 'commitTransaction') aside.delete(session);
        if (aside.has(session)) return true;
        writes.push(`${command} ${collection}`.trim());
        left -= 1;
        if (left > 0) return true;
        process.kill(pid, 'SIGKILL');
        resolve(true);
        return false;
      });
    });
    const done = act().then(
      () => false,
      // it was cut off, which is what we wait for
      () => killed,
    );
    const ended = await Promise.race([killed, done]);
    steps.rest();
    return { killed: ended, writes };
  }

  /** The account as its owner sees it. */
  async function statement({ api }: Account): Promise<{ balance: number; sum: number; entries: Entry[] }> {
    const entries = (await api.pages<Entry>('/api/v1/users/me/ledger')).flat();
    const { body } = await api.get<{ credits: number }>('/api/v1/users/me');
    return { balance: body.credits, sum: entries.reduce((sum, { amount }) => sum + amount, 0), entries };
  }

  async function interval(run_s: number): Promise<Operation & { at: (run: number) => string }> {
    const stop = new Date(Date.now() + 3_600_000).toISOString();
    const operation = await world.operation(users[0]!, probes, {
      kind: 'dns',
      params: { fqdns: ['example.org'] },
      schedule: { type: 'interval', every_s: run_s, stop },
    });
    // a run that is not due yet counts later: here all of them are due
    return { ...operation, at: await world.began(operation, 2 * 3_600_000) };
  }

  it('stores results and failed runs, counts them and pays for them once', async () => {
    const [often, rarely] = [await interval(1), await interval(60)];
    const before = await Promise.all(users.map((user) => world.balance(user)));
    let [run, rounds] = [0, 0];
    let connected: NativeProbe[] = [];
    const connect = async (): Promise<void> => {
      connected = await Promise.all(probes.map((probe) => world.connect(probe)));
      await Promise.all(connected.map((probe) => probe.firstSync()));
    };
    const send = () =>
      Promise.all(
        connected.flatMap((probe) => [
          probe.results([
            ...[run, run + 1].map((each) => dnsResult(often.id, often.at(each))),
            dnsResult(rarely.id, rarely.at(rounds)),
          ]),
          probe.failed([failedRun(often.id, often.at(run + 2), { reason: 'missed' })]),
        ]),
      );
    const told = new Set<string>();
    await connect();

    const { writes, kills } = await killAfterEach(
      send,
      async () => {
        if (connected.some(({ ended }) => ended !== undefined)) await connect();
        for (const { items = [] } of await send()) for (const { status } of items) told.add(status);
        run += 3;
        rounds += 1;
      },
      async () => {
        const counted = await Promise.all([often, rarely].map((each) => countsOf(each)));
        expect(counted).toEqual([
          { received: 4 * rounds, failed: 2 * rounds, fates: [4 * rounds, 2 * rounds], results: 6 * rounds },
          { received: 2 * rounds, failed: 0, fates: [2 * rounds, 0], results: 2 * rounds },
        ]);
        for (const [index, user] of users.entries()) {
          const { balance, sum } = await statement(user);
          expect([balance, sum]).toEqual([balance, balance]);
          expect(balance).toBe((before[index] ?? 0) + 3 * rounds * CREDITS_PER_RESULT);
        }
      },
    );
    for (const step of ['update assignments', 'update runsheets', 'insert ledger', 'insert results'])
      expect(writes).toContain(step);
    expect(writes).toContain('commitTransaction');
    expect(kills).toBeGreaterThanOrEqual(Math.floor(writes.length / ONE_IN));
    // killed before the commit, and where all are tried after it too: the probe sent both again
    expect([...told]).toEqual(expect.arrayContaining(sized(['duplicate', 'stored'], ['stored'])));

    async function countsOf({ id }: Operation) {
      const { body } = await users[0]!.api.get<Operation>(`/api/v1/operations/${id}`);
      const coverage = await users[0]!.api.get<{ fates: Record<string, number> }>(
        `/api/v1/operations/${id}/coverage`,
      );
      const { fates } = coverage.body;
      const results = (await users[0]!.api.pages(`/api/v1/operations/${id}/results?limit=1000`)).flat();
      const { received, failed } = body.progress;
      return { received, failed, fates: [fates['received'], fates['failed']], results: results.length };
    }
  });

  it('makes an operation and takes its price once, and brings it', async () => {
    const [user] = users as [Account];
    let key = randomUUID();
    let made = 0;
    const before = await world.balance(user);
    const known = (await user.api.pages('/api/v1/operations?mine=true')).flat().length;
    const create = () =>
      user.api.post<Operation>('/api/v1/operations', pingOn(probes), { 'idempotency-key': key });
    let latest = '';

    const { writes, kills } = await killAfterEach(
      create,
      async () => {
        const { status, body } = await create();
        expect([200, 201]).toContain(status);
        latest = body.id;
        made += 1;
        key = randomUUID();
      },
      async () => {
        const all = (await user.api.pages<Operation>('/api/v1/operations?mine=true')).flat();
        expect(all.length).toBe(known + made);
        const { balance, sum, entries } = await statement(user);
        expect([balance, sum]).toEqual([before - made * probes.length, balance]);
        expect(entries.filter(({ reference }) => reference === `operation:${latest}`)).toHaveLength(1);
        const probe = await world.connect(probes[0]!);
        await probe.told(latest);
        probe.close();
      },
    );
    expect(kills).toBeGreaterThanOrEqual(Math.floor(writes.length / ONE_IN));
    expect(writes).toEqual(
      expect.arrayContaining([
        'insert ledger',
        'update operations',
        'insert assignments',
        'commitTransaction',
      ]),
    );
  });

  it('stops an operation and pays back once', async () => {
    const [user] = users as [Account];
    const body = pingOn(probes, {
      schedule: { type: 'interval', every_s: 60, stop: new Date(Date.now() + 3_600_000).toISOString() },
    });
    const create = async () => (await user.api.post<Operation>('/api/v1/operations', body)).body.id;
    let id = await create();
    let refunds = 0;
    const stop = () => user.api.post<Operation>(`/api/v1/operations/${id}/stop`);

    const { writes, kills } = await killAfterEach(
      stop,
      async () => {
        // conflict: it is stopped already
        expect([200, 409]).toContain((await stop()).status);
        refunds += 1;
      },
      async () => {
        const stopped = (await user.api.get<Operation>(`/api/v1/operations/${id}`)).body;
        expect(stopped).toMatchObject({ state: 'stopped', progress: { assignments: { stopped: 2 } } });
        const { balance, sum, entries } = await statement(user);
        expect(sum).toBe(balance);
        const paidBack = entries.filter(({ reason }) => reason === 'refund');
        expect(paidBack).toHaveLength(refunds);
        expect(paidBack.filter(({ reference }) => reference === `stop:${id}`)).toMatchObject([
          { amount: stopped.refunded },
        ]);
        id = await create();
      },
    );
    expect(kills).toBeGreaterThanOrEqual(Math.floor(writes.length / ONE_IN));
    expect(writes).toEqual(
      expect.arrayContaining(['update assignments', 'insert ledger', 'commitTransaction']),
    );
  });
});

interface Entry {
  amount: number;
  reason: string;
  reference: string;
}
