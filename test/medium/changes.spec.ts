import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Connection } from 'mongoose';
import { AssignmentsRepository } from '../../src/core/assignments/index.js';
import { StoredResultsRepository } from '../../src/core/ingest/stored-results.repository.js';
import { ResultsTail } from '../../src/core/ingest/tail.js';
import { TailAppender } from '../../src/core/ingest/tail-appender.js';
import { announced } from '../../src/core/ingest/tail-log.schema.js';
import { TailLogRepository } from '../../src/core/ingest/tail-log.repository.js';
import { type ResultEntity } from '../../src/core/ingest/result.schema.js';
import { PlatformTimesService } from '../../src/core/reliability/index.js';
import { ChangeRebuilder } from '../../src/derived/changes/change-rebuilder.js';
import { ChangesConsumer } from '../../src/derived/changes/changes.consumer.js';
import { QuietProbesService } from '../../src/derived/changes/quiet-probes.service.js';
import { orderRebuild } from '../../src/derived/changes/index.js';
import { type ChangeEntity } from '../../src/derived/changes/change.schema.js';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { TransactionsService } from '../../src/platform/database/transactions.service.js';
import { type Summary } from '../../src/measurement/formats/summary.js';
import { Random } from '../chaos/random.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { until } from '../support/until.js';

const MINUTE = 60_000;
/** Of the first run of a test: long ago enough that what is due comes to an end before now. */
const BEGIN = Date.now() - 2 * 86_400_000;

describe('changes', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let server: AppContext;
  let connection: Connection;
  let codes = 0;

  beforeAll(async () => {
    mongo = await testMongo();
    server = await AppContext.start(mongo.uri);
    server.get(ChangesConsumer).onApplicationBootstrap();
    connection = server.module.get<Connection>(getConnectionToken(), { strict: false });
  });
  beforeEach(async () => {
    for (const name of COLLECTIONS) await connection.collection(name).deleteMany({});
  });
  afterAll(async () => {
    await server.stop();
    await mongo.stop();
  });

  const COLLECTIONS = [
    ...['results', 'tail_outbox', 'tail_log', 'tail_positions', 'leases', 'operations', 'assignments'],
    ...['changes', 'change_states', 'change_rebuilds', 'change_numbers', 'platformtimes'],
  ];

  const get = <T>(token: abstract new (...args: never[]) => T): T => server.get(token);

  function result(operation: ObjectId, probe: ObjectId, at: number, summary: Summary[]): ResultEntity {
    codes += 1;
    return {
      ...{ _id: new ObjectId(), operation, probe, unique_code: `run-${codes}`, outcome: 'stored' },
      ...{ received_at: new Date(at + 1000), scheduled_at: new Date(at), summary },
    };
  }

  /** As ingest does. */
  async function store(results: ResultEntity[]): Promise<void> {
    const batch = announced(
      `results:${new ObjectId().toHexString()}`,
      results.map(({ _id }) => _id),
    );
    await get(TransactionsService).run(async (transaction) => {
      await get(StoredResultsRepository).insertAll(results, transaction);
      await get(TailLogRepository).announce(batch, transaction);
    });
    get(TailAppender).noteStored(batch);
    await get(TailAppender).idle();
  }

  const order = (operation: ObjectId | undefined) =>
    orderRebuild(connection.getClient(), connection.getClient().db(connection.name), operation);

  const untilRead = () =>
    until('all to be read', async () => {
      const tail = get(ResultsTail);
      return (await tail.positionOf('changes')) === (await tail.count());
    });

  async function found(): Promise<Omit<ChangeEntity, 'number' | 'updated'>[]> {
    const changes = await connection.collection<ChangeEntity>('changes').find().sort({ _id: 1 }).toArray();
    return changes.map(({ number: _number, updated: _updated, ...change }) => change);
  }
  /** When a probe may be quiet is looked up again before anybody is told. */
  async function states(): Promise<string> {
    const found = await connection.collection('change_states').find().sort({ _id: 1 }).toArray();
    return JSON.stringify(found.map(({ _id, state }) => [String(_id), state as string]));
  }

  const status = (url: string, value: number, ms = 10): Summary => ({
    ...{ type: 'http', url, status: value, connect_ms: ms },
  });

  async function operation(more: object = {}): Promise<ObjectId> {
    const _id = new ObjectId();
    const schedule = {
      type: 'interval',
      every_s: 60,
      start: new Date(BEGIN),
      stop: new Date(BEGIN + 600 * MINUTE),
    };
    await connection.collection('operations').insertOne({ _id, kind: 'http', schedule, ...more });
    return _id;
  }

  const URLS = Array.from({ length: 20 }, (_, n) => `https://example.org/${n}`);

  /** Five destinations answer 503 from run 30 on, one run later with each further probe; one is balanced; some take longer. */
  function entriesOf(run: number, probe: number, random: Random): Summary[] {
    const isNew = run >= 30 + probe;
    return URLS.map((url, n) => {
      const ms = run < 30 ? 10 : 10 + n * random.next();
      if (n === 3) return status(url, random.pick([200, 404]), ms);
      return status(url, n < 6 && isNew ? 503 : 200, ms);
    });
  }

  /** The last probe is quiet from run 21 to 29; some results come late, and twice. */
  function history(operations: readonly ObjectId[], probes: readonly ObjectId[]): ResultEntity[] {
    const random = new Random(20);
    const all: ResultEntity[] = [];
    const add = (run: number, each: ObjectId, index: number) => {
      const [probe, at] = [probes[index]!, BEGIN + run * MINUTE];
      all.push(result(each, probe, at, entriesOf(run, index, random)));
      if (random.chance(0.1)) all.push(result(each, probe, at - 5 * MINUTE, [status(URLS[0]!, 500)]));
    };
    for (let run = 0; run < 60; run += 1) {
      for (const each of operations) {
        for (const index of probes.keys()) if (index < 2 || run <= 20 || run >= 30) add(run, each, index);
      }
    }
    return all;
  }

  it('are found once, merged over probes, and the same when they are found anew', async () => {
    const operations = [await operation(), await operation()];
    const probes = [new ObjectId(), new ObjectId(), new ObjectId()];
    const all = history(operations, probes);
    for (let from = 0; from < all.length; from += 50) await store(all.slice(from, from + 50));
    await untilRead();

    const changes = await found();
    const statuses = changes.filter(({ type }) => type === 'http_status');
    expect(statuses).toHaveLength(2 * 5);
    for (const { probe_count, since, before, after } of statuses) {
      expect(probe_count).toBe(3);
      expect(since).toEqual(new Date(BEGIN + 30 * MINUTE));
      expect([before, after]).toEqual([{ statuses: [200] }, { statuses: [503] }]);
    }
    expect(changes.filter(({ type }) => type === 'quiet')).toMatchObject(
      operations.map(() => ({
        probe_count: 1,
        since: new Date(BEGIN + 20 * MINUTE + 1000),
        probes: [{ probe: probes[2], back_at: new Date(BEGIN + 30 * MINUTE + 1000) }],
      })),
    );

    const rebuilder = get(ChangeRebuilder);
    await order(operations[0]);
    const more = operations.map((each) =>
      result(each, probes[0]!, BEGIN + 61 * MINUTE, [status(URLS[0]!, 503)]),
    );
    await store(more);
    await rebuilder.work(new AbortController().signal);
    await untilRead();
    await until('the order to be over', async () => {
      await store([result(operations[1]!, new ObjectId(), BEGIN, [])]);
      return (await connection.collection('change_rebuilds').countDocuments()) === 0;
    });
    expect(await found()).toEqual(changes);
    await untilRead();
    const kept = await states();

    await order(undefined);
    await until('it to begin anew', async () => (await get(ResultsTail).positionOf('changes')) !== undefined);
    await untilRead();
    expect(await found()).toEqual(changes);
    // not toEqual: the difference would fill the screen
    expect((await states()) === kept).toBe(true);
  });

  it('say that a probe is quiet, and that it is back, but not when the platform was away', async () => {
    const now = Date.now();
    const start = now - 30 * MINUTE;
    const schedule = {
      type: 'interval',
      every_s: 60,
      start: new Date(start),
      stop: new Date(now + 60 * MINUTE),
    };
    const [seen, unseen] = [await operation({ schedule }), await operation({ schedule })];
    const probe = await get(PlatformTimesService)
      .note(new Date(now))
      .then(() => new ObjectId());
    for (const each of [seen, unseen]) {
      await get(TransactionsService).run((transaction) =>
        get(AssignmentsRepository).insertAll(
          [
            {
              ...{
                _id: new ObjectId(),
                operation: each,
                probe,
                probe_owner: new ObjectId(),
                state: 'delivered',
              },
              ...{ due: 90, received: 1, failed: 0, created_at: new Date(start) },
              ...{ ends_at: new Date(now + 60 * MINUTE), last_result_at: new Date(start + MINUTE + 1000) },
            },
          ],
          transaction,
        ),
      );
    }
    // of the other one something has come that is not read yet
    await connection
      .collection('assignments')
      .updateOne({ operation: unseen }, { $set: { last_result_at: new Date(now - 1000) } });
    await store(
      [seen, unseen].map((each) => result(each, probe, start + MINUTE, [status('http://a/', 200)])),
    );
    await untilRead();
    await get(QuietProbesService).look();
    await get(QuietProbesService).look();
    const quiet = { operation: seen, type: 'quiet', since: new Date(start + MINUTE + 1000), probe_count: 1 };
    expect(await found()).toMatchObject([{ ...quiet, noticed_at: new Date(start + 6 * MINUTE) }]);
    await store([result(seen, probe, now - MINUTE, [status('http://a/', 200)])]);
    await untilRead();
    expect(await found()).toMatchObject([{ ...quiet, probes: [{ back_at: new Date(now - MINUTE + 1000) }] }]);
  }, 120_000);
});
