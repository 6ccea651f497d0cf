import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, type mongo } from 'mongoose';
import { type Transaction } from '../../../common/database/transactions.service.js';
import { type Amounts } from './hold.schema.js';
import { METER_MODEL, type MeterEntity } from './meter.schema.js';

/** What changes in one meter. */
export interface MeterChange {
  meter: string;
  holds: number;
  amounts: Amounts;
}

/** Past mongoose: one operation may have a thousand targets. */
@Injectable()
export class MetersRepository {
  private readonly collection: mongo.Collection<MeterEntity>;

  constructor(@InjectModel(METER_MODEL) model: Model<MeterEntity>) {
    // mongoose types it without the entity
    this.collection = model.collection as unknown as mongo.Collection<MeterEntity>;
  }

  /** One write for all of them; meters that nobody has used yet begin here. */
  async change(changes: readonly MeterChange[], transaction: Transaction): Promise<void> {
    if (changes.length === 0) return;
    const updates = changes.map(({ meter, holds, amounts }) => ({
      updateOne: {
        filter: { _id: meter },
        update: {
          $inc: {
            holds,
            ...Object.fromEntries(
              Object.entries(amounts).map(([bound, amount]) => [`sums.${bound}`, amount]),
            ),
          },
        },
        upsert: true,
      },
    }));
    await this.collection.bulkWrite(updates, { session: transaction, ordered: false });
  }

  async find(meters: readonly string[], transaction?: Transaction): Promise<MeterEntity[]> {
    return this.collection
      .find<MeterEntity>(
        { _id: { $in: [...meters] } },
        { batchSize: 2_000, ...(transaction && { session: transaction }) },
      )
      .toArray();
  }

  /** Those that nothing holds any more: there are as many targets as addresses. */
  async removeEmpty(meters: readonly string[], transaction: Transaction): Promise<void> {
    await this.collection.deleteMany({ _id: { $in: [...meters] }, holds: 0 }, { session: transaction });
  }
}
