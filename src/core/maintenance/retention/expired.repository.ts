import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../../platform/database/object-id.js';
import { RESULT_MODEL, type ResultEntity } from '../../ingest/index.js';

/** The index that holds an operation's results in the order in which they came. */
const BY_TIME = { operation: 1, received_at: 1, _id: 1 };

/** Finds and deletes what is older than it is kept. */
@Injectable()
export class ExpiredRepository {
  constructor(@InjectModel(RESULT_MODEL) private readonly model: Model<ResultEntity>) {}

  /**
   * Results that came before a time, the oldest first. One that came early, of a run that is not due yet, is not among them: it is still to be
   * counted and paid.
   */
  async findResults(operation: ObjectId, before: Date, limit: number): Promise<ObjectId[]> {
    const conditions = {
      ...{ operation, received_at: { $lt: before }, early: { $exists: false } },
      $or: [{ scheduled_at: { $exists: false } }, { scheduled_at: { $lt: before } }],
    };
    return this.find(conditions, limit);
  }

  /** Results whose raw bytes are there, that came from one time to another. */
  async findRaw(operation: ObjectId, from: Date, before: Date, limit: number): Promise<ObjectId[]> {
    return this.find({ operation, received_at: { $gte: from, $lt: before }, raw: { $exists: true } }, limit);
  }

  async deleteResults(ids: readonly ObjectId[]): Promise<number> {
    const { deletedCount } = await this.model.collection.deleteMany({ _id: { $in: [...ids] } });
    return deletedCount;
  }

  /** @param archived whether they are in the archive now */
  async deleteRaw(ids: readonly ObjectId[], at: Date, archived: boolean): Promise<number> {
    const { modifiedCount } = await this.model.collection.updateMany(
      { _id: { $in: [...ids] }, raw: { $exists: true } },
      { $unset: { raw: 1 }, $set: { raw_deleted_at: at, ...(archived && { archived }) } },
    );
    return modifiedCount;
  }

  private async find(conditions: object, limit: number): Promise<ObjectId[]> {
    const found = await this.model.collection
      .find<{ _id: ObjectId }>(conditions, {
        projection: { _id: 1 },
        ...{ sort: { received_at: 1, _id: 1 }, limit, batchSize: limit + 1, hint: BY_TIME },
      })
      .toArray();
    return found.map(({ _id }) => _id);
  }
}
