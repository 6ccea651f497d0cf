import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { PLATFORM_TIME_MODEL, type PlatformTimeEntity } from './platform-time.schema.js';

@Injectable()
export class PlatformTimesRepository {
  constructor(@InjectModel(PLATFORM_TIME_MODEL) private readonly model: Model<PlatformTimeEntity>) {}

  /**
   * Lets the stretch grow that had a sign of life since `since`, or begins one. Several servers may do it at once: two
   * stretches that overlap say the same as one.
   */
  async note(now: Date, since: Date): Promise<void> {
    await this.model.updateOne(
      { to: { $gte: since } },
      { $max: { to: now }, $setOnInsert: { from: now } },
      { upsert: true },
    );
  }

  /** Those that had a sign of life since then, the newest `limit`, in no order. */
  async findSince(since: Date, limit: number): Promise<PlatformTimeEntity[]> {
    return this.model
      .find({ to: { $gte: since } })
      .sort({ to: -1 })
      .limit(limit)
      .lean<PlatformTimeEntity[]>();
  }
}
