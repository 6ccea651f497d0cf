import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { revisionCondition, type Seen } from '../../platform/database/revision.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { type InstrumentDetails, PROBE_MODEL, type ProbeEntity } from './probe.schema.js';

/** Which site holds which probe. */
@Injectable()
export class InstrumentsRepository {
  constructor(@InjectModel(PROBE_MODEL) private readonly model: Model<ProbeEntity>) {}

  /**
   * Makes a probe an instrument of a site, or replaces what is known of one.
   * @param seen undefined: only a probe that no site holds
   * @returns null where it is gone, or is not as it was seen
   */
  async placeInstrument(
    id: ObjectId,
    seen: Seen | undefined,
    { site, instrument }: { site: string; instrument: InstrumentDetails },
    at: Date,
    transaction: Transaction,
  ): Promise<ProbeEntity | null> {
    const asSeen = seen === undefined ? { site: { $exists: false } } : revisionCondition(seen);
    return this.model
      .findOneAndUpdate(
        { _id: id, ...asSeen },
        { $set: { site, instrument, updated_at: at }, $inc: { revision: 1 } },
        { session: transaction, returnDocument: 'after' },
      )
      .lean<ProbeEntity>();
  }

  /** @returns null where the site does not hold it, or it is at a revision that was not seen */
  async takeFromSite(id: ObjectId, site: string, seen: Seen, at: Date): Promise<ProbeEntity | null> {
    return this.model
      .findOneAndUpdate(
        { _id: id, site, ...revisionCondition(seen) },
        { $unset: { site: 1, instrument: 1 }, $set: { updated_at: at }, $inc: { revision: 1 } },
        { returnDocument: 'after' },
      )
      .lean<ProbeEntity>();
  }

  async countAtSite(site: string, transaction: Transaction): Promise<number> {
    return this.model.countDocuments({ site }).session(transaction);
  }

  /** @returns by site; those that hold none are left out */
  async countAtSites(sites: readonly string[]): Promise<Map<string, number>> {
    const counts = await this.model.aggregate<{ _id: string; count: number }>([
      { $match: { site: { $in: [...sites] } } },
      { $group: { _id: '$site', count: { $sum: 1 } } },
    ]);
    return new Map(counts.map(({ _id, count }) => [_id, count]));
  }

  async moveAll(from: string, to: string, at: Date, transaction: Transaction): Promise<void> {
    await this.model
      .updateMany({ site: from }, { $set: { site: to, updated_at: at }, $inc: { revision: 1 } })
      .session(transaction);
  }
}
