import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Connection } from 'mongoose';
import { DomainError } from '../../src/platform/errors/domain.error.js';
import { OperationCreationService } from '../../src/core/operations/operation-creation.service.js';
import { ProbeLoadsRepository } from '../../src/core/probes/probe-loads.repository.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { scheduleReading } from '../support/schedule-reading.js';

const CREDITS = 1_000_000;

/** docs/adr/0057: what was read lately is good for a beginning, and for nothing that lasts. */
describe('a creation that begins with a probe as it was read lately', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let server: AppContext;
  let connection: Connection;
  let user: UserEntity;
  let probe: ProbeEntity;

  beforeAll(async () => {
    mongo = await testMongo();
    server = await AppContext.start(mongo.uri);
    connection = server.module.get<Connection>(getConnectionToken(), { strict: false });
  });
  beforeEach(async () => {
    user = await server.user(CREDITS);
    probe = await server.probe(user);
    // from now on the probe is remembered
    await create();
    await connection.collection('users').updateOne({ _id: user._id }, { $set: { credits: CREDITS } });
  });
  afterAll(async () => {
    await server.stop();
    await mongo.stop();
  });

  const create = () =>
    server.get(OperationCreationService).create(user, {
      kind: 'ping',
      params: { ips: ['127.0.0.1'] },
      schedule: scheduleReading(server, { type: 'once' }),
      probes: [probe._id],
      unknownParams: 'refuse',
      availability: 'whenever',
      visibility: 'public',
    });
  const stored = () => connection.collection('operations').countDocuments({ owner: user._id });
  const room = async () => (await server.get(ProbeLoadsRepository).find(probe._id)).operations;
  const change = (update: object) => connection.collection('probes').updateOne({ _id: probe._id }, update);
  const codeOf = async (work: Promise<unknown>) => {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof DomainError)) throw new Error(`not refused: ${String(error)}`);
    return error.code;
  };
  const nothingHasChanged = async () => {
    expect(await stored()).toBe(1);
    expect(await server.balance(user)).toBe(CREDITS);
    const meter = await connection
      .collection<{ _id: string; sums: object }>('meters')
      .findOne({ _id: `user:${user._id.toHexString()}` });
    expect(meter?.sums).toMatchObject({ user_operations: 1, user_running: 1 });
  };

  it('is of the probe as it is', async () => {
    const location = { type: 'Point', coordinates: [24.9, 60.2] };
    await change({ $set: { location } });
    const { probes } = await create();
    expect(probes).toMatchObject([{ _id: probe._id, location }]);
    expect(await stored()).toBe(2);
    expect(await room()).toBe(2);
  });

  it.each([
    ['was suspended', { $set: { suspended: { at: new Date(), reason: 'noise' } } }, 'conflict'],
    ['was imported', { $set: { imported: true } }, 'invalid_request'],
  ])('is refused where the probe %s meanwhile, and gives its room back', async (_what, update, code) => {
    await change(update);
    expect(await codeOf(create())).toBe(code);
    await nothingHasChanged();
    expect(await room()).toBe(1);
  });

  it('is refused where the probe is gone', async () => {
    await connection.collection('probes').deleteOne({ _id: probe._id });
    expect(await codeOf(create())).toBe('not_found');
    await nothingHasChanged();
  });

  it('pays the owner of the probe that it has now', async () => {
    const heir = await server.user(0);
    await change({ $set: { owner: heir._id } });
    const { operation } = await create();
    const assignment = await connection.collection('assignments').findOne({ operation: operation._id });
    expect(assignment?.['probe_owner']).toEqual(heir._id);
    expect(await room()).toBe(2);
  });
});
