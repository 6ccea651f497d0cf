import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, type mongo } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { HOLD_MODEL, type HoldEntity, METERED_BOUNDS, type MeteredBound } from './hold.schema.js';
import { type MeterEntity } from './meter.schema.js';

/** Past mongoose: one operation may have a thousand targets. */
@Injectable()
export class HoldsRepository {
  private readonly collection: mongo.Collection<HoldEntity>;

  constructor(@InjectModel(HOLD_MODEL) model: Model<HoldEntity>) {
    // mongoose types it without the entity
    this.collection = model.collection as unknown as mongo.Collection<HoldEntity>;
  }

  async insertAll(holds: readonly HoldEntity[], transaction: Transaction): Promise<void> {
    await this.collection.insertMany(holds, { session: transaction, ordered: false });
  }

  /** What is over and was not removed yet: the meters still have it in their sums. */
  async sumOver(meters: readonly string[], now: Date, transaction?: Transaction): Promise<MeterEntity[]> {
    const sums = METERED_BOUNDS.map((bound) => [bound, { $sum: `$amounts.${bound}` }] as const);
    const groups = await this.collection
      .aggregate<{ _id: string; holds: number } & Record<MeteredBound, number>>(
        [
          { $match: { meters: { $in: [...meters] }, until: { $lte: now } } },
          { $unwind: '$meters' },
          { $match: { meters: { $in: [...meters] } } },
          { $group: { _id: '$meters', holds: { $sum: 1 }, ...Object.fromEntries(sums) } },
        ],
        transaction && { session: transaction },
      )
      .toArray();
    return groups.map(({ _id, holds, ...amounts }) => ({ _id, holds, sums: amounts }));
  }

  /** What will be over next, in that order: read as far as it is needed. */
  ending(
    meter: string,
    bound: MeteredBound,
    now: Date,
    transaction?: Transaction,
  ): AsyncIterable<Pick<HoldEntity, 'amounts' | 'until'>> {
    return this.collection.find(
      { meters: meter, until: { $gt: now }, [`amounts.${bound}`]: { $gt: 0 } },
      {
        projection: { _id: 0, amounts: 1, until: 1 },
        sort: { until: 1 },
        ...(transaction && { session: transaction }),
      },
    );
  }

  /** What uses most of a bound, first; without its other meters. */
  async strongest(
    meter: string,
    bound: MeteredBound,
    now: Date,
    limit: number,
  ): Promise<Omit<HoldEntity, 'meters'>[]> {
    return this.collection
      .find<Omit<HoldEntity, 'meters'>>(
        { meters: meter, until: { $gt: now } },
        { projection: { meters: 0 }, sort: { [`amounts.${bound}`]: -1, _id: 1 }, limit },
      )
      .toArray();
  }

  async findOfOperations(operations: readonly ObjectId[], transaction?: Transaction): Promise<HoldEntity[]> {
    if (operations.length === 0) return [];
    // by the order of characters a slash comes after the dot
    const ranges = operations.map((id) => ({
      _id: { $gt: `${id.toHexString()}.`, $lt: `${id.toHexString()}/` },
    }));
    return this.collection
      .find<HoldEntity>(
        { $or: ranges },
        {
          batchSize: 2_000,
          ...(transaction && { session: transaction }),
        },
      )
      .toArray();
  }

  /** Operations of a single run that still count as running, by id. @param among only these */
  async findSingles(
    { among, after }: { among?: readonly ObjectId[]; after?: ObjectId | undefined },
    limit: number,
  ): Promise<ObjectId[]> {
    const operation = { ...(among && { $in: [...among] }), ...(after && { $gt: after }) };
    const found = await this.collection
      .find<Pick<HoldEntity, 'operation'>>(
        { single: true, ...(Object.keys(operation).length > 0 && { operation }) },
        { projection: { _id: 0, operation: 1 }, sort: { operation: 1 }, limit, batchSize: limit },
      )
      .toArray();
    return found.map((hold) => hold.operation);
  }

  async findOver(now: Date, limit: number): Promise<HoldEntity[]> {
    return this.collection
      .find<HoldEntity>({ until: { $lte: now } }, { sort: { until: 1 }, limit, batchSize: limit })
      .toArray();
  }

  /** @returns those of them that are there */
  async findByIds(ids: readonly string[], transaction: Transaction): Promise<HoldEntity[]> {
    return this.collection
      .find<HoldEntity>({ _id: { $in: [...ids] } }, { session: transaction, batchSize: 2_000 })
      .toArray();
  }

  /** Takes the place of each; one without amounts is removed. */
  async change(holds: readonly HoldEntity[], transaction: Transaction): Promise<void> {
    const gone = holds.filter(({ amounts }) => Object.keys(amounts).length === 0).map(({ _id }) => _id);
    const changed = holds.filter(({ amounts }) => Object.keys(amounts).length > 0);
    const writes = [
      ...(gone.length > 0 ? [{ deleteMany: { filter: { _id: { $in: gone } } } }] : []),
      ...changed.map(({ _id, amounts, until }) => ({
        updateOne: { filter: { _id }, update: { $set: { amounts, until } } },
      })),
    ];
    if (writes.length === 0) return;
    await this.collection.bulkWrite(writes, { session: transaction, ordered: false });
  }
}
