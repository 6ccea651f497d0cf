import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { DatabaseService } from '../../src/common/database/database.service.js';
import { LedgerService } from '../../src/modules/ledger/ledger.service.js';
import { type UserEntity } from '../../src/modules/users/user.schema.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';

const LONG_MS = 3_600_000;

/** What a server that was killed leaves in the database: a transaction that has changed a balance, and nobody to end it. */
describe('a transaction of a server that does not go on', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let server: AppContext;
  const clients: mongoose.mongo.MongoClient[] = [];

  beforeAll(async () => {
    mongo = await testMongo();
    server = await AppContext.start(mongo.uri);
  });
  afterAll(async () => {
    for (const client of clients) await client.close(true);
    await server.stop();
    await mongo.stop();
  });

  async function begin(appName: string, user: UserEntity) {
    const client = await new mongoose.mongo.MongoClient(mongo.uri, { appName }).connect();
    clients.push(client);
    const session = client.startSession();
    session.startTransaction();
    await client
      .db()
      .collection('users')
      .updateOne({ _id: user._id }, { $inc: { credits: 7 } }, { session });
    return session;
  }

  it('holds nobody up once it is ended, and has changed nothing', async () => {
    const user = await server.user();
    await begin('pladmed/dead', user);
    const database = server.get(DatabaseService);
    expect(await database.endForsakenTransactions(LONG_MS)).toBe(0);
    const granted = server.get(LedgerService).grant(user._id, 10);
    expect(await database.endForsakenTransactions(0)).toBeGreaterThan(0);
    expect(await granted).toBe(10);
  });

  it('is nobody’s business where it is none of ours', async () => {
    const session = await begin('somebody else', await server.user());
    await server.get(DatabaseService).endForsakenTransactions(0);
    await expect(session.commitTransaction()).resolves.toBeUndefined();
  });

  it('is repeated by a server that was only slow', async () => {
    const user = await server.user();
    const client = await new mongoose.mongo.MongoClient(mongo.uri, { appName: 'pladmed/slow' }).connect();
    clients.push(client);
    let tries = 0;
    await client.withSession((session) =>
      session.withTransaction(async () => {
        tries += 1;
        await client
          .db()
          .collection('users')
          .updateOne({ _id: user._id }, { $inc: { credits: 7 } }, { session });
        if (tries === 1) await server.get(DatabaseService).endForsakenTransactions(0);
      }),
    );
    expect(tries).toBe(2);
    expect(await server.balance(user)).toBe(7);
  });
});
