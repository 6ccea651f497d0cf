import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { isDuplicateKey } from '../../platform/errors/database-errors.js';
import { IMPORT_MODEL, type ImportCounts, type ImportEntity, type ImportError } from './import.schema.js';

export const MOST_ERRORS = 20;
/** Another importer takes over when the one that has it was not heard of for so long. */
export const LEASE_MS = 15_000;

const NO_COUNTS: ImportCounts = { records: 0, stored: 0, duplicates: 0, skipped: 0, refused: 0 };

/** What is known of a file before it is read. */
export type NewImport = Pick<
  ImportEntity,
  'owner' | 'sha256' | 'name' | 'bytes' | 'source' | 'server' | 'file'
>;

/** What a batch adds to a job. */
export interface ImportProgress extends ImportCounts {
  errors: readonly ImportError[];
  operations: readonly ObjectId[];
}

@Injectable()
export class ImportsRepository {
  constructor(@InjectModel(IMPORT_MODEL) private readonly model: Model<ImportEntity>) {}

  /** @returns the job of this content, made now or before; `isNew`: now */
  async submit(file: NewImport, at: Date): Promise<{ job: ImportEntity; isNew: boolean }> {
    const _id = new ObjectId();
    const fresh = {
      _id,
      ...file,
      state: 'waiting' as const,
      ...NO_COUNTS,
      errors: [],
      operations: [],
      created_at: at,
    };
    const which = { owner: file.owner, sha256: file.sha256 };
    const find = () =>
      this.model.collection.findOneAndUpdate(
        which,
        { $setOnInsert: fresh },
        { upsert: true, returnDocument: 'after' },
      );
    // two that come at once: one of them runs into the other's
    const found = await find().catch((error: unknown) => {
      if (isDuplicateKey(error)) return find();
      throw error;
    });
    if (found === null) throw new Error('an import is not there after it was made');
    const job = found as unknown as ImportEntity;
    return { job, isNew: job._id.equals(_id) };
  }

  /** Deletes what is over or has its file in the folder; the rest loses its holder and what the file was called. */
  async forget(owner: ObjectId): Promise<void> {
    const kept = { owner, source: 'upload', state: { $in: ['waiting', 'running'] } };
    await this.model.collection.updateMany(kept, {
      $set: { name: '', errors: [] },
      $unset: { holder: 1, until: 1 },
    });
    await this.model.collection.deleteMany({
      owner,
      $or: [{ source: 'folder' }, { state: { $in: ['done', 'failed'] } }],
    });
  }

  async delete(id: ObjectId, holder: string): Promise<void> {
    await this.model.deleteOne({ _id: id, holder });
  }

  async findById(id: ObjectId): Promise<ImportEntity | null> {
    return this.model.findById(id).lean<ImportEntity>();
  }

  /** Newest first. @param owner undefined: of all */
  async findPage(owner: ObjectId | undefined, limit: number, before?: ObjectId): Promise<ImportEntity[]> {
    return this.model
      .find({ ...(owner && { owner }), ...(before && { _id: { $lt: before } }) })
      .sort({ _id: -1 })
      .limit(limit)
      .lean<ImportEntity[]>();
  }

  /** A failed job begins anew with a file that has come once more. @returns the job; null: it has not failed, or does so no more */
  async again(id: ObjectId, file: NewImport, at: Date): Promise<ImportEntity | null> {
    const { server, file: called, name, bytes, source } = file;
    const place = server === undefined ? {} : { server, file: called };
    // a name may begin with $
    const literal = (members: object) =>
      Object.fromEntries(
        Object.entries(members).map(([key, value]) => [key, { $literal: value as unknown }]),
      );
    return this.model
      .findOneAndUpdate(
        { _id: id, state: 'failed' },
        [
          { $set: { stored_before: { $add: ['$stored', { $ifNull: ['$stored_before', 0] }] } } },
          { $set: { ...NO_COUNTS, ...literal({ state: 'waiting', errors: [], updated_at: at }) } },
          { $set: literal({ name, bytes, source, ...place }) },
          { $unset: ['begun_at', 'ended_at', ...(server === undefined ? ['server', 'file'] : [])] },
        ],
        { updatePipeline: true, returnDocument: 'after' },
      )
      .lean<ImportEntity>();
  }

  /** @returns when the import of this content has failed; undefined: it has not */
  async failedAt(owner: ObjectId, sha256: string): Promise<Date | undefined> {
    const job = await this.model.findOne({ owner, sha256, state: 'failed' }).lean<ImportEntity>();
    return job?.ended_at;
  }

  /** Lays an open job of another server to the one that has its file now. @returns null: it is over, is this server's, or is the folder's */
  async adopt(id: ObjectId, { server, file }: Required<Pick<NewImport, 'server' | 'file'>>) {
    return this.model
      .findOneAndUpdate(
        { _id: id, source: 'upload', server: { $ne: server }, state: { $in: ['waiting', 'running'] } },
        { $set: { server, file } },
        { returnDocument: 'after' },
      )
      .lean<ImportEntity>();
  }

  /** Uploads of an owner that are not done. @param most counts no further */
  async countOpen(owner: ObjectId, most: number): Promise<number> {
    return this.model.countDocuments(
      { owner, state: { $in: ['waiting', 'running'] }, source: 'upload' },
      { limit: most },
    );
  }

  /** Uploads that this server has and that are not done. */
  async findOpen(server: string, limit: number): Promise<ImportEntity[]> {
    return this.model
      .find({ state: { $in: ['waiting', 'running'] }, server })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<ImportEntity[]>();
  }

  /** @returns the job as it is when it is this holder's now; null: another one has it, or it is over */
  async take(id: ObjectId, holder: string): Promise<ImportEntity | null> {
    const free = [{ holder }, { until: { $exists: false } }, { $expr: { $lte: ['$until', '$$NOW'] } }];
    return this.model
      .findOneAndUpdate(
        { _id: id, state: { $in: ['waiting', 'running'] }, $or: free },
        [
          {
            $set: {
              ...{ holder, state: 'running', until: { $add: ['$$NOW', LEASE_MS] } },
              begun_at: { $ifNull: ['$begun_at', '$$NOW'] },
              updated_at: '$$NOW',
            },
          },
        ],
        { updatePipeline: true, returnDocument: 'after' },
      )
      .lean<ImportEntity>();
  }

  /** @returns whether it is still the holder's */
  async renew(id: ObjectId, holder: string): Promise<boolean> {
    const { matchedCount } = await this.model.updateOne(
      { _id: id, holder, state: 'running' },
      [{ $set: { until: { $add: ['$$NOW', LEASE_MS] } } }],
      { updatePipeline: true },
    );
    return matchedCount === 1;
  }

  /** Gives it back: another one, or the next round, goes on. */
  async release(id: ObjectId, holder: string): Promise<void> {
    await this.model.updateOne({ _id: id, holder, state: 'running' }, { $unset: { until: 1, holder: 1 } });
  }

  /** In the transaction that stores a batch. @returns whether it is still the holder's */
  async advance(
    id: ObjectId,
    holder: string,
    { errors, operations, ...counts }: ImportProgress,
    transaction: Transaction,
  ): Promise<boolean> {
    const { matchedCount } = await this.model.collection.updateOne(
      { _id: id, holder, state: 'running' },
      {
        $inc: counts,
        $set: { updated_at: new Date() },
        $push: { errors: { $each: [...errors], $slice: MOST_ERRORS } } as never,
        $addToSet: { operations: { $each: [...operations] } },
      },
      { session: transaction },
    );
    return matchedCount === 1;
  }

  /** @param failure what is wrong with the file as a whole */
  async end(id: ObjectId, holder: string, at: Date, failure?: ImportError): Promise<void> {
    await this.model.collection.updateOne(
      { _id: id, holder, state: 'running' },
      {
        $set: { state: failure === undefined ? 'done' : 'failed', ended_at: at, updated_at: at },
        $unset: { until: 1, holder: 1 },
        ...(failure && {
          $push: { errors: { $each: [failure], $position: 0, $slice: MOST_ERRORS } } as never,
        }),
      },
    );
  }
}
