import { Injectable, Logger } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { randomUUID } from 'node:crypto';
import { type Connection, type mongo } from 'mongoose';
import { readAppName } from './app-name.js';
import { isDuplicateKey } from '../errors/database-errors.js';
import { MigrationsService } from './migrations/migrations.service.js';
import { PlatformClock } from './platform-clock.js';

/** The database is there but cannot be used: one sentence with the way out. */
export class UnusableDatabaseError extends Error {
  override readonly name = 'UnusableDatabaseError';
}

/** A transaction that is open and does nothing now, as $currentOp shows it. */
interface IdleTransaction {
  appName?: string;
  lsid: { id: unknown };
}

/** Collections that outlive `DELETE /delete_all`: they say what the database is, not what people put in it. */
const STRUCTURAL_COLLECTIONS = ['counters', 'leases', 'migrations', 'platform', 'servers'];

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
      if (indexes.length > 0) await model.collection.createIndexes(indexes as mongo.IndexDescription[]);
    }
  }

  /** @returns milliseconds of a round trip to the primary; throws when there is none, or when it does not answer */
  async ping(): Promise<number> {
    const started = performance.now();
    await this.db.command({ ping: 1 });
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
   * could store a result for that account meanwhile. A server counts as gone when MongoDB has no connection of its process any more, or its
   * lease is over; one that is there may take as long as it likes. What is of another database is not ours to end.
   * @param idleMs for which nothing was heard of a transaction
   * @returns how many were ended
   */
  async endAbandonedTransactions(idleMs: number): Promise<number> {
    const own = readAppName(this.connection.getClient().options.appName);
    if (own === undefined) return 0;
    const idle = await this.idleTransactions(idleMs, own.ofDatabase);
    const others = idle.filter(({ appName }) => appName !== own.ofProcess);
    if (others.length === 0) return 0;
    const names = [...new Set(others.flatMap(({ appName }) => appName ?? []))];
    const [connected, leased] = [await this.connectedAmong(names), await this.leasedServers()];
    const isGone = ({ appName }: IdleTransaction) =>
      !connected.has(appName) || !leased.has(readAppName(appName)?.server);
    return this.end(others.filter(isGone));
  }

  /** The next start of a server that was killed need not wait that long: they are its own. */
  private async endLeftTransactions(): Promise<void> {
    const own = readAppName(this.connection.getClient().options.appName);
    if (own === undefined) return;
    try {
      const idle = await this.idleTransactions(0, own.ofServer);
      const transactions = await this.end(idle.filter(({ appName }) => appName !== own.ofProcess));
      if (transactions > 0)
        this.logger.log({ transactions }, 'ended the transactions of the server before this one');
    } catch (error) {
      this.logger.warn({ err: error }, 'could not look for transactions of the server before this one');
    }
  }

  /** @param prefix of the names of their processes */
  private async idleTransactions(idleMs: number, prefix: string): Promise<IdleTransaction[]> {
    const found = await this.admin
      .aggregate<IdleTransaction>([
        { $currentOp: { idleSessions: true } },
        {
          $match: {
            type: 'idleSession',
            transaction: { $exists: true },
            'transaction.timeInactiveMicros': { $gte: 1000 * idleMs },
          },
        },
        { $project: { lsid: 1, appName: 1 } },
      ])
      .toArray();
    return found.filter(({ appName }) => appName?.startsWith(prefix) === true);
  }

  /** The processes that have a connection; what watches the database does not count, it is noticed late to be gone. */
  private async connectedAmong(names: readonly string[]): Promise<ReadonlySet<string | undefined>> {
    const monitors = ['hello', 'isMaster', 'ismaster'].map((command) => ({
      [`command.${command}`]: { $exists: true },
    }));
    const found = await this.admin
      .aggregate<{ _id: string }>([
        { $currentOp: { idleConnections: true } },
        { $match: { type: 'op', appName: { $in: [...names] }, $nor: monitors } },
        { $group: { _id: '$appName' } },
      ])
      .toArray();
    return new Set(found.map(({ _id }) => _id));
  }

  private async leasedServers(): Promise<ReadonlySet<string | undefined>> {
    const standing = { $expr: { $gt: ['$lease_until', '$$NOW'] } };
    const servers = this.db.collection<{ _id: string }>('servers');
    const found = await servers.find(standing, { projection: { _id: 1 } }).toArray();
    return new Set(found.map(({ _id }) => _id));
  }

  private async end(transactions: readonly IdleTransaction[]): Promise<number> {
    if (transactions.length > 0)
      await this.admin.command({ killSessions: transactions.map(({ lsid }) => ({ id: lsid.id })) });
    return transactions.length;
  }

  private get admin() {
    return this.connection.getClient().db('admin');
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
