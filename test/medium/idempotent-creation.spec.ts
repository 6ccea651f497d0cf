import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DomainError } from '../../src/platform/errors/domain.error.js';
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
    key: string,
    schedule = scheduleReading(server, { type: 'once' }),
  ) =>
    server.get(OperationsService).create(user, {
      kind: 'dns',
      params: { fqdns: ['example.org'] },
      schedule,
      probes: [probe._id],
      unknownParams: 'refuse',
      availability: 'whenever',
      visibility: 'public',
      idempotency: { key, request: { key } },
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
});
