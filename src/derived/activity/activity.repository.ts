import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { ACTIVITY_MODEL, type ActivityEntity } from './activity.schema.js';

@Injectable()
export class ActivityRepository {
  constructor(@InjectModel(ACTIVITY_MODEL) private readonly model: Model<ActivityEntity>) {}

  async add(minutes: readonly ActivityEntity[], transaction: Transaction): Promise<void> {
    if (minutes.length === 0) return;
    const updates = minutes.map(({ minute, stored, failed }) => ({
      updateOne: { filter: { minute }, update: { $inc: { stored, failed } }, upsert: true },
    }));
    await this.model.bulkWrite(updates, { session: transaction, ordered: false });
  }

  async clear(transaction: Transaction): Promise<void> {
    await this.model.deleteMany({}, { session: transaction });
  }

  /** In order; minutes in which nothing came are missing. */
  async findBetween(from: Date, to: Date): Promise<ActivityEntity[]> {
    return this.model
      .find({ minute: { $gte: from, $lt: to } }, { _id: 0 })
      .sort({ minute: 1 })
      .lean<ActivityEntity[]>();
  }
}
