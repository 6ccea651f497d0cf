import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Connection } from 'mongoose';
import { MIGRATIONS } from '../../src/core/maintenance/migrations/migrations.js';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { LimitReachedError } from '../../src/platform/errors/domain.error.js';
import { ProbeLoadsService } from '../../src/core/quotas/probe-loads.service.js';
import { type OperationRequest } from '../../src/core/operations/operation-request.js';
import { OperationCreationService } from '../../src/core/operations/operation-creation.service.js';
import { OperationsService } from '../../src/core/operations/operations.service.js';
import { MOST_HELD } from '../../src/core/probes/probe-load.js';
import { ProbeLoadsRepository } from '../../src/core/probes/probe-loads.repository.js';
import { ProbeConnectionsService } from '../../src/core/presence/probe-connections.service.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { ProbesService } from '../../src/core/probes/probes.service.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { scheduleReading } from '../support/schedule-reading.js';

const DAY_MS = 86_400_000;

/** docs/protocol.md, `sync`: a probe need not take more than 10,000 operations, or 16 MiB of them. */
describe('what a probe is given', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let server: AppContext;
  let connection: Connection;
  let user: UserEntity;
  let probe: ProbeEntity;

  beforeAll(async () => {
    mongo = await testMongo();
    server = await AppContext.start(mongo.uri);
    connection = server.module.get<Connection>(getConnectionToken(), { strict: false });
    user = await server.user(100_000_000);
  });
  beforeEach(async () => {
    probe = await server.probe(user);
  });
  afterAll(async () => {
    await server.stop();
    await mongo.stop();
  });

  const create = (more: Partial<OperationRequest> = {}, by = user) =>
    server.get(OperationCreationService).create(by, {
      kind: 'ping',
      params: { ips: ['127.0.0.1'] },
      schedule: scheduleReading(server, (now) => ({
        type: 'once',
        at: new Date(now.getTime() + DAY_MS).toISOString(),
      })),
      probes: [probe._id],
      unknownParams: 'refuse',
      availability: 'whenever',
      visibility: 'public',
      ...more,
    });
  /** Assignments that were made before, with nothing but what is counted. */
  const has = async (count: number, bytes: number, { _id, owner } = probe, state = 'pending') => {
    const ends = Date.now() + DAY_MS;
    await connection.collection('assignments').insertMany(
      Array.from({ length: count }, (_, n) => ({
        ...{ operation: new ObjectId(), probe: _id, probe_owner: owner, state, due: 1 },
        ...{ received: 0, failed: 0, created_at: new Date(), bytes, ends_at: new Date(ends + n) },
      })),
    );
    await connection
      .collection('probes')
      .updateOne({ _id }, { $inc: { 'load.operations': count, 'load.bytes': count * bytes } });
    await server.get(ProbeLoadsService).markNearlyFull();
  };
  const noted = async ({ _id } = probe) => server.get(ProbeLoadsRepository).find(_id);
  const reasonOf = async (work: Promise<unknown>) => {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof LimitReachedError)) throw new Error(`no limit: ${String(error)}`);
    return error;
  };

  it('ends with so many operations, in a sentence that names the probe and the bound', async () => {
    await has(MOST_HELD.operations - 1, 100);
    await create();
    const { message, status, reached } = await reasonOf(create());
    expect(status).toBe(429);
    expect(message).toContain(
      `Probe ${probe._id.toHexString()} has 10000 operations to do, and can be given 10000`,
    );
    expect(reached).toMatchObject({ bound: 'probe_operations', limit: 10_000, used: 10_000, asked: 1 });
    // the first of them ends after a day
    expect(reached.freeAt!.getTime()).toBeGreaterThan(Date.now());
  });

  it('ends with so many bytes', async () => {
    await has(100, 160_000);
    // with 1,000 names 39 KB
    const names = Array.from({ length: 1000 }, (_, n) => `name-${n}.of.some.length.example.org`);
    const large = () => create({ kind: 'dns', params: { fqdns: names } });
    let made = 0;
    const error = await reasonOf(
      (async () => {
        for (;;) {
          await large();
          made += 1;
        }
      })(),
    );
    expect(error.reached).toMatchObject({ bound: 'probe_held_bytes', limit: MOST_HELD.bytes });
    expect(error.message).toContain(probe._id.toHexString());
    expect(made).toBe(Math.floor((MOST_HELD.bytes - 16_000_000) / error.reached.asked!));
    // a small one has room still
    await create();
  });

  it('changes nothing for anybody where one of several probes is full', async () => {
    const other = await server.probe(user);
    await has(MOST_HELD.operations, 100);
    const before = await server.balance(user);
    await reasonOf(create({ probes: [other._id, probe._id] }));
    expect(await server.balance(user)).toBe(before);
    expect(await noted(other)).toEqual({ operations: 0, bytes: 0 });
    await create({ probes: [other._id] });
    expect((await noted(other)).operations).toBe(1);
  });

  it('has room again when what was noted is over: done, stopped, or past its end', async () => {
    await has(MOST_HELD.operations - 1, 100, probe, 'done');
    const { operation } = await create();
    await has(MOST_HELD.operations - 1, 100);
    await reasonOf(create());
    await server.get(OperationsService).stop(operation._id, user);
    await create();
    await reasonOf(create());
    await connection
      .collection('assignments')
      .updateMany({ probe: probe._id }, { $set: { ends_at: new Date(Date.now() - 1) } });
    await create();
  });

  it('gives the last places to as many as there are, whoever asks at once', async () => {
    await has(MOST_HELD.operations - 5, 100);
    const users = await Promise.all(Array.from({ length: 20 }, () => server.user(100)));
    const answers = await Promise.allSettled(users.map((each) => create({}, each)));
    const made = answers.filter(({ status }) => status === 'fulfilled');
    expect(made).toHaveLength(5);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'limit_reached' });
    }
    // never less than there are
    expect((await noted()).operations).toBeGreaterThanOrEqual(MOST_HELD.operations);
  });

  it('is marked once it is nearly all, whoever asks at once, until it is counted', async () => {
    const mark = async () =>
      (await connection.collection('probes').findOne({ _id: probe._id }))?.['nearly_full'] as unknown;
    await has(0.9 * MOST_HELD.operations - 3, 100);
    await create();
    expect(await mark()).toBeUndefined();
    // some of them find it as it was, and no longer is
    const users = await Promise.all(Array.from({ length: 6 }, () => server.user(100)));
    for (const answer of await Promise.allSettled(users.map((each) => create({}, each))))
      expect(answer.status).toBe('fulfilled');
    expect(await mark()).toBe(true);
    expect((await noted()).operations).toBeGreaterThanOrEqual(0.9 * MOST_HELD.operations + 4);
    await create();
    await has(MOST_HELD.operations, 100, probe, 'done');
    await create();
    expect((await noted()).operations).toBe(0.9 * MOST_HELD.operations + 6);
    expect(await mark()).toBe(true);
    await connection.collection('assignments').updateMany({ probe: probe._id }, { $set: { state: 'done' } });
    await has(MOST_HELD.operations, 100, probe, 'done');
    await create();
    expect((await noted()).operations).toBe(1);
    expect(await mark()).toBeUndefined();
  });

  it('is not used up by operations that were not made', async () => {
    const poor = await server.user(0);
    for (let n = 0; n < 3; n += 1) await expect(create({}, poor)).rejects.toThrow('credits');
    expect(await noted()).toEqual({ operations: 0, bytes: 0 });
  });

  it('looks at nothing that the probes have, as long as they have room', async () => {
    const loads = server.get(ProbeLoadsService);
    await has(1000, 100);
    const counted = await connection.db!.command({ serverStatus: 1 });
    const before = Number(counted['metrics'].document.returned);
    await (await loads.reserve([probe], 100)).giveBack();
    const after = await connection.db!.command({ serverStatus: 1 });
    expect(Number(after['metrics'].document.returned) - before).toBeLessThan(500);
  });

  it('keeps a rule from choosing a probe that is full', async () => {
    const tag = new ObjectId().toHexString();
    const [full, free] = [probe, await server.probe(user)];
    for (const each of [full, free]) {
      await server.get(ProbeConnectionsService).open(server.get(ProbesService).tokenOf(each), {
        ...{ protocol: 'native', total_credits: 1000, in_use_credits: 0, kinds: ['ping'] },
      });
      await connection.collection('probes').updateOne({ _id: each._id }, { $set: { tags: [tag] } });
    }
    await has(MOST_HELD.operations, 100, full);
    const { probes } = await create({ probes: { count: 1, tags: [tag] } });
    expect(probes.map(({ _id }) => String(_id))).toEqual([String(free._id)]);
    await expect(create({ probes: { count: 2, tags: [tag] } })).rejects.toMatchObject({
      shortage: { conditions: expect.arrayContaining([expect.objectContaining({ condition: 'room' })]) },
    });
    // what is noted of it is too much: it has room
    await connection.collection('assignments').updateMany({ probe: full._id }, { $set: { state: 'done' } });
    expect((await create({ probes: { count: 2, tags: [tag] } })).probes).toHaveLength(2);
  });

  it('is known of operations that were made before it was bounded', async () => {
    const { operation } = await create();
    await connection
      .collection('assignments')
      .updateOne({ operation: operation._id }, { $unset: { bytes: 1 } });
    await connection.collection('probes').updateOne({ _id: probe._id }, { $unset: { load: 1 } });
    const migration = MIGRATIONS.find(({ id }) => id.endsWith('loads-of-probes'))!;
    for (let n = 0; n < 2; n += 1) await migration.up(connection);
    const { operations, bytes } = await noted();
    expect(operations).toBe(1);
    expect(bytes).toBeGreaterThan(100);
  });
});
