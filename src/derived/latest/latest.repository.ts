import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, type mongo } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { conditionsOf, entryTest, type ResultFilter } from '../../core/results/index.js';
import { LATEST_MODEL, type LatestEntity } from './latest.schema.js';

/** Of which operations, or of which target over all of them. */
export type LatestRange = { operation: ObjectId } | { target: string };
/** Beside the range; operations and order are those of the range. */
export type LatestFilter = Omit<ResultFilter, 'operations' | 'order'>;

/** What was found for a page. */
export interface FoundLatest {
  found: LatestEntity[];
  /** how far was looked, where that is not to the end */
  examinedTo: string | undefined;
}

/** Documents that one page looks through. */
const MOST_EXAMINED = 2_000;
/** Of one probe in one operation so many destinations are kept, those of the latest runs. */
const MOST_DESTINATIONS = 1_000;

@Injectable()
export class LatestRepository {
  private readonly collection: mongo.Collection<LatestEntity>;

  constructor(@InjectModel(LATEST_MODEL) model: Model<LatestEntity>) {
    // mongoose's type has ObjectIds for all ids
    this.collection = model.collection as unknown as mongo.Collection<LatestEntity>;
  }

  /** Each takes the place of an older one. @param newest no two of the same id */
  async put(newest: readonly LatestEntity[], transaction: Transaction): Promise<void> {
    const known = await this.collection
      .find<Pick<LatestEntity, '_id' | 'run_at'>>(
        { _id: { $in: newest.map(({ _id }) => _id) } },
        {
          projection: { run_at: 1 },
          session: transaction,
          batchSize: newest.length + 1,
        },
      )
      .toArray();
    const times = new Map(known.map(({ _id, run_at }) => [_id, run_at]));
    const writes = newest
      .filter(({ _id, run_at }) => run_at >= (times.get(_id) ?? run_at))
      .map((replacement) => ({
        replaceOne: { filter: { _id: replacement._id }, replacement, upsert: true },
      }));
    if (writes.length === 0) return;
    await this.collection.bulkWrite(writes, { session: transaction, ordered: false });
    await this.forget(
      new Set(newest.filter(({ _id }) => !times.has(_id)).map(({ _id }) => _id.slice(0, PREFIX))),
      transaction,
    );
  }

  /** Not in a transaction: there may be very many, and they are made again in any case. */
  async clear(): Promise<void> {
    await this.collection.deleteMany({});
  }

  /**
   * A page in the order of operations, probes and destinations; it looks at a bounded number of them.
   * @param after the id of the last one that was seen
   */
  async find(range: LatestRange, filter: LatestFilter, limit: number, after = ''): Promise<FoundLatest> {
    const [where, hint] = rangeOf(range, after);
    const [end] = await this.collection
      .find<Pick<LatestEntity, '_id'>>(where, {
        projection: { _id: 1 },
        ...{ sort: { _id: 1 }, skip: MOST_EXAMINED, limit: 1, hint },
      })
      .toArray();
    const conditions = [
      where,
      end && { _id: { $lte: end._id } },
      receivedIn(filter),
      conditionsOf({ ...filter, operations: [] }),
    ];
    const test = entryTest(filter.entry);
    const found: LatestEntity[] = [];
    const cursor = this.collection.find<LatestEntity>(
      { $and: conditions.filter((each) => each !== undefined) },
      { sort: { _id: 1 }, hint, batchSize: limit + 1 },
    );
    // the driver closes its cursor when this loop is left
    for await (const each of cursor) {
      if (test === undefined || test(each.summary ?? [])) found.push(each);
      if (found.length === limit) break;
    }
    return { found, examinedTo: found.length < limit ? end?._id : undefined };
  }

  /** A probe that names other destinations all the time must not fill the database. */
  private async forget(probes: ReadonlySet<string>, transaction: Transaction): Promise<void> {
    for (const prefix of probes) {
      const which = { _id: { $gte: prefix, $lt: `${prefix}g` } };
      const options = { session: transaction };
      const tooMany = (await this.collection.countDocuments(which, options)) - MOST_DESTINATIONS;
      if (tooMany <= 0) continue;
      const oldest = await this.collection
        .find<Pick<LatestEntity, '_id'>>(which, {
          ...options,
          ...{ projection: { _id: 1 }, sort: { run_at: 1 }, limit: tooMany },
        })
        .toArray();
      const ids = oldest.map(({ _id }) => _id);
      await this.collection.deleteMany({ _id: { $in: ids } }, options);
    }
  }
}

/** Of results the index is read by it; here it is a condition like others. */
function receivedIn({ time = 'received_at', between }: LatestFilter): object | undefined {
  if (time !== 'received_at' || between === undefined) return undefined;
  const { from, to } = between;
  return { received_at: { ...(from && { $gte: from }), ...(to && { $lt: to }) } };
}

/** Operation and probe at the beginning of an id. */
const PREFIX = 48;

/** @returns what to look at, and the index for it */
function rangeOf(range: LatestRange, after: string): [object, Record<string, 1>] {
  if ('target' in range)
    return [
      { targets: range.target, _id: { $gt: after } },
      { targets: 1, _id: 1 },
    ];
  const prefix = range.operation.toHexString();
  // no id goes on with a g
  return [{ _id: { $gt: after > prefix ? after : prefix, $lt: `${prefix}g` } }, { _id: 1 }];
}
