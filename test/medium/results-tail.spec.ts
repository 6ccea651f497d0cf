import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type mongoose from 'mongoose';
import { type Collection, type Connection } from 'mongoose';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { type Transaction, TransactionsService } from '../../src/platform/database/transactions.service.js';
import { MIGRATIONS } from '../../src/core/maintenance/index.js';
import { BatchWriter } from '../../src/core/ingest/batch-writer.js';
import { rawBytes, type ResultEntity } from '../../src/core/ingest/result.schema.js';
import { StoredResultsRepository } from '../../src/core/ingest/stored-results.repository.js';
import { type TailConsumer, type WritingConsumer } from '../../src/core/ingest/tail-consumers.js';
import { ResultsTail, TailPositionLostError } from '../../src/core/ingest/tail.js';
import { TailAppender } from '../../src/core/ingest/tail-appender.js';
import { TailLogRepository } from '../../src/core/ingest/tail-log.repository.js';
import {
  announced,
  type TailLogEntity,
  type TailPositionEntity,
} from '../../src/core/ingest/tail-log.schema.js';
import { type TailBatch } from '../../src/core/ingest/tail-reader.js';
import { digestResult, formatOf } from '../../src/measurement/kinds/result-formats.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { sized } from '../support/size.js';
import { MongoSteps } from '../support/mongo-steps.js';
import { submissionOf } from '../support/submission.js';
import { until } from '../support/until.js';

const FIELDS = ['outcome', 'unique_code'] as const;
type Batch = TailBatch<(typeof FIELDS)[number]>;
interface Seen {
  _id: ObjectId;
  consumer: string;
  number: number;
  result: ObjectId;
}

let codes = 0;
const result = (): ResultEntity => {
  codes += 1;
  return {
    _id: new ObjectId(),
    operation: new ObjectId(),
    probe: new ObjectId(),
    unique_code: `run-${codes}`,
    outcome: 'stored',
    received_at: new Date(),
  };
};
const hex = (ids: readonly ObjectId[]) => ids.map((id) => id.toHexString());
const idsOf = (batches: readonly Batch[]) =>
  batches.flatMap(({ results }) => results.map((each) => each.result._id.toHexString()));
const numbersOf = (batches: readonly Batch[]) =>
  batches.flatMap(({ results }) => results.map(({ number }) => number));
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

/** What is between a test and its end, so that it can be held there. */
class Gate {
  private open: () => void = () => undefined;
  readonly passed = new Promise<void>((resolve) => {
    this.open = resolve;
  });
  reached = false;

  async pass(): Promise<void> {
    this.reached = true;
    await this.passed;
  }

  release(): void {
    this.open();
  }
}

describe('the results tail', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let servers: AppContext[];
  let connection: Connection;
  let names = 0;
  let name: string;

  beforeAll(async () => {
    mongo = await testMongo();
    servers = [await AppContext.start(mongo.uri), await AppContext.start(mongo.uri)];
    connection = servers[0]!.module.get<Connection>(getConnectionToken(), { strict: false });
  });
  beforeEach(async () => {
    names += 1;
    name = `consumer-${names}`;
    // what the test before has left to append is appended together with what this one stores, or, once its announcement is gone, not at all
    for (const server of servers) await server.get(TailAppender).idle();
    for (const each of ['results', 'tail_outbox', 'tail_log', 'tail_positions', 'leases', 'seen'])
      await connection.collection(each).deleteMany({});
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    await mongo.stop();
  });

  const log = () => connection.collection<TailLogEntity>('tail_log');
  const positions = () => connection.collection<TailPositionEntity>('tail_positions');
  const seen = () => connection.collection('seen') as unknown as Collection<Seen>;
  /** Over the connection of the server that reads. */
  const seenBy = (transaction: Transaction) =>
    (transaction as unknown as { client: mongoose.mongo.MongoClient }).client
      .db(connection.name)
      .collection<Seen>('seen');
  const tail = (server = 0) => servers[server]!.get(ResultsTail);

  /** As ingest stores a batch. @param before the commit */
  async function store(
    count: number,
    {
      server = 0,
      unnumbered = false,
      before = () => Promise.resolve(),
    }: { server?: number; unnumbered?: boolean; before?: () => Promise<void> } = {},
  ): Promise<{ results: ResultEntity[]; reference: string; ids: ObjectId[] }> {
    const results = Array.from({ length: count }, result);
    const ids = results.map(({ _id }) => _id);
    const reference = `results:${new ObjectId().toHexString()}`;
    await servers[server]!.get(TransactionsService).run(async (transaction) => {
      await servers[server]!.get(StoredResultsRepository).insertAll(results, transaction, { unnumbered });
      if (!unnumbered)
        await servers[server]!.get(TailLogRepository).announce(announced(reference, ids), transaction);
      await before();
    });
    return { results, reference, ids };
  }

  /** The same, and into the log. */
  async function storeAndAppend(count: number, server = 0): Promise<string[]> {
    const { reference, ids } = await store(count, { server });
    const appender = servers[server]!.get(TailAppender);
    appender.noteStored(announced(reference, ids));
    await appender.idle();
    return hex(ids);
  }

  /** Follows until it has so many. */
  async function followed(count: number, position?: string, server = 0) {
    const batches: (Batch & { position: string })[] = [];
    const enough = new AbortController();
    if (count === 0) return batches;
    for await (const batch of tail(server).follow(position, FIELDS, enough.signal)) {
      batches.push(batch);
      if (numbersOf(batches).length >= count) enough.abort();
    }
    return batches;
  }

  /** Notes in the database what it gets, in the transaction that moves its position. */
  const writer = (more: Partial<WritingConsumer<(typeof FIELDS)[number]>> = {}, consumer = name) => ({
    name: consumer,
    start: 'beginning' as const,
    fields: FIELDS,
    write: async ({ results }: Batch, transaction: Transaction) => {
      const notes = results.map((each) => ({
        _id: new ObjectId(),
        consumer,
        number: each.number,
        result: each.result._id,
      }));
      await seenBy(transaction).insertMany(notes, { session: transaction });
    },
    ...more,
  });
  const written = async () => {
    const notes = await seen().find({ consumer: name }).sort({ number: 1 }).toArray();
    return { numbers: notes.map(({ number }) => number), ids: hex(notes.map((note) => note.result)) };
  };
  const position = async () => (await positions().findOne({ _id: name }))?.at;
  const reached = (at: number) => until(`${name} to be at ${at}`, async () => (await position()) === at);
  /** Its holder is not heard of any more, as far as others know. */
  const overLease = () => connection.collection('leases').deleteMany({ _id: `tail:${name}` as never });

  it('has each result that was committed, once, in one order, however transactions end', async () => {
    const transaction = fc.record({
      server: fc.integer({ min: 0, max: 1 }),
      results: fc.integer({ min: 1, max: 5 }),
      /** they say themselves that the log lacks them, or the outbox does */
      unnumbered: fc.boolean(),
      /** it commits when so many others have ended */
      after: fc.integer({ min: 0, max: 5 }),
      fate: fc.constantFrom('appended', 'appended', 'left', 'aborted'),
    });
    const property = fc.asyncProperty(
      fc.array(transaction, { minLength: 1, maxLength: 8 }),
      async (transactions) => {
        const before = await tail().count();
        const start = await tail().now();
        let ended = 0;
        const most = transactions.length - 1;
        const stored = transactions.map(
          async ({ server, results: count, unnumbered, after, fate }, index) => {
            try {
              const { results, reference, ids } = await store(count, {
                ...{ server, unnumbered },
                before: async () => {
                  // those before it may wait for it, or it for them: never both
                  await until('others', () => ended >= Math.min(after, index, most));
                  if (fate === 'aborted') throw new Error('aborted on purpose');
                },
              });
              const appender = servers[server]!.get(TailAppender);
              const fresh = results.map((each) => ({ result: each, bytes: 100 }));
              if (fate === 'appended' && unnumbered) appender.noteUnnumbered(fresh);
              else if (fate === 'appended') appender.noteStored(announced(reference, ids));
              return hex(ids);
            } catch (error) {
              if (fate !== 'aborted') throw error;
              return [];
            } finally {
              ended += 1;
            }
          },
        );
        const count = transactions
          .filter(({ fate }) => fate !== 'aborted')
          .reduce((sum, { results }) => sum + results, 0);
        const following = followed(count, start);
        const ids = (await Promise.all(stored)).flat();
        // the servers that left some are dead: another one looks, twice
        for (const look of [1, 2]) await servers[look % 2]!.get(TailAppender).look();
        await servers[0]!.get(TailAppender).look();
        const batches = await following;
        expect(idsOf(batches).sort()).toEqual(ids.sort());
        expect(numbersOf(batches)).toEqual(upTo(count).map((n) => before + n));
        // read again, on the other server: the same order
        expect(idsOf(await followed(count, start, 1))).toEqual(idsOf(batches));
        expect(await connection.collection('tail_outbox').countDocuments()).toBe(0);
        expect(await connection.collection('results').countDocuments({ unnumbered: true })).toBe(0);
      },
    );
    await fc.assert(property, { numRuns: sized(8, 4) });
  });

  it('takes what ingest stores at two servers at once', async () => {
    const owner = await servers[0]!.user();
    const probe = await servers[0]!.probe(owner);
    const assignment = await servers[0]!.assignment(probe);
    const start = await tail().now();
    const submissions = Array.from({ length: 300 }, (_, n) => ({
      result: {
        ...result(),
        operation: assignment.operation,
        probe: probe._id,
        unique_code: `run-${n % 250}`,
      },
      probeOwner: owner._id,
      bytes: 100,
      position: { claim: { type: 'unnamed' as const }, mark: undefined },
    }));
    const following = followed(250, start);
    const answers = await Promise.all(
      submissions.map((submission, n) => servers[n % 2]!.get(BatchWriter).write(submissionOf(submission))),
    );
    expect(answers.filter((answer) => answer === 'stored')).toHaveLength(250);
    // what a busy machine left in the outbox a look appends, which these servers do not take by themselves
    await until('all are in the log', async () => {
      for (const server of servers) await server.get(TailAppender).look();
      return (await log().find().sort({ _id: -1 }).limit(1).toArray())[0]?._id === 250;
    });
    const stored = await servers[0]!.results(assignment.operation);
    expect(idsOf(await following).sort()).toEqual(hex(stored.map(({ _id }) => _id)).sort());
  });

  it('hands out the same of results that this server has just stored as another one reads', async () => {
    const owner = await servers[0]!.user();
    const probe = await servers[0]!.probe(owner);
    const assignment = await servers[0]!.assignment(probe);
    const start = await tail().now();
    const dig = gzipSync(
      '; <<>> DiG 9.18 <<>> example.org\n;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1\n',
    );
    const contents = [
      ['ping', readFileSync('warts/test/fixtures/100-ping-c-51.warts')],
      ['traceroute', readFileSync('warts/test/fixtures/024-trace-P-tcp-w-1-q-2-10-77-6-2.warts')],
      ['ping', Buffer.from('no warts')],
      ['gzip', dig],
    ] as const;
    const stored = contents.map(async ([kind, raw], n) => {
      const format = kind === 'gzip' ? 'gzip' : formatOf(kind, 'warts', true)!;
      const { summary, rtts, error } = await digestResult(format, raw);
      const submission = submissionOf({
        result: {
          ...result(),
          ...{
            operation: assignment.operation,
            probe: probe._id,
            unique_code: `kind-${n}`,
            format,
            raw,
            summary,
          },
          ...(rtts && { rtts }),
          decode_error: error,
        } as ResultEntity,
        probeOwner: owner._id,
        bytes: 100,
        position: { claim: { type: 'unnamed' }, mark: undefined },
      });
      return servers[0]!.get(BatchWriter).write(submission);
    });
    expect(await Promise.all(stored)).toEqual(contents.map(() => 'stored'));
    await servers[0]!.get(TailAppender).idle();
    const fields = [
      'outcome',
      'received_at',
      'summary',
      'rtts',
      'decode_error',
      'paid_by',
      'format',
    ] as const;
    const read = async (server: number) => {
      const found: unknown[] = [];
      for await (const { results } of tail(server).follow(start, fields, new AbortController().signal)) {
        for (const { number, result: each } of results) {
          const { rtts, ...rest } = each;
          const others = fields.filter((field) => field !== 'rtts').map((field) => [field, rest[field]]);
          found.push({
            number,
            rtts: rtts && rawBytes(rtts).toString('hex'),
            ...Object.fromEntries(others),
          });
        }
        // they may come in more than one batch
        if (found.length >= contents.length) break;
      }
      return found;
    };
    const [own, others] = [await read(0), await read(1)];
    expect(own).toHaveLength(contents.length);
    expect(own).toEqual(others);
  });

  it('hands out at most 2,000 results at once, with the fields asked for and no others', async () => {
    const ids = await storeAndAppend(2500);
    const batches = await followed(2500);
    expect(batches.map(({ results }) => results.length)).toEqual([2000, 500]);
    expect(idsOf(batches)).toEqual(ids);
    expect(Object.keys(batches[0]!.results[0]!.result).sort()).toEqual(
      ['_id', 'operation', 'probe', ...FIELDS].sort(),
    );
  });

  it('has less in a batch where results are large', async () => {
    const large = {
      ...result(),
      summary: [{ text: 'x'.repeat(3 * 1024 * 1024) }],
    } as unknown as ResultEntity;
    const results = [1, 2, 3, 4].map(() => ({ ...large, _id: new ObjectId(), probe: new ObjectId() }));
    for (const each of results) {
      await servers[0]!.get(TransactionsService).run(async (transaction) => {
        await servers[0]!.get(StoredResultsRepository).insertAll([each], transaction);
        const batch = announced(String(each._id), [each._id]);
        await servers[0]!.get(TailLogRepository).announce(batch, transaction);
      });
    }
    for (const _look of [1, 2]) await servers[0]!.get(TailAppender).look();
    const sizes: number[] = [];
    for await (const batch of tail().follow(undefined, ['summary'], AbortSignal.timeout(60_000))) {
      sizes.push(batch.results.length);
      if (batch.to === 4) break;
    }
    expect(sizes).toEqual([2, 2]);
  });

  it('leaves out what was deleted, and goes on', async () => {
    const ids = await storeAndAppend(3);
    await connection.collection('results').deleteOne({ _id: new ObjectId(ids[1]) });
    const batches = await followed(2);
    expect(numbersOf(batches)).toEqual([1, 3]);
    expect(batches.at(-1)).toMatchObject({ to: 3, missed: 0 });
  });

  describe('with positions that a follower brings', () => {
    it('goes on from any of them, on any server', async () => {
      const ids = await storeAndAppend(5);
      const start = (await followed(5))[0]!.position;
      const more = [...(await storeAndAppend(2, 1)), ...(await storeAndAppend(3))];
      const epoch = start.split('-')[1];
      expect(idsOf(await followed(5, start, 1))).toEqual(more);
      for (const at of [0, 1, 4])
        expect(idsOf(await followed(10 - at, `${at}-${epoch}`, 1))).toEqual([...ids, ...more].slice(at));
      expect(await tail(1).now()).toBe(`10-${epoch}`);
    });

    it('goes on from before the first result', async () => {
      const start = await tail().now();
      expect(start).toBe('0-');
      const following = followed(2, start, 1);
      const ids = await storeAndAppend(2);
      expect(idsOf(await following)).toEqual(ids);
    });

    it('says which are lost: not kept any more, never handed out, of another log', async () => {
      await storeAndAppend(2);
      const old = await tail().now();
      await storeAndAppend(2);
      const kept = await tail().now();
      await storeAndAppend(2);
      const [number, epoch] = kept.split('-');
      await log().deleteMany({ _id: { $lte: 3 } });
      const other = new ObjectId().toHexString();
      for (const lost of [old, `7-${epoch}`, `${number}-${other}`, `${number}-`, 'x', '', `-1-${epoch}`])
        await expect(followed(1, lost)).rejects.toThrow(TailPositionLostError);
      expect(numbersOf(await followed(2, kept))).toEqual([5, 6]);
    });

    it('tells one who waits when the log begins anew', async () => {
      await storeAndAppend(3);
      const waiting = followed(1, await tail().now());
      await log().deleteMany({});
      await expect(waiting).rejects.toThrow(TailPositionLostError);
      const before = await tail().now();
      const ids = await storeAndAppend(1);
      expect(idsOf(await followed(1, before))).toEqual(ids);
    });

    it('ends when it is told to', async () => {
      const gone = new AbortController();
      const ended = (async () => {
        for await (const batch of tail().follow(undefined, FIELDS, gone.signal)) return batch;
        return 'ended';
      })();
      gone.abort();
      expect(await ended).toBe('ended');
    });
  });

  describe('with a position that is stored', () => {
    it('is read by one server, from the beginning, each result once', async () => {
      const ids = await storeAndAppend(3);
      for (const server of [0, 1]) tail(server).consume(writer());
      await reached(3);
      ids.push(...(await storeAndAppend(4, 1)));
      await reached(7);
      expect(await written()).toEqual({ numbers: upTo(7), ids });
      const lags = (await Promise.all([tail(0).lags(), tail(1).lags()])).flat();
      expect(lags.filter(({ consumer }) => consumer === name)).toEqual([
        { consumer: name, results: 0, seconds: 0 },
        { consumer: name, results: 0, seconds: 0 },
      ]);
    });

    it('begins with what comes next, if it wants that', async () => {
      await storeAndAppend(3);
      tail().consume(writer({ start: 'now' }));
      await reached(3);
      const ids = await storeAndAppend(2);
      await reached(5);
      expect(await written()).toEqual({ numbers: [4, 5], ids });
    });

    it('is moved by nobody whose claim is over, and what they write with it is not written', async () => {
      const gate = new Gate();
      const acted: string[] = [];
      const ids = await storeAndAppend(3);
      const acting = (server: number): TailConsumer<(typeof FIELDS)[number]> => ({
        ...{ name, start: 'beginning', fields: FIELDS },
        act: async (batch: Batch) => {
          if (server === 0) await gate.pass();
          acted.push(...idsOf([batch]));
        },
      });
      tail(0).consume(acting(0));
      await until('the first reader to be at work', () => gate.reached);
      await overLease();
      tail(1).consume(acting(1));
      await reached(3);
      const claim = (await positions().findOne({ _id: name }))?.claim;
      ids.push(...(await storeAndAppend(2)));
      await reached(5);
      // it wakes, far behind, and would set the position back
      gate.release();
      await until('the first reader to end its work', () => acted.length === 8);
      await storeAndAppend(1);
      await reached(6);
      expect((await positions().findOne({ _id: name }))?.claim).toBe(claim);
      expect([...new Set(acted)].slice(0, 5).sort()).toEqual(ids.sort());
    });

    it('is one with what is written: a second reader comes after the first one’s transaction', async () => {
      const gate = new Gate();
      const ids = await storeAndAppend(3);
      const { write } = writer();
      tail(0).consume({
        ...writer(),
        write: async (batch: Batch, transaction: Transaction) => {
          await write(batch, transaction);
          await gate.pass();
        },
      });
      await until('the first reader to be in its transaction', () => gate.reached);
      await overLease();
      tail(1).consume(writer());
      ids.push(...(await storeAndAppend(2)));
      gate.release();
      await reached(5);
      expect(await written()).toEqual({ numbers: upTo(5), ids });
    });

    it('survives a reader that is killed at any step: what is written is written once', async () => {
      const behind = new URL(mongo.uri);
      const ids: string[] = [];
      const killedAfter: string[] = [];
      const dataDir = await mkdtemp(join(tmpdir(), 'pladmed-tail-'));
      let rounds = 0;
      for (let survived = false; !survived; rounds += 1) {
        ids.push(...(await storeAndAppend(2)));
        const steps = await MongoSteps.start(Number(behind.port));
        const uri = `mongodb://127.0.0.1:${steps.port}${behind.pathname}?directConnection=true`;
        // the same server each time: its start ends the transaction that it left open
        const victim = await AppContext.start(uri, { DATA_DIR: dataDir });
        let count = 0;
        let killed = false;
        steps.watch(({ command, collection, inTransaction }) => {
          if (killed || !inTransaction) return !killed;
          count += 1;
          if (count <= rounds) return true;
          killed = true;
          killedAfter.push(`${command} ${collection}`.trim());
          return false;
        });
        try {
          victim.get(ResultsTail).consume(writer());
          await until('it to be killed, or done', async () => killed || (await position()) === ids.length);
          survived = !killed;
        } finally {
          steps.watch(() => false);
          // it asks nobody any more, and cannot say good-bye
          await victim.module
            .get<Connection>(getConnectionToken(), { strict: false })
            .getClient()
            .close(true);
          await victim.stop().catch(() => undefined);
          await steps.stop();
        }
        await overLease();
      }
      await rm(dataDir, { recursive: true, force: true });
      tail(1).consume(writer());
      await reached(ids.length);
      expect(await written()).toEqual({ numbers: upTo(ids.length), ids });
      expect(killedAfter).toEqual(
        expect.arrayContaining(['update tail_positions', 'insert seen', 'commitTransaction']),
      );
    });

    it('is told how many results it has missed, when they are not kept any more', async () => {
      await storeAndAppend(2);
      await storeAndAppend(3);
      await storeAndAppend(1);
      await log().deleteMany({ _id: { $lte: 5 } });
      const missed: number[] = [];
      tail().consume({
        ...{ name, start: 'beginning', fields: FIELDS },
        act: (batch: Batch) => {
          missed.push(batch.missed);
          return Promise.resolve();
        },
      });
      await reached(6);
      expect(missed).toEqual([5]);
    });

    it('begins anew with the log, and empties what it has made', async () => {
      await storeAndAppend(5);
      const consumer = name;
      const begin = async (transaction: Transaction) => {
        await seenBy(transaction).deleteMany({ consumer }, { session: transaction });
      };
      tail().consume(writer({ begin }));
      await reached(5);
      await log().deleteMany({});
      const ids = await storeAndAppend(2);
      await reached(2);
      expect(await written()).toEqual({ numbers: [1, 2], ids });
      // a rebuild: the position is taken away
      await positions().deleteOne({ _id: name });
      ids.push(...(await storeAndAppend(1)));
      await reached(3);
      expect(await written()).toEqual({ numbers: [1, 2, 3], ids });
    });
  });

  it('has what was stored before there was a log: a migration that may be repeated', async () => {
    const results = Array.from({ length: 2345 }, result);
    await connection.collection('results').insertMany(results);
    const migration = MIGRATIONS.find(({ id }) => id.includes('results-tail'))!;
    await migration.up(connection);
    await log().deleteMany({ _id: { $gt: 1000 } }); // killed in the middle
    await migration.up(connection);
    await migration.up(connection);
    const batches = await followed(2345);
    expect(idsOf(batches)).toEqual(hex(results.map(({ _id }) => _id)));
    expect(numbersOf(batches)).toEqual(upTo(2345));
  });
});
