import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectConnection, InjectModel } from '@nestjs/mongoose';
import { setTimeout as pause } from 'node:timers/promises';
import { type Connection, type Model } from 'mongoose';
import { isDuplicateKey } from '../../errors/database-errors.js';
import { MIGRATION_MODEL, type MigrationEntity } from './migration.schema.js';

export interface Migration {
  /** timestamp and purpose; never changed once released, since the database remembers it */
  id: string;
  up(connection: Connection): Promise<void>;
}

/** Injection token: what a database has to go through, in order of the ids. */
export const DATABASE_MIGRATIONS = Symbol('migrations');

const LOCK = 'lock';
const LOCK_MS = 10 * 60_000;

@Injectable()
export class MigrationsService {
  private readonly logger = new Logger('migrations');

  constructor(
    @InjectConnection() private readonly connection: Connection,
    @InjectModel(MIGRATION_MODEL) private readonly model: Model<MigrationEntity>,
    @Inject(DATABASE_MIGRATIONS) private readonly migrations: readonly Migration[],
  ) {}

  /** Runs what has not run yet, in order; several servers that start at once take turns. */
  async run(migrations = this.migrations): Promise<string[]> {
    if ((await this.pending(migrations)).length === 0) return [];
    const taken = await this.takeLock();
    try {
      const pending = await this.pending(migrations);
      for (const migration of pending) {
        this.logger.log({ migration: migration.id }, 'migrating');
        await migration.up(this.connection);
        await this.model.create({ _id: migration.id, at: new Date() });
      }
      return pending.map(({ id }) => id);
    } finally {
      // only our own: after LOCK_MS another server may hold it
      await this.model.deleteOne({ _id: LOCK, at: taken });
    }
  }

  private async pending(migrations: readonly Migration[]): Promise<Migration[]> {
    const done = new Set((await this.model.find().select('_id').lean()).map(({ _id }) => _id));
    return [...migrations].sort((a, b) => a.id.localeCompare(b.id)).filter(({ id }) => !done.has(id));
  }

  /** @returns when it was taken: the lock is ours as long as it says so */
  private async takeLock(): Promise<Date> {
    const deadline = performance.now() + LOCK_MS;
    for (;;) {
      const taken = await this.tryLock();
      if (taken !== undefined) return taken;
      if (performance.now() > deadline) throw new Error('Another server has been migrating for ten minutes.');
      await pause(250);
    }
  }

  /** By the database's clock (docs/adr/0009): one that is ahead must not take the lock of another that works. */
  private async tryLock(): Promise<Date | undefined> {
    const ours = [{ $set: { at: '$$NOW', until: { $add: ['$$NOW', LOCK_MS] } } }];
    const over = { _id: LOCK, $expr: { $lt: ['$until', '$$NOW'] } };
    const options = { updatePipeline: true, returnDocument: 'after' } as const;
    try {
      const taken =
        (await this.model.findOneAndUpdate(over, ours, options).lean<MigrationEntity>()) ??
        // none stands: one that does has an end, and the upsert runs into its id
        (await this.model
          .findOneAndUpdate({ _id: LOCK, until: { $exists: false } }, ours, { ...options, upsert: true })
          .lean<MigrationEntity>());
      return taken.at;
    } catch (error) {
      if (isDuplicateKey(error)) return undefined;
      throw error;
    }
  }
}
