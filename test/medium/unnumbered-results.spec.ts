import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection } from 'mongoose';
import { BatchWriter } from '../../src/core/ingest/batch-writer.js';
import { BatchEffects, type Submission } from '../../src/core/ingest/effects.js';
import { type ResultEntity } from '../../src/core/ingest/result.schema.js';
import { StoredResultsRepository } from '../../src/core/ingest/stored-results.repository.js';
import { TailAppender } from '../../src/core/ingest/tail-appender.js';
import { type TailLogEntity, unpackIds } from '../../src/core/ingest/tail-log.schema.js';
import { ResultsTail } from '../../src/core/ingest/tail.js';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { TransactionsService } from '../../src/platform/database/transactions.service.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { MongoSteps } from '../support/mongo-steps.js';
import { submissionOf } from '../support/submission.js';
import { until } from '../support/until.js';

const KB = 1024;
const hex = (results: readonly ResultEntity[]) => results.map(({ _id }) => _id.toHexString());

/** Those of a small batch say themselves that the results tail lacks them (docs/adr/0062). */
describe('results that have no number yet', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let servers: AppContext[];
  let connection: Connection;
  let codes = 0;

  beforeAll(async () => {
    mongo = await testMongo();
    servers = [await AppContext.start(mongo.uri), await AppContext.start(mongo.uri)];
    connection = servers[0]!.module.get<Connection>(getConnectionToken(), { strict: false });
  });
  beforeEach(async () => {
    for (const server of servers) await server.get(TailAppender).idle();
    for (const each of ['results', 'tail_outbox', 'tail_log'])
      await connection.collection(each).deleteMany({});
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    await mongo.stop();
  });

  const appender = (server = 0) => servers[server]!.get(TailAppender);
  const unnumbered = () => connection.collection('results').countDocuments({ unnumbered: true });
  const logged = async () => {
    const entries = await connection.collection<TailLogEntity>('tail_log').find().sort({ _id: 1 }).toArray();
    return entries.flatMap(({ results }) => unpackIds(results)).map((id) => id.toHexString());
  };

  function result(members: Partial<ResultEntity> = {}): ResultEntity {
    codes += 1;
    return {
      ...{ _id: new ObjectId(), operation: new ObjectId(), probe: new ObjectId() },
      ...{ unique_code: `run-${codes}`, outcome: 'stored', received_at: new Date() },
      ...members,
    };
  }

  async function store(count: number): Promise<ResultEntity[]> {
    const results = Array.from({ length: count }, () => result());
    await servers[0]!
      .get(TransactionsService)
      .run((transaction) =>
        servers[0]!.get(StoredResultsRepository).insertAll(results, transaction, { unnumbered: true }),
      );
    return results;
  }

  /** Of one assignment, so many bytes each. */
  async function submissions(count: number, bytes: number): Promise<Submission[]> {
    const owner = await servers[0]!.user();
    const probe = await servers[0]!.probe(owner);
    const { operation } = await servers[0]!.assignment(probe);
    return Array.from({ length: count }, () =>
      submissionOf({
        result: result({ operation, probe: probe._id }),
        ...{ probeOwner: owner._id, bytes },
        position: { claim: { type: 'unnamed' }, mark: undefined },
      }),
    );
  }

  it.each([
    ['one', 1, KB, 'results'],
    ['four', 4, KB, 'results'],
    ['more', 5, KB, 'outbox'],
    ['a large one', 1, 65 * KB, 'outbox'],
  ] as const)('of a batch of %s are known by what costs less', async (_, count, bytes, announcedBy) => {
    const batch = await submissions(count, bytes);
    await servers[0]!.get(TransactionsService).run(async (transaction) => {
      const applied = await servers[0]!.get(BatchEffects).apply(batch, 'results:test', transaction);
      expect(applied?.announcedBy).toBe(announcedBy);
    });
    expect(await unnumbered()).toBe(announcedBy === 'results' ? count : 0);
    expect(await connection.collection('tail_outbox').countDocuments()).toBe(
      announcedBy === 'outbox' ? 1 : 0,
    );
  });

  it('get it from who stored them, and are then as any other', async () => {
    const [submission] = await submissions(1, KB);
    expect(await servers[0]!.get(BatchWriter).write(submission!)).toBe('stored');
    await appender().idle();
    expect(await logged()).toEqual(hex([submission!.result]));
    const [stored] = await connection.collection('results').find().toArray();
    expect(stored).toEqual({ ...submission!.result, received_at: expect.any(Date) });
    expect(submission!.result).not.toHaveProperty('unnumbered');
  });

  it('get it from the second look of any server where who stored them is dead, once however many look', async () => {
    const results = await store(450);
    const looks = () => Promise.all(servers.map((server) => server.get(TailAppender).look()));
    await looks();
    expect(await logged()).toEqual([]);
    expect(await servers[1]!.get(ResultsTail).behind('nobody')).toMatchObject({ results: 450 });
    // one of the two may find what the other is at, and leave it
    await until('all to have theirs', async () => {
      await looks();
      return (await unnumbered()) === 0;
    });
    expect((await logged()).sort()).toEqual(hex(results).sort());
    expect(await servers[1]!.get(ResultsTail).behind('nobody')).toMatchObject({ results: 450 });
  });

  it('get it also where one beside them was deleted before', async () => {
    const results = await store(3);
    const [gone, ...others] = results;
    await connection.collection('results').deleteOne({ _id: gone!._id });
    appender().noteUnnumbered(results.map((each) => ({ result: each, bytes: KB })));
    await appender().idle();
    expect(await logged()).toEqual([]);
    for (const _look of [1, 2]) await appender(1).look();
    expect((await logged()).sort()).toEqual(hex(others).sort());
    expect(await unnumbered()).toBe(0);
  });

  it('get it once, whatever server is killed at whatever step', async () => {
    const behind = new URL(mongo.uri);
    const dataDir = await mkdtemp(join(tmpdir(), 'pladmed-unnumbered-'));
    const stored: ResultEntity[] = [];
    const killedAfter: string[] = [];
    for (let survived = false; !survived;) {
      stored.push(...(await store(2)));
      const steps = await MongoSteps.start(Number(behind.port));
      const uri = `mongodb://127.0.0.1:${steps.port}${behind.pathname}?directConnection=true`;
      // the same server each time: its start ends the transaction that it left open
      const victim = await AppContext.start(uri, { DATA_DIR: dataDir });
      let [left, killed, done] = [killedAfter.length, false, false];
      steps.watch(({ command, collection, inTransaction }) => {
        if (killed || !inTransaction) return !killed;
        left -= 1;
        if (left >= 0) return true;
        killed = true;
        killedAfter.push(`${command} ${collection}`.trim());
        return false;
      });
      try {
        const look = async () => {
          for (const _look of [1, 2]) await victim.get(TailAppender).look();
          done = true;
        };
        look().catch(() => undefined);
        await until('it to be killed, or done', () => killed || done);
        survived = !killed;
      } finally {
        steps.watch(() => false);
        // it asks nobody any more, and cannot say good-bye
        const own = victim.module.get<Connection>(getConnectionToken(), { strict: false });
        await own.getClient().close(true);
        await victim.stop().catch(() => undefined);
        await steps.stop();
      }
    }
    await rm(dataDir, { recursive: true, force: true });
    expect(await unnumbered()).toBe(0);
    expect((await logged()).sort()).toEqual(hex(stored).sort());
    expect(killedAfter).toEqual(
      expect.arrayContaining(['update results', 'insert tail_log', 'commitTransaction']),
    );
  });
});
