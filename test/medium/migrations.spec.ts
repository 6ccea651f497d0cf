import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Connection } from 'mongoose';
import { MIGRATIONS } from '../../src/core/maintenance/migrations/migrations.js';
import {
  type Migration,
  MigrationsService,
} from '../../src/platform/database/migrations/migrations.service.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';

describe('migrations', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let servers: AppContext[];
  let connection: Connection;
  let ran: string[];

  beforeAll(async () => {
    mongo = await testMongo();
    servers = [await AppContext.start(mongo.uri), await AppContext.start(mongo.uri)];
    connection = servers[0]!.module.get<Connection>(getConnectionToken(), { strict: false });
  });
  beforeEach(async () => {
    ran = [];
    await connection.collection<{ _id: string }>('migrations').deleteMany({ _id: /^test-|^lock$/ });
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    await mongo.stop();
  });

  const run = (migrations: Migration[], server = 0) =>
    servers[server]!.get(MigrationsService).run(migrations);
  const locks = () => connection.collection<{ _id: string }>('migrations').countDocuments({ _id: 'lock' });
  const migration = (id: string, work: () => void = () => undefined): Migration => ({
    id,
    up: () => {
      ran.push(id);
      work();
      return Promise.resolve();
    },
  });

  it('have run at the first start, and do not run again', async () => {
    expect(await servers[0]!.get(MigrationsService).run()).toEqual([]);
    const noted = await connection.collection<{ _id: string }>('migrations').find().toArray();
    expect(noted.map(({ _id }) => _id)).toEqual(MIGRATIONS.map(({ id }) => id));
  });

  it('drop the index of results that nothing asks for, and it is not made again', async () => {
    const results = connection.collection('results');
    const keys = async () => (await results.indexes()).map(({ key }) => Object.keys(key).join());
    const before = await keys();
    await results.createIndexes([{ key: { probe: 1, received_at: -1 } }]);
    const drop = MIGRATIONS.find(({ id }) => id.endsWith('-results-without-index-of-probes'))!;
    for (const _again of [1, 2]) await drop.up(connection);
    expect(await keys()).toEqual(before);
    expect(before).not.toContain('probe,received_at');
  });

  it('drop the indexes of loads, and they are not made again', async () => {
    const probes = connection.collection('probes');
    const keys = async () => (await probes.indexes()).map(({ key }) => Object.keys(key).join());
    const before = await keys();
    await probes.createIndexes(
      ['load.operations', 'load.bytes'].map((member) => ({
        key: { [member]: 1 },
        partialFilterExpression: { [member]: { $gt: 9000 } },
      })),
    );
    const drop = MIGRATIONS.find(({ id }) => id.endsWith('-loads-without-index'))!;
    for (const _again of [1, 2]) await drop.up(connection);
    expect(await keys()).toEqual(before);
    expect(before.filter((key) => key.includes('load'))).toEqual([]);
    expect(before).toContain('nearly_full');
  });

  it('run once each, in the order of their ids, and later only what is new', async () => {
    const [a, b, c] = [migration('test-a'), migration('test-b'), migration('test-c')];
    expect(await run([c, a])).toEqual(['test-a', 'test-c']);
    expect(await run([a, b, c])).toEqual(['test-b']);
    expect(await run([a, b, c])).toEqual([]);
    expect(ran).toEqual(['test-a', 'test-c', 'test-b']);
    expect(await locks()).toBe(0);
  });

  it('run once where several servers start at once', async () => {
    const all = ['test-a', 'test-b', 'test-c'].map((id) => migration(id));
    const outcomes = await Promise.all([run(all, 0), run(all, 1), run(all, 0), run(all, 1)]);
    expect(ran).toEqual(['test-a', 'test-b', 'test-c']);
    expect(outcomes.flat().sort()).toEqual(['test-a', 'test-b', 'test-c']);
    expect(await locks()).toBe(0);
  });

  it('stop at the one that fails; the next start goes on with it', async () => {
    let broken = true;
    const failing = migration('test-b', () => {
      if (broken) throw new Error('the disk is full');
    });
    const all = [migration('test-a'), failing, migration('test-c')];
    await expect(run(all)).rejects.toThrow('the disk is full');
    expect(await locks()).toBe(0);
    broken = false;
    expect(await run(all, 1)).toEqual(['test-b', 'test-c']);
    expect(ran).toEqual(['test-a', 'test-b', 'test-b', 'test-c']);
  });

  it('take over from a server that died in the middle', async () => {
    const long = new Date(Date.now() - 3_600_000);
    await connection
      .collection<{ _id: string; at: Date; until: Date }>('migrations')
      .insertOne({ _id: 'lock', at: long, until: new Date(Date.now() - 1) });
    expect(await run([migration('test-a')])).toEqual(['test-a']);
    expect(await locks()).toBe(0);
  });

  it('are harmless when they run a second time', async () => {
    const users = connection.collection('users');
    const { insertedId } = await users.insertOne({
      email: ' Ada@Example.ORG ',
      password_hash: 'x',
      credits: 7,
    });
    const first = MIGRATIONS.map(({ up }) => up);
    for (const up of [...first, ...first]) await up(connection);
    expect(await users.findOne({ _id: insertedId })).toMatchObject({ email: 'ada@example.org', credits: 7 });
  });

  it('leave assignments of before waiting for their start', async () => {
    const assignments = connection.collection('assignments');
    const from = new Date(Date.now() + 3_600_000);
    const { insertedId } = await assignments.insertOne({ state: 'pending', classic_from: from });
    const renaming = MIGRATIONS.filter(({ id }) => id.includes('not-before'));
    await run(renaming.map((each) => ({ ...each, id: 'test-not-before' })));
    const after = await assignments.findOne({ _id: insertedId });
    await assignments.deleteOne({ _id: insertedId });
    expect(after).toEqual({ _id: insertedId, state: 'pending', not_before: from });
  });

  it('leave operations of before running on the days that were sold', async () => {
    const operations = connection.collection<{ _id: string; schedule: unknown }>('operations');
    const crons = ['0 0 */2 * 1', '0 0 1 * 1', '38-60/43 0 * * *'];
    const documents = crons.map((cron, n) => ({
      _id: `test-${n}`,
      schedule: { type: 'cron', cron, times_per_minute: 2 },
    }));
    await operations.insertMany(documents);
    const cronMigration = MIGRATIONS.filter(({ id }) => id.includes('cron')).map((each) => ({
      ...each,
      id: 'test-cron',
    }));
    await run(cronMigration);
    const after = await operations
      .find({ _id: /^test-/ })
      .sort({ _id: 1 })
      .toArray();
    await operations.deleteMany({ _id: /^test-/ });
    expect(after.map(({ schedule }) => schedule)).toEqual(
      ['0 0 1-31/2 * 1', '0 0 1 * 1', '38-59/43 0 * * *'].map((cron) => ({
        type: 'cron',
        cron,
        times_per_minute: 2,
      })),
    );
  });

  it('give operations and probes of before numbers, in order of creation', async () => {
    const probes = connection.collection<{ _id: string; created_at: Date; number?: number }>('probes');
    const operations = connection.collection<{ _id: string; created_at: Date; number?: number }>(
      'operations',
    );
    // ids of imported ones do not tell when they were made
    const documents = [3, 1, 2].map((n) => ({ _id: `test-${10 - n}`, created_at: new Date(n) }));
    for (const all of [probes, operations]) {
      await all.insertMany(documents);
      // given by an attempt that was interrupted
      await all.insertOne({ _id: 'test-0', created_at: new Date(0), number: all === probes ? 1 : 1_000_001 });
    }
    const numbering = MIGRATIONS.filter(({ id }) => id.includes('numbers'));
    await run(numbering.map((each) => ({ ...each, id: 'test-numbers' })));
    const numbersOf = async (all: typeof probes) =>
      (
        await all
          .find({ _id: /^test-/ })
          .sort({ created_at: 1 })
          .toArray()
      ).map(({ number }) => number);
    expect(await numbersOf(probes)).toEqual([1, 2, 3, 4]);
    expect(await numbersOf(operations)).toEqual([1_000_001, 1_000_002, 1_000_003, 1_000_004]);
    const [user, server] = [await servers[0]!.user(), servers[0]!];
    expect((await server.probe(user)).number).toBe(5);
    for (const all of [probes, operations]) await all.deleteMany({ _id: /^test-/ });
  });

  it('leave what operations of before hold of the quotas beside the meters', async () => {
    const before = connection.collection<{ _id: string; until: Date }>('holds');
    const meters = connection.collection<{ _id: string; until?: Date }>('meters');
    const until = new Date(Date.now() + 3_600_000);
    await before.insertMany(['test-a.0', 'test-a.1'].map((_id) => ({ _id, until })));
    // moved by an attempt that was interrupted
    await meters.insertOne({ _id: 'test-a.0', until });
    const moving = MIGRATIONS.filter(({ id }) => id.includes('holds'));
    await run(moving.map((each) => ({ ...each, id: 'test-holds' })));
    const found = await meters
      .find({ _id: /^test-/ })
      .sort({ _id: 1 })
      .toArray();
    await meters.deleteMany({ _id: /^test-/ });
    expect(found).toEqual(['test-a.0', 'test-a.1'].map((_id) => ({ _id, until })));
    const left = await connection.listCollections();
    expect(left.map(({ name }) => name)).not.toContain('holds');
  });
});
