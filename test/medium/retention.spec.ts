import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import fc from 'fast-check';
import { type Connection } from 'mongoose';
import { type AssignmentEntity } from '../../src/core/assignments/assignment.schema.js';
import { AssignmentsRepository } from '../../src/core/assignments/assignments.repository.js';
import { type OperationEntity, type Retention } from '../../src/core/assignments/operation.schema.js';
import { type ResultEntity } from '../../src/core/ingest/index.js';
import { IngestService } from '../../src/core/ingest/ingest.service.js';
import { StoredResultsRepository } from '../../src/core/ingest/stored-results.repository.js';
import { TailAppender } from '../../src/core/ingest/tail-appender.js';
import { ResultsTail } from '../../src/core/ingest/tail.js';
import { type TailLogEntity, unpackIds } from '../../src/core/ingest/tail-log.schema.js';
import { LedgerService } from '../../src/core/ledger/ledger.service.js';
import { RetentionService } from '../../src/core/maintenance/retention/retention.service.js';
import { ResultsFollower } from '../../src/core/results/results-follower.js';
import { CoverageService } from '../../src/core/runs/coverage.service.js';
import { type Schedule } from '../../src/measurement/schedule/schedule.js';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { TransactionsService } from '../../src/platform/database/transactions.service.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { sized } from '../support/size.js';
import { dnsResult } from '../support/native-probe.js';
import { until } from '../support/until.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const go = new AbortController().signal;
const HEAD = { head: true, raw: false };
const NOTHING = { retention: { raw_s: null, results_s: null, rollups_s: null } };
/** Operations that were made. */
let made = 0;

interface Duty {
  operation: OperationEntity;
  assignment: AssignmentEntity;
}

describe('retention', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let app: AppContext;
  let connection: Connection;

  beforeAll(async () => {
    mongo = await testMongo();
    app = await AppContext.start(mongo.uri);
    connection = app.module.get<Connection>(getConnectionToken(), { strict: false });
  });
  beforeEach(async () => {
    for (const each of ['results', 'operations', 'tail_log', 'tail_outbox', 'tail_positions'])
      await connection.collection(each).deleteMany({});
  });
  afterAll(async () => {
    await app.stop();
    await mongo.stop();
  });

  const results = () => connection.collection<ResultEntity>('results');
  const operations = () => connection.collection<OperationEntity>('operations');
  const operationOf = async ({ operation }: Duty) => (await operations().findOne({ _id: operation._id }))!;

  /** An operation that began three hours ago, each minute or once, and whose probe may still bring something. */
  async function duty(retention?: Retention, once = false): Promise<Duty> {
    const [user, owner] = [await app.user(1000), await app.user()];
    const probe = await app.probe(owner);
    const [start, stop] = [new Date(Date.now() - 3 * HOUR), new Date(Date.now() + HOUR)];
    start.setUTCSeconds(0, 0);
    const schedule: Schedule = once
      ? { type: 'once', at: start }
      : { type: 'interval', every_s: 60, start, stop };
    const due = once ? 1 : 240;
    const operation: OperationEntity = {
      ...{ _id: new ObjectId(), number: (made += 1), owner: user._id, kind: 'dns' },
      ...{ accepted_params: '{}', params: {} },
      ...{ schedule, result_format: 'text', visibility: 'public', cost_per_run: 1, runs_per_probe: due },
      ...{ credits: due, probe_count: 1, created_at: start, ends_at: stop, revision: 1 },
      ...(retention && { retention }),
    };
    await operations().insertOne(operation);
    const assignment = await app.assignment(probe, {
      ...{ operation: operation._id, due, created_at: start, ends_at: stop },
      ...{ delivered_at: start, delivered_over: 'native' },
    });
    return { operation, assignment };
  }

  const runTime = ({ operation }: Duty, run: number) =>
    new Date(operation.created_at.getTime() + run * MINUTE);

  function send(owed: Duty, run: number) {
    const scheduledAt = runTime(owed, run);
    const { content } = dnsResult(owed.operation._id.toHexString(), scheduledAt.toISOString());
    const { operation, probe } = owed.assignment;
    const report = { operation, probe, scheduledAt, uniqueCode: scheduledAt.toISOString() };
    return app.get(IngestService).accept({ ...report, format: 'dns', content });
  }

  function fail(owed: Duty, run: number) {
    const scheduledAt = runTime(owed, run);
    const { operation, probe } = owed.assignment;
    const report = { operation, probe, scheduledAt, uniqueCode: scheduledAt.toISOString() };
    return app.get(IngestService).acceptFailure({ ...report, reason: 'timeout', detail: '' });
  }

  /** As if each had come when it was due. */
  async function age({ operation }: Duty): Promise<void> {
    await results().updateMany({ operation: operation._id }, [{ $set: { received_at: '$scheduled_at' } }]);
  }

  async function sweep(platform: typeof NOTHING | { retention: object } = NOTHING): Promise<void> {
    await app.get(TailAppender).idle();
    // consumers are done with what there is: nothing holds the sweep back
    await until('consumers', async () => (await app.get(ResultsTail).undoneSince()) === undefined);
    await sweepNow(platform);
  }

  async function sweepNow(platform: object = NOTHING): Promise<void> {
    const service = app.get(RetentionService) as unknown as { env: object };
    const before = service.env;
    service.env = { ...before, ...platform };
    try {
      await app.get(RetentionService).work(go, new Date());
    } finally {
      service.env = before;
    }
  }

  async function accountOf(owed: Duty) {
    const { operation, probe, probe_owner } = owed.assignment;
    const assignment = (await app.get(AssignmentsRepository).findOne(operation, probe))!;
    const coverage = await app.get(CoverageService).of(owed.operation, runTime(owed, 200));
    const { counts, reasons, extra } = coverage as unknown as Record<string, unknown>;
    const { received, failed } = assignment;
    const ledger = await app.get(LedgerService).statement(probe_owner, 100);
    return { received, failed, counts, reasons, extra, buckets: coverage.buckets, ledger };
  }

  it('deletes nothing by default', async () => {
    const owed = await duty();
    for (const run of [0, 1, 2]) await send(owed, run);
    await age(owed);
    await sweep();
    expect(await results().countDocuments({ raw: { $exists: true } })).toBe(3);
    expect(await operationOf(owed)).not.toHaveProperty('results_kept_from');
  });

  it('deletes what is older than the platform keeps it, unless its operation says otherwise', async () => {
    const [platform, longer, shorter] = [
      await duty(),
      await duty({ results_s: null }),
      await duty({ results_s: 3600 }),
    ];
    for (const owed of [platform, longer, shorter]) {
      for (const run of [0, 90, 150, 178]) await send(owed, run);
      await age(owed);
    }
    await sweep({ retention: { ...NOTHING.retention, results_s: 7200 } });
    const left = async (owed: Duty) =>
      (await results().find({ operation: owed.operation._id }).sort({ received_at: 1 }).toArray()).map(
        ({ scheduled_at }) => (scheduled_at!.getTime() - owed.operation.created_at.getTime()) / MINUTE,
      );
    expect([await left(platform), await left(longer), await left(shorter)]).toEqual([
      [90, 150, 178],
      [0, 90, 150, 178],
      [150, 178],
    ]);
    const { results_kept_from } = await operationOf(shorter);
    expect(results_kept_from!.getTime()).toBeGreaterThan(runTime(shorter, 90).getTime());
    expect(results_kept_from!.getTime()).toBeLessThan(runTime(shorter, 150).getTime());
  });

  it('deletes raw bytes alone, and goes on where it was', async () => {
    const owed = await duty({ raw_s: 3600 });
    for (const run of [0, 1, 150]) await send(owed, run);
    await age(owed);
    await sweep();
    const left = () =>
      results()
        .find({ raw: { $exists: true } })
        .toArray();
    expect((await left()).map(({ scheduled_at }) => scheduled_at)).toEqual([runTime(owed, 150)]);
    const [stripped] = await results()
      .find({ raw_deleted_at: { $exists: true } })
      .toArray();
    expect(stripped).toMatchObject({ format: 'dns', summary: [{ type: 'dns', rcode: 'NOERROR' }] });
    expect(await operationOf(owed)).toMatchObject({ raw_kept_from: expect.any(Date) as unknown });
    expect(await operationOf(owed)).not.toHaveProperty('results_kept_from');
    await operations().updateOne({ _id: owed.operation._id }, { $set: { retention: { raw_s: 60 } } });
    await sweep();
    expect(await left()).toEqual([]);
  });

  it('leaves counters, coverage and credits as they are, also when a probe sends again what was deleted', async () => {
    const owed = await duty({ results_s: 3600 });
    for (const run of [0, 1, 40, 90, 170]) await send(owed, run);
    for (const run of [2, 41]) await fail(owed, run);
    await age(owed);
    const before = await accountOf(owed);
    expect(before.received).toBe(5);
    await sweep();
    expect(await results().countDocuments()).toBe(1);
    expect(await accountOf(owed)).toEqual(before);

    // another server, which remembers nothing
    app.get(IngestService).forget();
    for (const run of [0, 1, 40, 90]) expect(await send(owed, run)).toEqual({ status: 'duplicate' });
    for (const run of [2, 41]) expect(await fail(owed, run)).toEqual({ status: 'duplicate' });
    expect(await accountOf(owed)).toEqual(before);
    expect(await results().countDocuments()).toBe(1);

    // what never came is stored, however late it is
    expect(await send(owed, 3)).toEqual({ status: 'stored' });
    const after = await accountOf(owed);
    expect(after.received).toBe(6);
  });

  it('the same of an operation of one run, which has no sheet', async () => {
    const owed = await duty({ results_s: 60 }, true);
    expect(await send(owed, 0)).toEqual({ status: 'stored' });
    await age(owed);
    const before = await accountOf(owed);
    await sweep();
    expect(await results().countDocuments()).toBe(0);
    app.get(IngestService).forget();
    expect(await send(owed, 0)).toEqual({ status: 'duplicate' });
    expect(await accountOf(owed)).toEqual(before);
  });

  it('spares what came early until it is settled', async () => {
    const owed = await duty({ results_s: 60 });
    const run = 239;
    expect(await send(owed, run)).toEqual({ status: 'stored' });
    await results().updateOne({}, { $set: { received_at: runTime(owed, 1) } });
    await sweep();
    expect(await results().countDocuments()).toBe(1);
  });

  it('leaves results that a consumer of the tail has not done yet', async () => {
    const owed = await duty({ results_s: 60 });
    const unpaused: (() => void)[] = [];
    const paused = new Promise<void>((resolve) => unpaused.push(resolve));
    let seen = 0;
    app.get(ResultsTail).consume({
      ...{ name: 'slow', start: 'beginning', fields: [] },
      act: async (batch) => {
        await paused;
        seen += batch.results.length;
      },
    });
    for (const run of [0, 1, 2]) await send(owed, run);
    await age(owed);
    await app.get(TailAppender).idle();
    await sweepNow();
    expect(await results().countDocuments()).toBe(3);
    for (const each of unpaused) each();
    await sweep();
    expect([seen, await results().countDocuments()]).toEqual([3, 0]);
  });

  it('deletes the beginning of the tail’s log that holds nothing any more, and tells followers', async () => {
    const owed = await duty({ results_s: 3600 });
    const log = () => connection.collection<TailLogEntity>('tail_log').find().sort({ _id: 1 }).toArray();
    const position = await app.get(ResultsTail).now();
    for (const run of [0, 1, 150, 151]) {
      await send(owed, run);
      await app.get(TailAppender).idle();
    }
    await age(owed);
    const entries = await log();
    expect(entries).toHaveLength(4);
    const second = `${entries[1]!._id}-${entries[1]!.epoch}`;
    const third = `${entries[2]!._id}-${entries[2]!.epoch}`;
    await sweep();
    expect((await log()).map(({ _id }) => _id)).toEqual([3, 4]);

    const told = async (since: string) => {
      const ended = new AbortController();
      const steps: string[] = [];
      const { results_kept_from } = await operationOf(owed);
      const follower = app.get(ResultsFollower);
      for await (const step of follower.follow(
        owed.operation._id,
        since,
        HEAD,
        ended.signal,
        results_kept_from,
      )) {
        if (step.lost !== undefined) steps.push('lost');
        else if (step.result) steps.push(step.result._id.toHexString());
        if (step.position.startsWith('4-')) ended.abort();
      }
      return steps;
    };
    const left = entries.slice(2).flatMap((entry) => unpackIds(entry.results).map(String));
    // its position is gone with what followed it, so that it begins with what comes
    expect(await told(second)).toEqual(['lost']);
    expect(await told(third)).toEqual([left[1]]);
    expect((await told(position))[0]).toBe('lost');
    // the last one stays, for its number
    await results().deleteMany({});
    await app.get(ResultsTail).trim(go);
    expect((await log()).map(({ _id }) => _id)).toEqual([4]);
  });

  it('keeps exactly what is young enough, whatever is kept and whenever it came', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            own: fc.option(fc.constantFrom<number | null>(null, 3600, 5400), { nil: undefined }),
            raw: fc.option(fc.constantFrom<number | null>(null, 60, 4000), { nil: undefined }),
            ages: fc.array(fc.integer({ min: 1, max: 10_000 }), { maxLength: 6 }),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        fc.constantFrom(null, 3000, 7200),
        async (drawn, platform) => {
          await results().deleteMany({});
          await operations().deleteMany({});
          const now = Date.now();
          const expected: string[] = [];
          for (const { own, raw, ages } of drawn) {
            const retention = {
              ...(own !== undefined && { results_s: own }),
              ...(raw !== undefined && { raw_s: raw }),
            };
            const { operation, assignment } = await duty(retention);
            const kept = own === undefined ? platform : own;
            const documents = ages.map((seconds, n): ResultEntity => {
              const at = new Date(now - seconds * 1000);
              const id = new ObjectId();
              if (kept === null || seconds < kept)
                expected.push(`${String(id)} ${raw == null || seconds < raw ? 'raw' : 'stripped'}`);
              return {
                ...{ _id: id, operation: operation._id, probe: assignment.probe, unique_code: `${n}` },
                ...{
                  outcome: 'stored',
                  received_at: at,
                  scheduled_at: at,
                  format: 'dns',
                  raw: Buffer.from('{}'),
                },
              };
            });
            if (documents.length > 0)
              await app
                .get(TransactionsService)
                .run((transaction) => app.get(StoredResultsRepository).insertAll(documents, transaction));
          }
          const undone = Object.assign(app.get(RetentionService), {
            limit: (at: Date) => Promise.resolve(at),
          });
          try {
            await (async () => {
              const service = app.get(RetentionService) as unknown as { env: object };
              const before = service.env;
              service.env = { retention: { ...NOTHING.retention, results_s: platform } };
              await app.get(RetentionService).work(go, new Date(now + 500));
              service.env = before;
            })();
          } finally {
            delete (undone as { limit?: unknown }).limit;
          }
          const left = await results().find().toArray();
          expect(
            left.map(({ _id, raw }) => `${String(_id)} ${raw === undefined ? 'stripped' : 'raw'}`).sort(),
          ).toEqual(expected.sort());
        },
      ),
      { numRuns: sized(12, 6) },
    );
  });
});
