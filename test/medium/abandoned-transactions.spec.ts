import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import mongoose from 'mongoose';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appName, readAppName } from '../../src/platform/database/app-name.js';
import { DatabaseService } from '../../src/platform/database/database.service.js';
import { LedgerService } from '../../src/core/ledger/ledger.service.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { until } from '../support/until.js';

const LONG_MS = 3_600_000;

/** Another server process, which has changed a balance in a transaction and is then killed, or goes on. */
const SERVER = `
  import mongoose from 'mongoose';
  const [uri, appName, user] = process.argv.slice(1);
  const client = await new mongoose.mongo.MongoClient(uri, { appName }).connect();
  const session = client.startSession();
  session.startTransaction();
  const _id = new mongoose.mongo.ObjectId(user);
  await client.db().collection('users').updateOne({ _id }, { $inc: { credits: 7 } }, { session });
  console.log('open');
  process.stdin.once('data', () => {
    session.commitTransaction().then(() => console.log('committed'), (error) => console.log(error.message));
  });
`;

/** What a server that was killed leaves in the database: a transaction that has changed a balance, and nobody to end it. */
describe('a transaction of a server that does not go on', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let server: AppContext;
  let user: UserEntity;
  let database: string;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    mongo = await testMongo();
    server = await AppContext.start(mongo.uri);
    database = new URL(mongo.uri).pathname.slice(1);
  });
  beforeEach(async () => {
    user = await server.user();
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await server.stop();
    await mongo.stop();
  });

  const connection = () => server.module.get<mongoose.Connection>(getConnectionToken(), { strict: false });
  const end = (idleMs = 0) => server.get(DatabaseService).endAbandonedTransactions(idleMs);

  /** A server process with an open transaction; @param leaseMs how long its lease stands, from now */
  async function begin({ name = appName(database, randomUUID()), leaseMs = LONG_MS, uri = mongo.uri } = {}) {
    await connection()
      .collection<{ _id: string }>('servers')
      .insertOne({
        _id: readAppName(name)?.server ?? name,
        lease_until: new Date(Date.now() + leaseMs),
      } as never);
    const arguments_ = ['--input-type=module', '-e', SERVER, uri, name, user._id.toHexString()];
    const child = spawn(process.execPath, arguments_, { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    const heard: string[] = [];
    child.stdout.on('data', (text: Buffer) => heard.push(text.toString().trim()));
    await until('its transaction is open', () => heard.includes('open'));
    return {
      kill: async () => {
        child.kill('SIGKILL');
        await once(child, 'exit');
      },
      goesOn: async () => {
        child.stdin.write('go on');
        await until('it has gone on', () => heard.length > 1);
        return heard[1];
      },
    };
  }

  it('holds nobody up once it is ended, and has changed nothing', async () => {
    const other = await begin();
    expect(await end()).toBe(0);
    await other.kill();
    expect(await end(LONG_MS)).toBe(0);
    const granted = server.get(LedgerService).grant(user._id, 10);
    await until('it is ended', async () => (await end()) > 0);
    expect(await granted).toBe(10);
  });

  it('may take its time while the server is there', async () => {
    const slow = await begin();
    expect(await end()).toBe(0);
    expect(await slow.goesOn()).toBe('committed');
    expect(await server.balance(user)).toBe(7);
  });

  it('is ended where the lease of its server is over, whatever connections it has', async () => {
    const stopped = await begin({ leaseMs: -1 });
    expect(await end()).toBe(1);
    expect(await stopped.goesOn()).toMatch(/transaction/i);
    expect(await server.balance(user)).toBe(0);
  });

  it.each([
    ['of another platform in the same mongod', () => appName('another-database', randomUUID())],
    ['whose name begins with that of this one', () => appName(`${database}2`, randomUUID())],
    ['of no server', () => 'somebody else'],
    ['that looks like one of an older version', () => `pladmed/${randomUUID()}`],
  ])('is nobody’s business %s', async (_which, nameOf) => {
    const theirs = await begin({ name: nameOf(), leaseMs: -1 });
    expect(await end()).toBe(0);
    expect(await theirs.goesOn()).toBe('committed');
  });

  it('is not one that this server has open itself', async () => {
    const client = connection().getClient();
    await client.withSession(async (session) => {
      session.startTransaction();
      await client
        .db(database)
        .collection('users')
        .updateOne({ _id: user._id }, { $inc: { credits: 7 } }, { session });
      expect(await end()).toBe(0);
      await session.commitTransaction();
    });
    expect(await server.balance(user)).toBe(7);
  });

  it('is ended by the next start of the same server, which was killed', async () => {
    const name = (connection().getClient().options.appName ?? '').replace(/[^/]+$/, 'before01');
    const before = await begin({ name, leaseMs: LONG_MS }).catch(async () => begin({ name: `${name}x` }));
    await before.kill();
    await server.get(DatabaseService).prepare();
    expect(await server.get(LedgerService).grant(user._id, 10)).toBe(10);
  });

  it('is repeated by a server that was only slow', async () => {
    const name = appName(database, randomUUID());
    const client = await new mongoose.mongo.MongoClient(mongo.uri, { appName: name }).connect();
    let tries = 0;
    await client.withSession((session) =>
      session.withTransaction(async () => {
        tries += 1;
        await client
          .db()
          .collection('users')
          .updateOne({ _id: user._id }, { $inc: { credits: 7 } }, { session });
        if (tries === 1) expect(await end()).toBe(1);
      }),
    );
    await client.close();
    expect(tries).toBe(2);
    expect(await server.balance(user)).toBe(7);
  });
});
