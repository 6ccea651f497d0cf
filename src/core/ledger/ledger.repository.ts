import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { LEDGER_MODEL, type LedgerEntity } from './ledger.schema.js';

@Injectable()
export class LedgerRepository {
  constructor(@InjectModel(LEDGER_MODEL) private readonly model: Model<LedgerEntity>) {}

  async appendAll(entries: Omit<LedgerEntity, '_id'>[], transaction: Transaction): Promise<void> {
    if (entries.length === 0) return;
    await this.model.collection.insertMany(entries, { session: transaction });
  }

  /** @returns newest first; `before`: the last entry of the page before */
  async findByUser(
    user: ObjectId,
    limit: number,
    before?: { at: Date; _id: ObjectId },
  ): Promise<LedgerEntity[]> {
    const after = before && {
      $or: [{ at: { $lt: before.at } }, { at: before.at, _id: { $lt: before._id } }],
    };
    return this.model
      .find({ user, ...after })
      .sort({ at: -1, _id: -1 })
      .limit(limit)
      .lean<LedgerEntity[]>();
  }
}
