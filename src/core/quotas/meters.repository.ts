import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, type mongo } from 'mongoose';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { updateTogether } from '../../platform/database/updates.js';
import { type Amounts, type HoldEntity } from './hold.schema.js';
import { METER_MODEL, type MeterEntity } from './meter.schema.js';
import { type MeterChange } from './sums.js';

/** All meters of targets lie between these two: see targetMeter(). */
const [TARGETS, BEHIND_TARGETS] = ['target:', 'target;'];
const LONGEST_LOOK_MS = 5_000;

/** Past mongoose: one operation may have a thousand targets. */
@Injectable()
export class MetersRepository {
  private readonly collection: mongo.Collection<MeterEntity>;

  constructor(@InjectModel(METER_MODEL) private readonly model: Model<MeterEntity>) {
    // mongoose types it without the entity
    this.collection = model.collection as unknown as mongo.Collection<MeterEntity>;
  }

  /**
   * Raises meters and writes the holds that they are raised by: one command, also where nobody has used a meter yet.
   * @param changes of a few meters, with what their sums may be before
   * @throws a duplicate key error where one is more, which ends the transaction: MongoDB would insert the meter anew
   */
  async take(
    changes: readonly { change: MeterChange; most: Amounts }[],
    holds: readonly HoldEntity[],
    transaction: Transaction,
  ): Promise<void> {
    const raised = changes.flatMap(({ change, most }) =>
      change.meters.map((_id) => ({
        q: { _id, ...noneAbove(most) },
        u: { $inc: { holds: change.holds, ...inSums(change.amounts) } },
        upsert: true,
      })),
    );
    const written = holds.map(({ _id, ...hold }) => ({
      q: { _id },
      u: { $setOnInsert: hold },
      upsert: true,
    }));
    const { made } = await updateTogether(this.model, [...raised, ...written], transaction);
    const isNew = holds.every((_hold, index) => made.has(raised.length + index));
    if (!isNew) throw new Error('A hold is there already: its operation was stored before');
  }

  /** @param known those that stand; others, which nobody has used yet, begin here */
  async add(
    changes: readonly MeterChange[],
    known: ReadonlySet<string>,
    transaction: Transaction,
  ): Promise<void> {
    const begun = changes.flatMap(({ meters, holds, amounts }) =>
      meters.filter((meter) => !known.has(meter)).map((_id) => ({ _id, holds, sums: amounts })),
    );
    const standing = changes.map((change) => ({
      ...change,
      meters: change.meters.filter((meter) => known.has(meter)),
    }));
    await this.change(standing, transaction);
    if (begun.length > 0) await this.collection.insertMany(begun, { session: transaction, ordered: false });
  }

  /** One write for each change, however many meters it is of. */
  async change(changes: readonly MeterChange[], transaction: Transaction): Promise<void> {
    const updates = changes
      .filter(({ meters }) => meters.length > 0)
      .map(({ meters, holds, amounts }) => ({
        updateMany: {
          filter: { _id: { $in: [...meters] } },
          update: { $inc: { holds, ...inSums(amounts) } },
        },
      }));
    if (updates.length > 0)
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

  /** Targets with the most packets a second first. It looks through all targets that anything strikes: for people, now and then. */
  async busiestTargets(limit: number): Promise<MeterEntity[]> {
    return this.collection
      .find<MeterEntity>({ _id: { $gte: TARGETS, $lt: BEHIND_TARGETS }, holds: { $gt: 0 } })
      .sort({ 'sums.target_packets': -1 })
      .limit(limit)
      .maxTimeMS(LONGEST_LOOK_MS)
      .toArray();
  }

  /** Those that nothing holds any more: there are as many targets as addresses. */
  async removeEmpty(meters: readonly string[], transaction: Transaction): Promise<void> {
    await this.collection.deleteMany({ _id: { $in: [...meters] }, holds: 0 }, { session: transaction });
  }
}

/** A condition that also those meet which have no such sum yet. */
function noneAbove(most: Amounts): object {
  return Object.fromEntries(
    Object.entries(most).map(([bound, amount]) => [`sums.${bound}`, { $not: { $gt: amount } }]),
  );
}

function inSums(amounts: Amounts): Record<string, number> {
  return Object.fromEntries(Object.entries(amounts).map(([bound, amount]) => [`sums.${bound}`, amount]));
}
