import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Seen } from '../../platform/database/revision.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { OPERATION_MODEL, type OperationEntity, type Retention } from './operation.schema.js';

/** What is known of how long an operation is kept. */
export type KeptOperation = Pick<
  OperationEntity,
  '_id' | 'created_at' | 'ends_at' | 'retention' | 'results_kept_from' | 'raw_kept_from' | 'swept'
>;

/** How long the results of operations are kept, and what was deleted of them. */
@Injectable()
export class OperationRetentionRepository {
  constructor(@InjectModel(OPERATION_MODEL) private readonly model: Model<OperationEntity>) {}

  /** In order of their ids. @param stated those alone that state how long they are kept */
  async findKept(stated: boolean, limit: number, after?: ObjectId): Promise<KeptOperation[]> {
    const conditions = {
      ...(stated && { retention: { $exists: true } }),
      ...(after && { _id: { $gt: after } }),
    };
    const kept = {
      ...{ created_at: 1, ends_at: 1, retention: 1 },
      ...{ results_kept_from: 1, raw_kept_from: 1, swept: 1 },
    };
    return this.model.collection
      .find<KeptOperation>(conditions, {
        projection: kept,
        ...{ sort: { _id: 1 }, limit, batchSize: limit + 1 },
      })
      .toArray();
  }

  /** Those of them of which results may be deleted. */
  async findShortened(
    ids: readonly ObjectId[],
    transaction: Transaction,
  ): Promise<Required<Pick<OperationEntity, '_id' | 'results_kept_from'>>[]> {
    return this.model.collection
      .find<Required<Pick<OperationEntity, '_id' | 'results_kept_from'>>>(
        { _id: { $in: [...ids] }, results_kept_from: { $exists: true } },
        { projection: { results_kept_from: 1 }, session: transaction },
      )
      .toArray();
  }

  /** Whether results may be deleted of one of them, or of any operation. */
  async hasShortened(id?: ObjectId): Promise<boolean> {
    const shortened = { results_kept_from: { $exists: true }, ...(id && { _id: id }) };
    return (await this.model.collection.findOne(shortened, { projection: { _id: 1 } })) !== null;
  }

  /** Notes that what came before may be deleted from now on; never an earlier time than was noted. */
  async noteKeptFrom(id: ObjectId, what: 'results_kept_from' | 'raw_kept_from', from: Date): Promise<void> {
    await this.model.collection.updateOne({ _id: id }, { $max: { [what]: from } });
  }

  /** Lets retention look again at those that it was done with. */
  async sweepAgain(ids: readonly ObjectId[], transaction: Transaction): Promise<void> {
    if (ids.length === 0) return;
    await this.model.collection.updateMany(
      { _id: { $in: [...ids] } },
      { $unset: { swept: 1 } },
      { session: transaction },
    );
  }

  /** Notes that nothing is left to delete before this time. */
  async noteSwept(id: ObjectId, what: 'results' | 'raw', to: Date): Promise<void> {
    await this.model.collection.updateOne({ _id: id }, { $max: { [`swept.${what}`]: to } });
  }

  /** @returns the operation as it is now; null where the revision of its retention is none of those that were seen */
  async setRetention(
    id: ObjectId,
    seen: Seen,
    retention: Retention | undefined,
    at: Date,
  ): Promise<OperationEntity | null> {
    const next = { $add: [{ $ifNull: ['$retention_revision', 1] }, 1] };
    return this.model
      .findOneAndUpdate(
        // null: it was never stated, which is revision 1
        { _id: id, ...(seen !== 'any' && { retention_revision: { $in: seen.flatMap(asStored) } }) },
        [
          {
            $set: {
              retention_revision: next,
              updated_at: at,
              ...(retention && { retention: { $literal: retention } }),
            },
          },
          ...(retention === undefined ? [{ $unset: 'retention' as const }] : []),
        ],
        { returnDocument: 'after', updatePipeline: true },
      )
      .lean<OperationEntity>();
  }

  /** States for how long data of all private operations of an owner are kept. */
  async setRetentionOfPrivate(owner: ObjectId, retention: Retention): Promise<void> {
    await this.model.updateMany(
      { owner, visibility: 'private', retention: { $ne: retention } },
      [
        {
          $set: {
            retention: { $literal: retention },
            retention_revision: { $add: [{ $ifNull: ['$retention_revision', 1] }, 1] },
          },
        },
      ],
      { updatePipeline: true },
    );
  }
}

function asStored(revision: number): (number | null)[] {
  return revision === 1 ? [1, null] : [revision];
}
