import { Injectable, Logger } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { randomUUID } from 'node:crypto';
import { type Connection, type mongo } from 'mongoose';
import { isDuplicateKey } from './database-errors.js';
import { MigrationsService } from './migrations/migrations.service.js';
import { PlatformClock } from './platform-clock.js';

/** The database is there but cannot be used: one sentence with the way out. */
export class UnusableDatabaseError extends Error {
  override readonly name = 'UnusableDatabaseError';
}

/** What servers call themselves at MongoDB begins with this. */
export const SERVER_APP_NAME = 'pladmed';

/** Collections that outlive `DELETE /delete_all`: they say what the database is, not what people put in it. */
const STRUCTURAL_COLLECTIONS = ['leases', 'migrations', 'platform', 'servers'];

/** Makes the database ready at boot, says how it is, empties it where that is allowed. */
@Injectable()
export class DatabaseService {
  private readonly logger = new Logger('database');

  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly migrations: MigrationsService,
    private readonly clock: PlatformClock,
  ) {}

  /**
   * Before the first request: a replica set it must be, migrations run, indexes stand.
   * @throws UnusableDatabaseError
   */
  async prepare(): Promise<void> {
    await this.demandReplicaSet();
    await this.clock.compare();
    await this.endLeftTransactions();
    await this.migrations.run();
    for (const model of Object.values(this.connection.models)) {
      await model.createCollection();
      const indexes = model.schema.indexes().map(([key, options]) => ({ key, ...options }));
      // of a large collection they take as long as they take
      if (indexes.length > 0)
        await model.collection.createIndexes(indexes as mongo.IndexDescription[], { timeoutMS: 0 });
    }
  }

  /** @returns milliseconds of a round trip to the primary; throws when there is none */
  async ping(): Promise<number> {
    const started = performance.now();
    await this.db.command({ ping: 1 }, { timeoutMS: 2000 });
    return performance.now() - started;
  }

  /** @returns what this database calls itself: made once, the same for all servers that work in it */
  async platformName(): Promise<string> {
    const platform = this.db.collection<{ _id: string; name: string }>('platform');
    const made = { $setOnInsert: { name: randomUUID() } };
    const once = () =>
      platform.findOneAndUpdate({ _id: 'self' }, made, { upsert: true, returnDocument: 'after' });
    // two servers that begin at once: one of them runs into the other's
    const self = (await once().catch(unlessDuplicate)) ?? (await once());
    if (self === null) throw new Error('the database has no name for itself');
    return self.name;
  }

  /** Empties every collection of the platform; indexes go on standing. */
  async deleteEverything(): Promise<void> {
    const collections = await this.db.listCollections({}, { nameOnly: true }).toArray();
    const names = collections.map(({ name }) => name);
    for (const name of names.filter((each) => !STRUCTURAL_COLLECTIONS.includes(each))) {
      await this.db.collection(name).deleteMany({});
    }
  }

  private get db() {
    if (this.connection.db === undefined) throw new UnusableDatabaseError('The database is not connected.');
    return this.connection.db;
  }

  /**
   * A server that was killed leaves its transactions open, and MongoDB lets them hold what they wrote for a minute: no server
   * could store a result for that account meanwhile. Ours are never idle for long; one of a server that was only slow is repeated.
   * @param idleMs for which nothing was heard of a transaction
   * @returns how many were ended
   */
  async endForsakenTransactions(idleMs: number): Promise<number> {
    return this.endTransactions({
      appName: { $regex: `^${SERVER_APP_NAME}/` },
      'transaction.timeInactiveMicros': { $gte: 1000 * idleMs },
    });
  }

  /** The next start of a server that was killed need not wait that long: they are its own. */
  private async endLeftTransactions(): Promise<void> {
    const { appName } = this.connection.getClient().options;
    if (appName === undefined) return;
    try {
      const transactions = await this.endTransactions({ appName });
      if (transactions > 0)
        this.logger.log({ transactions }, 'ended the transactions of the server before this one');
    } catch (error) {
      this.logger.warn({ err: error }, 'could not look for transactions of the server before this one');
    }
  }

  /** @param which among the sessions that have a transaction and do nothing now, as $currentOp shows them */
  private async endTransactions(which: object): Promise<number> {
    const admin = this.connection.getClient().db('admin');
    const left = await admin
      .aggregate<{ lsid: { id: unknown } }>([
        { $currentOp: { idleSessions: true } },
        { $match: { type: 'idleSession', transaction: { $exists: true }, ...which } },
        { $project: { lsid: 1 } },
      ])
      .toArray();
    if (left.length > 0) await admin.command({ killSessions: left.map(({ lsid }) => ({ id: lsid.id })) });
    return left.length;
  }

  private async demandReplicaSet(): Promise<void> {
    const hello = await this.db.admin().command({ hello: 1 });
    if (hello['setName'] !== undefined || hello['msg'] === 'isdbgrid') return;
    throw new UnusableDatabaseError(
      'The MongoDB server is no replica set, and transactions need one. Start mongod with `--replSet rs0` and run ' +
        '`rs.initiate()` once in mongosh; a set of one member is enough (docs/operations.md, "Database").',
    );
  }
}

function unlessDuplicate(error: unknown): null {
  if (isDuplicateKey(error)) return null;
  throw error;
}
