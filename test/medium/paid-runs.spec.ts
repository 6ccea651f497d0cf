import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import fc from 'fast-check';
import { type Connection } from 'mongoose';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { LedgerService } from '../../src/core/ledger/ledger.service.js';
import { CoverageService } from '../../src/core/runs/coverage.service.js';
import { MAX_EXTRA_BYTES } from '../../src/core/assignments/run-account.js';
import { type AssignmentEntity } from '../../src/core/assignments/assignment.schema.js';
import { AssignmentsRepository } from '../../src/core/assignments/assignments.repository.js';
import { type OperationEntity } from '../../src/core/assignments/operation.schema.js';
import { OperationsService } from '../../src/core/operations/operations.service.js';
import { numberRuns, type RunNumbers, runsOf } from '../../src/measurement/schedule/run-numbers.js';
import { type Schedule } from '../../src/measurement/schedule/schedule.js';
import { spreadOffsetMs } from '../../src/measurement/schedule/spread.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { CREDITS_PER_RESULT } from '../../src/core/ingest/effects.js';
import { EarlyResultsService } from '../../src/core/ingest/early-results.service.js';
import { type Acceptance, IngestService } from '../../src/core/ingest/ingest.service.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { sized } from '../support/size.js';
import { dnsResult } from '../support/native-probe.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const COST = 7;
/** Many transactions: a busy machine takes its time. */
const LONG_MS = 900_000;
/** Numbers of operations that were made here. */
let operations = 0;

/** What a probe says of a run: the so-many-th of the schedule, and so many ms beside it; or a classic result with this code. */
type Item =
  | { type: 'result' | 'failure' | 'nothing' | 'wrong format'; run: number; beside: number }
  | { type: 'classic'; code: number };

type Step =
  | { does: 'send'; items: { server: number; item: Item }[] }
  | { does: 'stop' }
  /** time goes on by so many minutes, for what came early */
  | { does: 'wait'; minutes: number };

interface Scene {
  schedule: Schedule;
  delivered: 'native' | 'classic' | undefined;
  steps: Step[];
}

interface Duty {
  scene: Scene;
  numbers: RunNumbers;
  offsetMs: number;
  user: UserEntity;
  owner: UserEntity;
  operation: OperationEntity;
  assignment: AssignmentEntity;
}

/** Native and classic reports of a lying probe, over two servers of one platform. */
describe('credits for runs', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let servers: AppContext[];

  beforeAll(async () => {
    mongo = await testMongo();
    servers = [await AppContext.start(mongo.uri), await AppContext.start(mongo.uri)];
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    await mongo.stop();
  });

  const app = (server = 0): AppContext => servers[server] ?? servers[0]!;

  async function duty(scene: Scene): Promise<Duty> {
    const { schedule, delivered } = scene;
    const [user, owner] = [await app().user(1_000_000), await app().user()];
    const probe: ProbeEntity = await app().probe(owner);
    const due = runsOf(schedule);
    const [created_at, ends_at] = [new Date(Date.now() - DAY), new Date(Date.now() + DAY)];
    const operation: OperationEntity = {
      ...{ _id: new ObjectId(), number: (operations += 1), owner: user._id, kind: 'dns' },
      ...{ accepted_params: '{}', params: {} },
      ...{ schedule, result_format: 'text', visibility: 'public', cost_per_run: COST, runs_per_probe: due },
      ...{ credits: COST * due, probe_count: 1, created_at, ends_at, revision: 1 },
    };
    const connection = app().module.get<Connection>(getConnectionToken(), { strict: false });
    await connection.collection<OperationEntity>('operations').insertOne(operation);
    const assignment = await app().assignment(probe, {
      ...{ operation: operation._id, due, created_at, ends_at },
      ...(delivered === undefined
        ? { state: 'pending' as const }
        : { delivered_at: created_at, delivered_over: delivered }),
    });
    const offsetMs = spreadOffsetMs(schedule, probe._id);
    return { scene, numbers: numberRuns(schedule), offsetMs, user, owner, operation, assignment };
  }

  const timeOf = ({ numbers, offsetMs }: Duty, item: Extract<Item, { run: number }>): Date =>
    new Date(numbers.timeOf(item.run % numbers.count) + offsetMs + item.beside);

  async function send(of: Duty, server: number, item: Item): Promise<Acceptance> {
    const { operation, probe } = of.assignment;
    const results = app(server).get(IngestService);
    if (item.type === 'classic') {
      const uniqueCode = `code ${item.code}`;
      return results.accept({ operation, probe, uniqueCode, format: 'gzip', content: Buffer.alloc(3) });
    }
    const scheduledAt = timeOf(of, item);
    const run = { operation, probe, scheduledAt, uniqueCode: scheduledAt.toISOString() };
    if (item.type === 'failure') return results.acceptFailure({ ...run, reason: 'timeout', detail: '' });
    const { content } = dnsResult(operation.toHexString(), scheduledAt.toISOString());
    const nothing = Buffer.from(JSON.stringify({ version: 1, queries: [] }));
    return results.accept({
      ...run,
      format: item.type === 'wrong format' ? 'warts' : 'dns',
      content: item.type === 'nothing' ? nothing : content,
    });
  }

  async function truthOf({ operation, assignment: { probe }, owner, user }: Duty) {
    const found = await app().get(AssignmentsRepository).findOne(operation._id, probe);
    if (found === null) throw new Error('the assignment is gone');
    const connection = app().module.get<Connection>(getConnectionToken(), { strict: false });
    const results = await connection.collection('results').find({ operation: operation._id }).toArray();
    const entries = await app().get(LedgerService).statement(owner._id, 1_000);
    const balance = await app().balance(owner);
    const stopped = await app().get(OperationsService).get(operation._id, user);
    const coverage = await app().get(CoverageService).of(stopped, new Date());
    const sum = entries.reduce((total, { amount }) => total + amount, 0);
    return { found, results, balance, sum, refunded: stopped.refunded ?? 0, coverage };
  }

  /** Whatever was sent: nobody earns more than the runs that are paid for, and every figure follows from what is stored. */
  async function check(of: Duty): Promise<void> {
    const { due } = of.assignment;
    const { found, results, balance, sum, refunded, coverage } = await truthOf(of);
    const asked = due - refunded / COST;
    const counted = results.filter(({ uncounted }) => uncounted !== true);
    const paid = results.filter((result) => result['paid_by'] !== undefined);
    expect(balance).toBe(sum);
    expect(balance).toBe(CREDITS_PER_RESULT * found.received);
    expect(balance).toBeLessThanOrEqual(CREDITS_PER_RESULT * asked);
    expect(found.received + found.failed).toBeLessThanOrEqual(asked);
    expect(paid).toHaveLength(found.received);
    // a probe that was told runs to name earns nothing by reports that name none, nor before its runs are due
    if (of.scene.delivered !== 'classic')
      expect(counted.filter(({ scheduled_at }) => scheduled_at === undefined)).toEqual([]);
    expect(counted.filter(({ outcome }) => outcome === 'stored')).toHaveLength(found.received);
    expect(counted.filter(({ outcome }) => outcome === 'failed')).toHaveLength(found.failed);
    // each run once, and none that a stop paid back
    const times = counted.flatMap(({ scheduled_at: at }) => (at instanceof Date ? [at.getTime()] : []));
    expect(new Set(times).size).toBe(times.length);
    const kept = found.owed ?? due;
    for (const time of times) expect(of.numbers.numberOf(time - of.offsetMs) ?? Infinity).toBeLessThan(kept);
    if (found.state === 'done') expect(found.received + found.failed).toBeGreaterThanOrEqual(due);
    expect(coverage.fates.received).toBeLessThanOrEqual(of.numbers.count);
    // what names no run makes none of them look received
    if (!results.some(({ scheduled_at }) => scheduled_at === undefined)) {
      const runs = results.filter((each) => each['off_schedule'] !== true && each['outcome'] === 'stored');
      expect(coverage.fates.received).toBe(runs.length);
      expect(coverage.extra).toBe(results.filter((each) => each['off_schedule'] === true).length);
    }
  }

  async function play(of: Duty): Promise<void> {
    let now = Date.now();
    for (const step of of.scene.steps) {
      if (step.does === 'stop') {
        await app().get(OperationsService).end(of.operation._id, of.user);
      } else if (step.does === 'wait') {
        now += step.minutes * MINUTE;
        await Promise.all(servers.map((server) => server.get(EarlyResultsService).settleDue(new Date(now))));
      } else {
        const answers = await Promise.all(step.items.map(({ server, item }) => send(of, server, item)));
        for (const [index, answer] of answers.entries()) {
          const refused = step.items[index]?.item.type === 'wrong format';
          expect(answer.status === 'refused').toBe(refused);
          if (answer.status === 'refused') expect(answer.reason).toBe('bad_format');
        }
      }
      await check(of);
    }
  }

  /** Some runs were due, some are to come. */
  const schedules = fc.oneof(
    fc.integer({ min: -2, max: 2 }).map((minutes): Schedule => ({
      type: 'once',
      at: new Date(Date.now() + minutes * MINUTE + 1),
    })),
    fc
      .record({ before: fc.nat(6), after: fc.nat(6), spread: fc.constantFrom(0, 45) })
      .map(({ before, after, spread }): Schedule => ({
        type: 'interval',
        every_s: 60,
        start: new Date(Date.now() - before * MINUTE - 1),
        stop: new Date(Date.now() + after * MINUTE),
        ...(spread > 0 && { spread_s: spread }),
      })),
    fc
      .record({ before: fc.nat(3), after: fc.nat(3), times_per_minute: fc.constantFrom(1, 3, 7) })
      .map(({ before, after, times_per_minute }): Schedule => ({
        ...{ type: 'cron', cron: '* * * * *', times_per_minute },
        start: new Date(Date.now() - before * MINUTE - 1),
        stop: new Date(Date.now() + after * MINUTE),
      })),
  );
  const items: fc.Arbitrary<Item> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        type: fc.constantFrom(
          ...(['result', 'result', 'result', 'failure', 'nothing', 'wrong format'] as const),
        ),
        run: fc.nat(20),
        beside: fc.constantFrom(0, 0, 0, 0, 1, -1, 30_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('classic' as const), code: fc.nat(6) }) },
  );
  const natives = items.filter(({ type }) => type !== 'classic');
  const stepsOf = (some: fc.Arbitrary<Item>): fc.Arbitrary<Step[]> =>
    fc.array(
      fc.oneof(
        {
          weight: 6,
          arbitrary: fc.record({
            does: fc.constant('send' as const),
            items: fc.array(fc.record({ server: fc.nat(1), item: some }), { minLength: 1, maxLength: 25 }),
          }),
        },
        { weight: 2, arbitrary: fc.record({ does: fc.constant('wait' as const), minutes: fc.nat(4) }) },
        { weight: 1, arbitrary: fc.constant({ does: 'stop' as const }) },
      ),
      { minLength: 1, maxLength: 6 },
    );
  const scenes = fc.record({
    schedule: schedules,
    delivered: fc.constantFrom('native' as const, 'native' as const, 'classic' as const, undefined),
    steps: fc.oneof(stepsOf(natives), stepsOf(items)),
  });

  it(
    'are at most those of the runs that were asked for, whatever a probe sends',
    async () => {
      await fc.assert(
        fc.asyncProperty(scenes, async (scene) => play(await duty(scene))),
        { numRuns: sized(25, 10) },
      );
    },
    LONG_MS,
  );

  it(
    'are those of all runs that were asked for, each once, where each is due and reported',
    async () => {
      const cases = fc.record({
        schedule: schedules,
        delivered: fc.constant('native' as const),
        steps: fc.array(
          fc.record({
            does: fc.constant('send' as const),
            items: fc.array(fc.record({ server: fc.nat(1), item: natives }), { minLength: 1, maxLength: 40 }),
          }),
          { minLength: 1, maxLength: 3 },
        ),
      });
      const property = fc.asyncProperty(cases, async (scene) => {
        const of = await duty(scene);
        await play(of);
        // all runs are due by then
        await app(1)
          .get(EarlyResultsService)
          .settleDue(new Date(Date.now() + DAY));
        await check(of);
        const sent = scene.steps.flatMap((step) => step.items.map(({ item }) => item));
        const named = new Set(
          sent.flatMap((item) =>
            item.type === 'classic' || item.type === 'wrong format' || item.beside !== 0
              ? []
              : [item.run % of.numbers.count],
          ),
        );
        const { found, results } = await truthOf(of);
        expect(found.received + found.failed).toBe(named.size);
        expect(found.state).toBe(named.size >= of.assignment.due ? 'done' : 'delivered');
        expect(results.filter((each) => each['early'] !== undefined)).toEqual([]);
        expect(found.uncounted_received ?? 0).toBe(0);
      });
      await fc.assert(property, { numRuns: sized(15, 6) });
    },
    LONG_MS,
  );

  it('are not earned by runs that are not due yet, nor later where a stop has paid them back', async () => {
    const start = new Date(Date.now() - MINUTE - 1);
    const schedule: Schedule = {
      type: 'interval',
      every_s: 60,
      start,
      stop: new Date(start.getTime() + 600_000),
    };
    const of = await duty({ schedule, delivered: 'native', steps: [] });
    for (let run = 0; run < 10; run += 1) {
      expect(await send(of, 0, { type: 'result', run, beside: 0 })).toEqual({ status: 'stored' });
    }
    // runs 0 and 1 were due
    const { found, balance, coverage } = await truthOf(of);
    expect([found.received, found.uncounted_received, found.state, balance]).toEqual([2, 8, 'delivered', 20]);
    expect(coverage.fates.received).toBe(10);
    await app()
      .get(EarlyResultsService)
      .settleDue(new Date(start.getTime() + 2 * MINUTE));
    expect(await app().balance(of.owner)).toBe(30);
    const before = (await app().balance(of.user)) ?? 0;
    await app().get(OperationsService).stop(of.operation._id, of.user);
    expect(await app().balance(of.user)).toBe(before + 7 * COST);
    await app()
      .get(EarlyResultsService)
      .settleDue(new Date(start.getTime() + DAY));
    const after = await truthOf(of);
    expect([after.found.received, after.balance, after.found.state]).toEqual([3, 30, 'stopped']);
    await check(of);
  });

  it('keeps a bounded amount of what belongs to no run, and says of what it has that it has it', async () => {
    const of = await duty({ schedule: { type: 'once', at: new Date(0) }, delivered: 'native', steps: [] });
    const { operation, probe } = of.assignment;
    const lie = (n: number, server = n % 2): Promise<Acceptance> => {
      const scheduledAt = new Date(n);
      const report = { operation, probe, scheduledAt, uniqueCode: scheduledAt.toISOString(), format: 'dns' };
      return app(server)
        .get(IngestService)
        .accept({ ...report, content: Buffer.alloc(10_000_000) });
    };
    const answers: Acceptance[] = [];
    for (let n = 1; n <= 8; n += 1) answers.push(await lie(n));
    const kept = Math.floor(MAX_EXTRA_BYTES / 10_001_024);
    expect(answers.filter(({ status }) => status === 'stored')).toHaveLength(kept);
    expect(answers.at(-1)).toEqual({ status: 'refused', reason: 'too_much_extra' });
    expect(await lie(1, 0)).toEqual({ status: 'duplicate' });
    const { found, results, balance } = await truthOf(of);
    expect([found.extra, results.length, found.received, found.failed, balance]).toEqual([
      kept,
      kept,
      0,
      0,
      0,
    ]);
    // so many small ones that they would not be noticed by their content
    const failures = Array.from({ length: 600 }, (_, n) =>
      send(of, 0, { type: 'failure', run: 0, beside: 100 + n }),
    );
    await Promise.all(failures);
    expect((await truthOf(of)).found.extra_bytes).toBeGreaterThan(kept * 10_000_000 + 600 * 1024);
    // and the run itself still counts
    expect(await send(of, 0, { type: 'result', run: 0, beside: 0 })).toEqual({ status: 'stored' });
    expect(await app().balance(of.owner)).toBe(CREDITS_PER_RESULT);
  });
});
