import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import fc from 'fast-check';
import { type Connection } from 'mongoose';
import { type ResultEntity } from '../../src/core/ingest/result.schema.js';
import { StoredResultsRepository } from '../../src/core/ingest/stored-results.repository.js';
import { ResultsTail } from '../../src/core/ingest/tail.js';
import { TailAppender } from '../../src/core/ingest/tail-appender.js';
import { TailLogRepository } from '../../src/core/ingest/tail-log.repository.js';
import { announced } from '../../src/core/ingest/tail-log.schema.js';
import { RetentionService } from '../../src/core/maintenance/index.js';
import { RebuildService } from '../../src/derived/series/index.js';
import { Cell } from '../../src/derived/series/cell.js';
import { FIGURES } from '../../src/derived/series/figures.js';
import { ROLLUPS, RollupsConsumer } from '../../src/derived/series/rollups.consumer.js';
import { type RollupEntity } from '../../src/derived/series/rollup.schema.js';
import { RollupsRepository } from '../../src/derived/series/rollups.repository.js';
import { hopNumbers, packRtts } from '../../src/measurement/formats/rtts.js';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { TransactionsService } from '../../src/platform/database/transactions.service.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { until } from '../support/until.js';

const BEGIN = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;
const KINDS = ['ping', 'dns', 'mtr'] as const;
const OPERATIONS = KINDS.map(() => new ObjectId());
const PROBES = [new ObjectId(), new ObjectId()];
const TOGETHER = 'together';
const DESTINATIONS = ['a.example', 'b.example'];

interface Cells {
  hours: Record<string, Buffer>;
  total: Buffer;
}

const drawnResult = fc.record({
  operation: fc.nat(KINDS.length - 1),
  probe: fc.nat(1),
  /** minutes: three days, most of them within two hours */
  minute: fc.oneof({ weight: 3, arbitrary: fc.nat(119) }, fc.nat(3 * 1440 - 1)),
  outcome: fc.constantFrom<('stored' | 'failed')[]>('stored', 'stored', 'stored', 'failed'),
  claim: fc.constantFrom('named', 'named', 'named', 'off_schedule', 'unnamed', 'unasked'),
  entries: fc.array(
    fc.record({
      destination: fc.constantFrom(...DESTINATIONS),
      rttsUs: fc.array(fc.integer({ min: 100, max: 300_000 }), { maxLength: 4 }),
      rcode: fc.constantFrom('NOERROR', 'SERVFAIL', null),
    }),
    { maxLength: 2 },
  ),
});
type DrawnResult = typeof drawnResult extends fc.Arbitrary<infer T> ? T : never;

const drawnBatches = fc.array(
  fc.record({
    server: fc.nat(1),
    results: fc.array(drawnResult, { minLength: 1, maxLength: 60 }),
    /** of each; with many of them much comes, and what several reads have found is written together */
    copies: fc.constantFrom(1, 1, 30),
    /** then another server reads for the consumer */
    overLease: fc.boolean(),
  }),
  { minLength: 3, maxLength: 6 },
);

type DrawnEntry = DrawnResult['entries'][number];

/** Each answer of an mtr is that of another hop. */
const SUMMARIES = {
  ping: ({ destination, rttsUs }: DrawnEntry) => ({
    ...{ type: 'ping', destination, sent: 4, received: rttsUs.length, duplicates: 0, error: null },
  }),
  dns: ({ destination, rttsUs, rcode }: DrawnEntry) => ({
    ...{ type: 'dns', name: destination, rtt_ms: (rttsUs[0] ?? 0) / 1000, rcode, error: null },
  }),
  mtr: ({ destination, rttsUs }: DrawnEntry) => ({
    ...{ type: 'mtr', destination, reached: true, hop_count: rttsUs.length, loss: 0.5, error: null },
    hops: rttsUs.map((us) => ({ sent: 2, received: 1, address: `192.0.2.${us % 40}` })),
  }),
};
const NUMBERS = {
  ping: (rttsUs: number[]) => rttsUs,
  dns: () => [],
  mtr: (rttsUs: number[]) => hopNumbers(rttsUs.map((us) => ({ rtts: [us / 1000] }))),
};

function resultOf({ operation, probe, minute, outcome, claim, entries }: DrawnResult): ResultEntity {
  const at = new Date(BEGIN + minute * MINUTE_MS);
  const kind = KINDS[operation] ?? 'ping';
  const summary = entries.map((entry) => SUMMARIES[kind](entry));
  const rtts = packRtts(entries.map(({ rttsUs }) => NUMBERS[kind](rttsUs)));
  return {
    _id: new ObjectId(),
    operation: OPERATIONS[operation]!,
    probe: PROBES[probe]!,
    unique_code: new ObjectId().toHexString(),
    outcome,
    received_at: claim === 'unnamed' ? at : new Date(BEGIN + 10 * 86_400_000),
    ...(claim !== 'unnamed' && { scheduled_at: at }),
    ...(claim === 'off_schedule' && { off_schedule: true }),
    ...(claim === 'unasked' && { uncounted: true }),
    ...(outcome === 'stored' && { summary, ...(rtts && { rtts }) }),
  };
}

const isTogether = (name: string) => name.split(' ')[1] === TOGETHER;

/** What rollups of each probe come to together. */
function addedUp(all: ReadonlyMap<string, Cells>): Map<string, Cells> {
  const parts = new Map<string, Cells[]>();
  for (const [name, cells] of all) {
    const [operation, probe, ...rest] = name.split(' ');
    if (probe === TOGETHER) continue;
    const together = [operation, TOGETHER, ...rest].join(' ');
    parts.set(together, [...(parts.get(together) ?? []), cells]);
  }
  return new Map([...parts].map(([name, cells]) => [name, sumOf(name, cells)]));
}

function sumOf(name: string, cells: readonly Cells[]): Cells {
  const kind = KINDS[OPERATIONS.findIndex((id) => name.startsWith(id.toHexString()))] ?? 'ping';
  const sum = (packed: (Buffer | undefined)[]) =>
    new Cell(FIGURES[kind]).sumOf(packed.filter((each) => each !== undefined));
  const hours = [...new Set(cells.flatMap((each) => Object.keys(each.hours)))];
  return {
    hours: Object.fromEntries(hours.map((hour) => [hour, sum(cells.map((each) => each.hours[hour]))])),
    total: sum(cells.map(({ total }) => total)),
  };
}

describe('rollups', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let servers: AppContext[];
  let connection: Connection;

  beforeAll(async () => {
    mongo = await testMongo();
    servers = [await AppContext.start(mongo.uri), await AppContext.start(mongo.uri)];
    connection = servers[0]!.module.get<Connection>(getConnectionToken(), { strict: false });
    const operations = OPERATIONS.map((_id, index) => ({ _id, kind: KINDS[index], owner: new ObjectId() }));
    await connection.collection('operations').insertMany(operations);
    for (const server of servers) server.get(RollupsConsumer).onApplicationBootstrap();
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    await mongo.stop();
  });

  const get = <T>(token: abstract new (...args: never[]) => T, server = 0): T => servers[server]!.get(token);

  async function store(results: readonly ResultEntity[], server: number): Promise<void> {
    const ids = results.map(({ _id }) => _id);
    const reference = `results:${new ObjectId().toHexString()}`;
    await get(TransactionsService, server).run(async (transaction) => {
      await get(StoredResultsRepository, server).insertAll([...results], transaction);
      await get(TailLogRepository, server).announce(announced(reference, ids), transaction);
    });
    get(TailAppender, server).noteStored(announced(reference, ids));
    await get(TailAppender, server).idle();
  }

  const caughtUp = () =>
    until('the rollups to have all results', async () => {
      const [at, head] = [await get(ResultsTail).positionOf(ROLLUPS), await get(ResultsTail).count()];
      return at === head;
    });

  /** What holds, without its generation. */
  async function holding(): Promise<Map<string, Cells>> {
    const generations = await get(RollupsRepository).generationsOf(OPERATIONS);
    const all = await connection
      .collection<RollupEntity & Cells>('rollups')
      .find({}, { promoteBuffers: true })
      .toArray();
    return new Map(
      all
        .filter(({ operation, generation }) => generations.get(operation.toHexString()) === generation)
        .map(({ operation, probe, day, destination, hours, total }) => [
          [operation.toHexString(), probe?.toHexString() ?? TOGETHER, day.toISOString(), destination].join(
            ' ',
          ),
          { hours, total },
        ]),
    );
  }

  it('are the same when they are made anew, in all and of one operation, while results come in', async () => {
    const property = fc.asyncProperty(drawnBatches, async (batches) => {
      const last = batches.at(-1);
      for (const { server, results, copies, overLease } of batches.slice(0, -1)) {
        await store(Array.from({ length: copies }, () => results.map(resultOf)).flat(), server);
        if (overLease) await connection.collection('leases').deleteMany({ _id: `tail:${ROLLUPS}` as never });
      }
      await caughtUp();
      const before = await holding();
      expect(before.size).toBeGreaterThan(0);
      await get(RebuildService).rebuild(OPERATIONS[0]);
      expect(await holding()).toEqual(before);
      const [{ results: read }] = await Promise.all([
        get(RebuildService, 1).rebuild(),
        store((last?.results ?? []).map(resultOf), last?.server ?? 0),
      ]);
      expect(read).toBeGreaterThan(0);
      await caughtUp();
      const after = await holding();
      await get(RebuildService).rebuild();
      expect(await holding()).toEqual(after);
      expect(new Map([...after].filter(([name]) => isTogether(name)))).toEqual(addedUp(after));
      // nothing of before is left
      expect(await connection.collection('rollups').countDocuments()).toBe(after.size);
    });
    await fc.assert(property, { numRuns: 4, endOnFailure: true });
  });

  it('are emptied of days that nobody keeps', async () => {
    const of = (minute: number): DrawnResult => ({
      ...{ operation: 1, probe: 0, minute, outcome: 'stored', claim: 'named' },
      entries: [{ destination: 'a.example', rttsUs: [1000], rcode: 'NOERROR' }],
    });
    await store([of(0), of(1440), of(2880)].map(resultOf), 0);
    await caughtUp();
    const operations = connection.collection('operations');
    await operations.updateOne({ _id: OPERATIONS[1]! }, { $set: { retention: { rollups_s: 3600 } } });
    const now = new Date(BEGIN + 2 * 86_400_000 - 1 + 3600 * 1000);
    await get(RetentionService).work(new AbortController().signal, now);
    const left = [...(await holding()).keys()].filter((key) => key.startsWith(OPERATIONS[1]!.toHexString()));
    expect([...new Set(left.map((key) => key.split(' ')[2]))].sort()).toEqual([
      '2026-01-02T00:00:00.000Z',
      '2026-01-03T00:00:00.000Z',
    ]);
  });

  it('are not made anew where they alone still hold results that were deleted', async () => {
    const operations = connection.collection('operations');
    await operations.updateOne({ _id: OPERATIONS[1]! }, { $set: { results_kept_from: new Date(BEGIN) } });
    await expect(get(RebuildService).rebuild()).rejects.toThrow('were deleted by their retention');
    await expect(get(RebuildService).rebuild(OPERATIONS[1])).rejects.toThrow('were deleted by its retention');
    await expect(get(RebuildService).rebuild(OPERATIONS[0])).resolves.toBeDefined();
  });
});
