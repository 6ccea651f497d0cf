import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type Connection } from 'mongoose';
import { getConnectionToken } from '@nestjs/mongoose';
import fc from 'fast-check';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { PlatformClock } from '../../src/platform/database/platform-clock.js';
import { TransactionsService } from '../../src/platform/database/transactions.service.js';
import { LimitReachedError } from '../../src/platform/errors/domain.error.js';
import { AssignmentsRepository } from '../../src/core/assignments/assignments.repository.js';
import { QuotasService } from '../../src/core/quotas/quotas.service.js';
import { type Amounts } from '../../src/core/quotas/hold.schema.js';
import { ReleasesService } from '../../src/core/quotas/releases.service.js';
import { type OperationEntity } from '../../src/core/assignments/operation.schema.js';
import { OperationCreationService } from '../../src/core/operations/operation-creation.service.js';
import { OperationsService } from '../../src/core/operations/operations.service.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { sized } from '../support/size.js';
import { deliveredOver } from '../support/probe-link.js';
import { until } from '../support/until.js';
import { setClock } from '../support/wrong-clock.js';
import { scheduleReading } from '../support/schedule-reading.js';

const ONCE = { type: 'once' };
const FOREVER = new AbortController().signal;
let targets = 0;
/** One that no other test strikes. */
const newTarget = () => `198.51.100.${(targets += 1)}`;

interface Wish {
  ips?: string[];
  probecount?: number;
  schedule?: object;
  probes?: ProbeEntity[];
}

/** The platform's bounds, as two servers on one database keep them. */
class TwoServers {
  private constructor(
    private readonly mongo: Awaited<ReturnType<typeof testMongo>>,
    readonly servers: readonly [AppContext, AppContext],
  ) {}

  static async start(settings: Record<string, string>): Promise<TwoServers> {
    const mongo = await testMongo();
    const one = await AppContext.start(mongo.uri, settings);
    return new TwoServers(mongo, [one, await AppContext.start(mongo.uri, settings)]);
  }

  async stop(): Promise<void> {
    for (const server of this.servers) await server.stop();
    await this.mongo.stop();
  }

  get first(): AppContext {
    return this.servers[0];
  }

  async person(credits = 1_000_000): Promise<{ user: UserEntity; probe: ProbeEntity }> {
    const user = await this.first.user(credits);
    return { user, probe: await this.first.probe(user) };
  }

  async create(user: UserEntity, probe: ProbeEntity, wish: Wish = {}, server = 0): Promise<OperationEntity> {
    const { ips = ['192.0.2.1'], probecount = 4, schedule = ONCE, probes = [probe] } = wish;
    const by = this.servers[server === 0 ? 0 : 1];
    const { operation } = await by.get(OperationCreationService).create(user, {
      kind: 'ping',
      params: { ips, probecount },
      schedule: scheduleReading(by, schedule),
      probes: probes.map(({ _id }) => _id),
      unknownParams: 'refuse',
      availability: 'whenever',
      visibility: 'public',
    });
    return operation;
  }

  /** @returns why it was refused */
  async refused(creation: Promise<unknown>): Promise<LimitReachedError['reached']> {
    const error = await creation.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error instanceof LimitReachedError) return error.reached;
    throw new Error(`not refused by a bound: ${String(error)}`);
  }

  async used(user: UserEntity): Promise<Amounts> {
    const usages = await this.first.get(QuotasService).usageOfUser(user);
    return Object.fromEntries(usages.map(({ bound, used }) => [bound, used]));
  }

  async struck(target: string): Promise<{ operations: number; probes: number; packets: number }> {
    const { operations, usage } = await this.first.get(QuotasService).usageOfTarget(target);
    return { operations, probes: usage[0]?.used ?? 0, packets: usage[1]?.used ?? 0 };
  }

  /** A probe answers for a single run. */
  async answer({ _id }: OperationEntity, probe: ProbeEntity): Promise<void> {
    await this.first.report({ operation: _id, probe: probe._id }, 'stored');
  }

  get connection(): Connection {
    return this.first.module.get<Connection>(getConnectionToken(), { strict: false });
  }

  /** @throws Error where a meter is not the sum of its holds */
  async audit(): Promise<void> {
    interface Sums {
      _id: string;
      holds: number;
      sums: Record<string, number>;
    }
    const held = new Map<string, Sums>();
    for await (const hold of this.connection
      .collection('meters')
      .find<{ meters: string[]; amounts: Amounts }>({ meters: { $exists: true } })) {
      for (const _id of hold.meters) {
        const sum = held.get(_id) ?? { _id, holds: 0, sums: {} };
        sum.holds += 1;
        for (const [bound, amount] of Object.entries(hold.amounts))
          sum.sums[bound] = (sum.sums[bound] ?? 0) + amount;
        held.set(_id, sum);
      }
    }
    for await (const meter of this.connection.collection('meters').find<Sums>({ holds: { $exists: true } })) {
      const sums = Object.fromEntries(Object.entries(meter.sums).filter(([, amount]) => amount !== 0));
      const own = held.get(meter._id) ?? { holds: 0, sums: {} };
      expect({ meter: meter._id, holds: meter.holds, sums }).toEqual({
        meter: meter._id,
        holds: own.holds,
        sums: own.sums,
      });
      held.delete(meter._id);
    }
    expect([...held.keys()]).toEqual([]);
  }
}

describe('bounds that are exact', () => {
  let two: TwoServers;
  beforeAll(async () => {
    two = await TwoServers.start({ TARGET_MAX_PROBES: '10', USER_MAX_RUNNING_OPERATIONS: '7' });
  });
  afterAll(() => two.stop());

  it('lets 10 of 100 through that strike one target at once, over two servers, and charges no other', async () => {
    const target = newTarget();
    const people = await Promise.all(Array.from({ length: 20 }, () => two.person(1_000)));
    const creations = Array.from({ length: 100 }, (_, n) => {
      const { user, probe } = people[n % 20]!;
      return two.create(user, probe, { ips: [target], probecount: 4 }, n % 2);
    });
    const outcomes = await Promise.allSettled(creations);
    const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(made).toHaveLength(10);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        expect((outcome.reason as LimitReachedError).reached).toMatchObject({
          bound: 'target_probes',
          limit: 10,
          used: 10,
          asked: 1,
          target,
        });
    }
    expect(await two.struck(target)).toMatchObject({ operations: 10, probes: 10 });
    const balances = await Promise.all(people.map(({ user }) => two.first.balance(user)));
    const paid = made.reduce((sum, { credits }) => sum + credits, 0);
    expect(balances.reduce<number>((sum, balance) => sum + (balance ?? 0), 0)).toBe(20_000 - paid);
    expect(
      await two.connection
        .collection('assignments')
        .countDocuments({ operation: { $in: made.map(({ _id }) => _id) } }),
    ).toBe(10);
    await two.audit();
  });

  it('is so by the transactions alone: also where nobody takes turns', async () => {
    const target = newTarget();
    const strikes = [{ host: target, packets: 1 }];
    const creations = Array.from({ length: 40 }, async (_, n) => {
      const server = two.servers[n % 2]!;
      const owner = { _id: new ObjectId(), is_superuser: false };
      const operation = {
        _id: new ObjectId(),
        owner: owner._id,
        schedule: { type: 'once' as const, at: new Date() },
        probe_count: 1,
        created_at: new Date(),
        ends_at: new Date(Date.now() + 3_600_000),
      };
      const bounds = server.get(QuotasService);
      const admission = bounds.prepare({ owner, operation, strikes });
      await bounds.admitting([admission], (admit) => server.get(TransactionsService).run(admit));
    });
    const outcomes = await Promise.allSettled(creations);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect(await two.struck(target)).toMatchObject({ operations: 10, probes: 10 });
    await two.audit();
  });

  it('lets 7 of 30 run that one user creates at once, over two servers', async () => {
    const { user, probe } = await two.person();
    const creations = Array.from({ length: 30 }, (_, n) =>
      two.create(user, probe, { ips: [newTarget()] }, n % 2),
    );
    const outcomes = await Promise.allSettled(creations);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
    expect(await two.used(user)).toMatchObject({ user_running: 7, user_operations: 7 });
    await two.audit();
  });

  it('takes nothing of any target where one of them is full', async () => {
    const [full, free] = [newTarget(), newTarget()];
    const { user, probe } = await two.person();
    const probes = await Promise.all(Array.from({ length: 10 }, () => two.first.probe(user)));
    await two.create(user, probe, { ips: [full], probes });
    const reached = await two.refused(two.create(user, probe, { ips: [free, full] }));
    expect(reached).toMatchObject({ bound: 'target_probes', target: full });
    expect(await two.struck(free)).toEqual({ operations: 0, probes: 0, packets: 0 });
    expect(await two.used(user)).toMatchObject({ user_running: 1 });
    await two.audit();
  });

  it('refuses for ever what alone is too much, and names the field', async () => {
    const { user, probe } = await two.person();
    const probes = await Promise.all(Array.from({ length: 11 }, () => two.first.probe(user)));
    await expect(two.create(user, probe, { ips: [newTarget()], probes })).rejects.toMatchObject({
      code: 'invalid_request',
      violations: [{ field: 'probes', message: expect.stringMatching(/^must be fewer: 11 of them/) }],
    });
    expect(await two.first.balance(user)).toBe(1_000_000);
  });

  it('does not count what strikes only the probe itself', async () => {
    const { user, probe } = await two.person();
    const probes = await Promise.all(Array.from({ length: 11 }, () => two.first.probe(user)));
    await two.create(user, probe, { ips: ['127.0.0.1', '::1'], probes });
    expect(await two.struck('127.0.0.1')).toEqual({ operations: 0, probes: 0, packets: 0 });
  });

  it('bounds a superuser by targets only', async () => {
    const target = newTarget();
    const { user, probe } = await two.person();
    const root = { ...user, is_superuser: true };
    for (let n = 0; n < 10; n += 1) await two.create(root, probe, { ips: [target] });
    expect(await two.refused(two.create(root, probe, { ips: [target] }))).toMatchObject({
      bound: 'target_probes',
    });
    expect((await two.first.get(QuotasService).usageOfUser(root)).map(({ limit }) => limit)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('bounds that are free again', () => {
  let two: TwoServers;
  beforeAll(async () => {
    two = await TwoServers.start({
      USER_MAX_OPERATIONS_PER_DAY: '6',
      USER_MAX_RUNNING_OPERATIONS: '4',
      USER_MAX_RESULTS_PER_DAY: '2000',
      TARGET_MAX_PROBES: '5',
      TARGET_MAX_PACKETS_PER_S: '10',
    });
  });
  afterAll(() => two.stop());
  // The tests set this process's clock; the database's would take that back.
  beforeEach(() => {
    jest.spyOn(PlatformClock.prototype, 'now').mockImplementation(() => new Date());
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  const wish = fc.record({
    ips: fc.uniqueArray(fc.constantFrom('203.0.113.1', '203.0.113.2', '203.0.113.3'), {
      minLength: 1,
      maxLength: 3,
    }),
    probecount: fc.integer({ min: 1, max: 60 }),
    minutes: fc.integer({ min: 1, max: 300 }),
    every_s: fc.constantFrom(10, 60, 300),
    pause_s: fc.integer({ min: 0, max: 4_000 }),
  });

  it('at free_at the same request passes, a millisecond before it does not', async () => {
    let time = Date.now();
    let refusals = 0;
    const property = fc.asyncProperty(fc.array(wish, { minLength: 8, maxLength: 14 }), async (wishes) => {
      // all that was before is over
      time += 3 * 24 * 3_600_000;
      setClock(time);
      const { user, probe } = await two.person();
      for (const { minutes, every_s, pause_s, ...rest } of wishes) {
        time += pause_s * 1_000;
        setClock(time);
        const asked = (now: number) =>
          two.create(user, probe, {
            ...rest,
            schedule: { type: 'interval', every_s, stop: new Date(now + minutes * 60_000).toISOString() },
          });
        const error = await asked(time).then(
          () => undefined,
          (reason: unknown) => reason as LimitReachedError,
        );
        if (error === undefined) continue;
        const free = Number(error.reached.freeAt);
        expect(free).toBeGreaterThan(time);
        setClock(free - 1);
        const still = await two.refused(asked(free - 1));
        expect(Number(still.freeAt)).toBe(free);
        setClock(free);
        await asked(free);
        time = free;
        refusals += 1;
      }
      await two.audit();
    });
    // each has more wishes than the owner has operations in a day
    await fc.assert(property, { numRuns: sized(8, 4) });
    expect(refusals).toBeGreaterThanOrEqual(8);
  });

  it('by a stop at once: what native probes have not done', async () => {
    const target = newTarget();
    const { user, probe } = await two.person();
    const stop = new Date(Date.now() + 6_000_000).toISOString();
    const operation = await two.create(user, probe, {
      ips: [target],
      schedule: { type: 'interval', every_s: 60, stop },
    });
    expect(await two.used(user)).toEqual({ user_operations: 1, user_running: 1, user_results: 100 });
    expect(await two.struck(target)).toEqual({ operations: 1, probes: 1, packets: 67 });
    await two.first.get(OperationsService).stop(operation._id, user);
    // the probe never had it: no result was called for
    expect(await two.used(user)).toEqual({ user_operations: 1, user_running: 0, user_results: 0 });
    expect(await two.struck(target)).toEqual({ operations: 0, probes: 0, packets: 0 });
    await two.audit();
  });

  it('by a stop in part: classic probes that have the job go on', async () => {
    const target = newTarget();
    const { user, probe } = await two.person();
    const other = await two.first.probe(user);
    const stop = new Date(Date.now() + 6_000_000).toISOString();
    const operation = await two.create(user, probe, {
      ips: [target],
      schedule: { type: 'interval', every_s: 60, stop },
      probes: [probe, other],
    });
    const assignments = two.first.get(AssignmentsRepository);
    const ids = (await assignments.findByOperation(operation._id)).map(({ _id }) => _id);
    await assignments.claim(ids.slice(0, 1), 'a', new Date(), deliveredOver('classic'));
    await two.first.get(OperationsService).stop(operation._id, user);
    expect(await two.used(user)).toEqual({ user_operations: 1, user_running: 0, user_results: 100 });
    expect(await two.struck(target)).toEqual({ operations: 1, probes: 1, packets: 67 });
    await two.audit();
  });

  it('by the last answer to a single run, not by the first', async () => {
    const target = newTarget();
    const { user, probe } = await two.person();
    const other = await two.first.probe(user);
    const operation = await two.create(user, probe, { ips: [target], probes: [probe, other] });
    const releases = two.first.get(ReleasesService);
    await two.answer(operation, probe);
    await releases.lookAtAll(FOREVER);
    expect(await two.struck(target)).toMatchObject({ operations: 1, probes: 2 });
    await two.answer(operation, other);
    releases.scheduleCompletionCheck(operation._id);
    await until('it is over', async () => (await two.struck(target)).operations === 0);
    // its results were called for today
    expect(await two.used(user)).toEqual({ user_operations: 1, user_running: 0, user_results: 2 });
    await two.audit();
  });

  it('by a look at everything where the word was lost', async () => {
    const { user, probe } = await two.person();
    const operation = await two.create(user, probe, { ips: [newTarget()] });
    await two.answer(operation, probe);
    expect(await two.used(user)).toMatchObject({ user_running: 1 });
    await two.servers[1].get(ReleasesService).lookAtAll(FOREVER);
    expect(await two.used(user)).toMatchObject({ user_running: 0 });
    await two.audit();
  });

  it('by time: what is over does not count, and leaves nothing behind', async () => {
    const target = newTarget();
    const { user, probe } = await two.person();
    await two.create(user, probe, { ips: [target] });
    const now = new Date(Date.now() + 20 * 24 * 3_600_000);
    setClock(now);
    expect(await two.used(user)).toEqual({ user_operations: 0, user_running: 0, user_results: 0 });
    await two.first.get(ReleasesService).removeOver(now, FOREVER);
    expect(await two.connection.collection('meters').countDocuments({ until: { $lte: now } })).toBe(0);
    expect(await two.connection.collection('meters').countDocuments({ holds: 0 })).toBe(0);
    await two.audit();
  });

  it('whatever happens at once, a meter is the sum of its holds', async () => {
    const { user, probe } = await two.person();
    const operations: OperationEntity[] = [];
    const work = Array.from({ length: 24 }, async (_, n) => {
      const server = two.servers[n % 2]!;
      try {
        operations.push(await two.create(user, probe, { ips: ['203.0.113.7'] }, n % 2));
      } catch (error) {
        if (!(error instanceof LimitReachedError)) throw error;
      }
      const some = operations.at(n % 3);
      if (some !== undefined && n % 3 === 0) await server.get(OperationsService).end(some._id, user);
      if (some !== undefined && n % 3 === 1) {
        await two.answer(some, probe);
        server.get(ReleasesService).scheduleCompletionCheck(some._id);
      }
      if (n % 5 === 0) await server.get(ReleasesService).removeOver(new Date(), FOREVER);
    });
    await Promise.all(work);
    for (const server of two.servers) await server.get(ReleasesService).lookAtAll(FOREVER);
    await two.audit();
  });
});
