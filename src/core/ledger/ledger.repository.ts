import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { insertTogether } from '../../platform/database/updates.js';
import { LEDGER_MODEL, type LedgerEntity } from './ledger.schema.js';

@Injectable()
export class LedgerRepository {
  constructor(@InjectModel(LEDGER_MODEL) private readonly model: Model<LedgerEntity>) {}

  /** @throws MongoServerError of the first whose reference was used before */
  async appendAll(entries: Omit<LedgerEntity, '_id'>[], transaction: Transaction): Promise<void> {
    const documents = entries.map((entry) => ({ _id: new ObjectId(), ...entry }));
    await insertTogether(this.model, documents, transaction);
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
