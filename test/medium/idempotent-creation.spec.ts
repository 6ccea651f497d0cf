import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DomainError } from '../../src/platform/errors/domain.error.js';
import { ProbesService } from '../../src/core/probes/probes.service.js';
import { OperationCreationService } from '../../src/core/operations/operation-creation.service.js';
import { OperationsService } from '../../src/core/operations/operations.service.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { scheduleReading } from '../support/schedule-reading.js';

/** A client that got no answer asks again, while its first request may still be under way, here or at another server. */
describe('one Idempotency-Key', () => {
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

  const create = (
    server: AppContext,
    user: UserEntity,
    probe: ProbeEntity,
    key: string | undefined,
    schedule = scheduleReading(server, { type: 'once' }),
    number?: number,
  ) =>
    server.get(OperationCreationService).create(user, {
      kind: 'dns',
      params: { fqdns: ['example.org'] },
      schedule,
      probes: [probe._id],
      unknownParams: 'refuse',
      availability: 'whenever',
      visibility: 'public',
      idempotency: key === undefined ? undefined : { key, request: { key } },
      number,
    });

  it('makes one operation where the credits are enough for one, whoever is first', async () => {
    const [here] = servers as [AppContext];
    const user = await here.user(1);
    const probe = await here.probe(user);
    const made = await Promise.all(
      [...servers, ...servers, ...servers].map((server) => create(server, user, probe, 'k')),
    );
    expect(new Set(made.map(({ operation }) => String(operation._id))).size).toBe(1);
    expect(await here.balance(user)).toBe(0);
    await expect(create(here, user, probe, 'another')).rejects.toThrow(DomainError);
  });

  it('gives the first operation also where its schedule could not be asked for any more', async () => {
    const [here] = servers as [AppContext];
    const user = await here.user(1);
    const probe = await here.probe(user);
    const first = await create(here, user, probe, 'k');
    const past = scheduleReading(here, { type: 'once', at: '2020-01-01T00:00:00Z' });
    await expect(create(here, user, probe, 'new', past)).rejects.toThrow(
      'schedule.at must not be in the past',
    );
    const again = await create(here, user, probe, 'k', past);
    expect(again.operation._id).toEqual(first.operation._id);
  });

  it('gives each operation and probe of two servers a number, and none twice', async () => {
    const [here, there] = servers as [AppContext, AppContext];
    const user = await here.user(1000);
    const probes = await Promise.all(Array.from({ length: 50 }, (_, n) => servers[n % 2]!.probe(user)));
    const made = await Promise.all(
      Array.from({ length: 50 }, (_, n) => create(servers[n % 2]!, user, probes[n]!, undefined)),
    );
    for (const [numbers, first] of [
      [probes.map(({ number }) => number), 1],
      [made.map(({ operation }) => operation.number), 1_000_001],
    ] as const) {
      expect(new Set(numbers).size).toBe(50);
      expect(Math.min(...numbers)).toBeGreaterThanOrEqual(first);
    }
    const { operation } = made[7]!;
    expect(await there.get(OperationsService).byNumber(operation.number)).toMatchObject(operation);
    const found = await here.get(ProbesService).byNumbers([probes[3]!.number, 9_999_999, probes[1]!.number]);
    expect(found.map(({ number }) => number).sort()).toEqual([probes[1]!.number, probes[3]!.number].sort());
  });

  it('lets a superuser choose numbers, also those that a server was about to give', async () => {
    const [here, there] = servers as [AppContext, AppContext];
    const user = await here.user(1000);
    const root = { ...(await here.user(1000)), is_superuser: true };
    const probe = await here.probe(user);
    const next = (await create(there, user, probe, undefined)).operation.number + 1;
    const chosen = [next, next + 1, next + 2];
    for (const number of chosen) {
      const { operation } = await create(here, root, probe, undefined, undefined, number);
      expect(operation.number).toBe(number);
    }
    // in the midst of others of one batch, which one transaction stores
    const made = await Promise.all(Array.from({ length: 10 }, () => create(there, user, probe, undefined)));
    const numbers = made.map(({ operation }) => operation.number);
    expect(new Set([...numbers, ...chosen]).size).toBe(13);
    expect(await here.balance(user)).toBe(989);
    await expect(create(here, root, probe, undefined, undefined, next)).rejects.toMatchObject({
      code: 'conflict',
      message: `number ${next} is another operation's`,
    });
    await expect(create(here, user, probe, undefined, undefined, 77)).rejects.toMatchObject({
      code: 'forbidden',
    });
    const location = { longitude: 0, latitude: 0 };
    const register = (by: UserEntity, number: number) =>
      there.get(ProbesService).register(by, { location, number });
    expect((await register(root, 6001)).number).toBe(6001);
    await expect(register(root, 6001)).rejects.toMatchObject({ code: 'conflict' });
    await expect(register(user, 6002)).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('gives back what a server did not use when it ends', async () => {
    const [here] = servers as [AppContext];
    const user = await here.user();
    const before = await AppContext.start(mongo.uri);
    const { number } = await before.probe(user);
    await before.stop();
    const after = await AppContext.start(mongo.uri);
    const next = (await after.probe(user)).number;
    await after.stop();
    expect(next).toBe(number + 1);
  });
});
