import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { CHANGE_REBUILD_MODEL, type ChangeRebuildEntity } from './change-rebuild.schema.js';

@Injectable()
export class ChangeRebuildsRepository {
  constructor(@InjectModel(CHANGE_REBUILD_MODEL) private readonly model: Model<ChangeRebuildEntity>) {}

  async findAll(transaction: Transaction): Promise<ChangeRebuildEntity[]> {
    return this.model.find({}, null, { session: transaction }).lean<ChangeRebuildEntity[]>();
  }

  /** One that is not done. */
  async findOpen(): Promise<ChangeRebuildEntity | null> {
    return this.model.findOne({ done: { $exists: false } }).lean<ChangeRebuildEntity>();
  }

  /** @param from the position that it is taken to have. @returns whether it has */
  async move(
    operation: ObjectId,
    from: string | undefined,
    to: { position: string; done?: number },
    transaction: Transaction,
  ): Promise<boolean> {
    const { matchedCount } = await this.model.updateOne(
      { _id: operation, done: { $exists: false }, position: from ?? { $exists: false } },
      { $set: to },
      { session: transaction },
    );
    return matchedCount === 1;
  }

  /** From the first result on. */
  async restart(operation: ObjectId): Promise<void> {
    await this.model.updateOne({ _id: operation }, { $unset: { position: 1 } });
  }

  /** Those that are done up to this number at the most: the consumer has passed them. */
  async deleteDone(upTo: number, transaction: Transaction): Promise<void> {
    await this.model.deleteMany({ done: { $lte: upTo } }, { session: transaction });
  }

  async deleteAll(transaction: Transaction): Promise<void> {
    await this.model.deleteMany({}, { session: transaction });
  }
}
