import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import fc from 'fast-check';
import { type Connection } from 'mongoose';
import { FATES } from '../../src/core/runs/fates.js';
import {
  CoverageService,
  FATES_WIDTH,
  MissingRunsService,
  RunSheetsRepository,
} from '../../src/core/runs/index.js';
import { type OperationEntity } from '../../src/core/assignments/index.js';
import { MissingService } from '../../src/derived/activity/missing.service.js';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { TransactionsService } from '../../src/platform/database/transactions.service.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { sized } from '../support/size.js';

const HOUR = 3_600_000;
const AWAITED = 120_000;
const KNOWN = ['received', 'failed', 'refused', 'stopped'];

describe('missing runs', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let app: AppContext;
  let connection: Connection;

  beforeAll(async () => {
    mongo = await testMongo();
    app = await AppContext.start(mongo.uri);
    connection = app.module.get<Connection>(getConnectionToken(), { strict: false });
  });
  afterAll(async () => {
    await app.stop();
    await mongo.stop();
  });

  /** An operation of two probes that began hours ago, some of whose runs came or failed. */
  async function measured(owner: ObjectId, everyS: number, marks: readonly number[], stoppedAt?: Date) {
    const [start, stop] = [new Date(Date.now() - 3 * HOUR), new Date(Date.now() + HOUR)];
    const operation = {
      ...{ _id: new ObjectId(), owner, kind: 'dns', accepted_params: '{}', params: {} },
      ...{ schedule: { type: 'interval' as const, every_s: everyS, start, stop, spread_s: 7 } },
      ...{ visibility: 'private', cost_per_run: 1, runs_per_probe: 240, credits: 0, probe_count: 2 },
      ...{ created_at: start, ends_at: stop, revision: 1, result_format: 'dns' },
    };
    await connection.collection('operations').insertOne(operation);
    const user = await app.user();
    for (const half of [0, 1]) {
      const probe = await app.probe(user);
      await app.assignment(probe, {
        ...{ operation: operation._id, created_at: start, ends_at: stop, delivered_at: start },
        // one of them was added later
        ...(half === 0 && { first_run: Math.floor(marks.length / 2) }),
        delivered_over: half === 0 ? 'native' : 'classic',
        ...(stoppedAt ? { state: 'stopped', ended_at: stoppedAt } : { state: 'delivered' }),
      });
      const own = marks.flatMap((mark, run) =>
        mark % 2 === half || mark > 6
          ? [{ operation: operation._id, probe: probe._id, run, ...(mark === 5 && { failure: 'timeout' }) }]
          : [],
      );
      await app.get(TransactionsService).run(async (transaction) => {
        await app.get(RunSheetsRepository).mark(own, transaction);
      });
    }
    return operation as unknown as OperationEntity;
  }

  async function byCoverage(operation: OperationEntity, from: Date, to: Date): Promise<number> {
    // bucket bounds are included at their begin: as `between` includes both
    const range = { from: from.getTime(), widthMs: to.getTime() - from.getTime() + 1, count: 1 };
    let missing = 0;
    for (const { fates } of await app.get(CoverageService).byTime(operation, new Date(), range)) {
      expect(fates).toHaveLength(FATES_WIDTH);
      FATES.forEach((fate, index) => {
        if (!KNOWN.includes(fate)) missing += fates[index + 1] ?? 0;
      });
    }
    return missing;
  }

  it('are those of which the account of runs knows nothing either', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(10, 60, 300),
        fc.array(fc.nat(9), { minLength: 0, maxLength: 1_080 }),
        fc.option(fc.integer({ min: 0, max: 3 * HOUR }), { nil: undefined }),
        async (everyS, marks, stoppedBefore) => {
          await connection.collection('operations').deleteMany({});
          const stoppedAt = stoppedBefore === undefined ? undefined : new Date(Date.now() - stoppedBefore);
          const user = await app.user();
          const operation = await measured(user._id, everyS, marks, stoppedAt);
          const to = new Date(Date.now() - AWAITED);
          const from = new Date(to.getTime() - HOUR);
          const counted = [];
          for await (const found of app.get(MissingRunsService).between(from, to)) counted.push(found);
          expect(counted).toEqual([
            { operation: operation._id, owner: user._id, missing: await byCoverage(operation, from, to) },
          ]);
        },
      ),
      { numRuns: sized(25, 8) },
    );
  });

  it('are told to each owner, and of all; those of an earlier round are none by now', async () => {
    await connection.collection('operations').deleteMany({});
    const [one, other] = [await app.user(), await app.user()];
    const service = app.get(MissingService);
    expect(await service.lastHour()).toBeNull();
    const go = new AbortController().signal;
    await measured(one._id, 60, []);
    await measured(one._id, 60, Array<number>(240).fill(9));
    await service.count(go);
    expect(await service.lastHour()).toBe(120);
    expect(await service.lastHour(one._id.toHexString())).toBe(120);
    expect(await service.lastHour(other._id.toHexString())).toBe(0);

    await connection.collection('operations').deleteMany({});
    await measured(other._id, 300, []);
    await service.count(go);
    expect(await service.lastHour()).toBe(24);
    expect(await service.lastHour(one._id.toHexString())).toBe(0);
    expect(await service.lastHour(other._id.toHexString())).toBe(24);
  });
});
