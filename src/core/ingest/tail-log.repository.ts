import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { rawBytes } from './result.schema.js';
import {
  type Announced,
  ID_BYTES,
  TAIL_LOG_MODEL,
  TAIL_OUTBOX_MODEL,
  type TailLogEntity,
  type TailOutboxEntity,
} from './tail-log.schema.js';

/** Of one document of the log: 1,000 results. */
const MOST_BYTES = 1000 * ID_BYTES;
/** What is read may not be taken back by an election. */
const MAJORITY = { readConcern: { level: 'majority' } } as const;

/** Where the log ends. */
export type TailEnd = Pick<TailLogEntity, '_id' | 'epoch'>;

/** The order of all results that are durable: numbers without a gap, and nothing is ever put before what was read. */
@Injectable()
export class TailLogRepository {
  constructor(
    @InjectModel(TAIL_OUTBOX_MODEL) private readonly outbox: Model<TailOutboxEntity>,
    @InjectModel(TAIL_LOG_MODEL) private readonly log: Model<TailLogEntity>,
  ) {}

  /** In the transaction that stores them: whoever sees the results sees this too, and whatever dies, they get into the log. */
  async announce(batch: Announced, transaction: Transaction): Promise<void> {
    await this.outbox.collection.insertOne(batch as never, { session: transaction });
  }

  /** @returns the names of batches that are not in the log yet */
  async findAnnounced(limit: number): Promise<string[]> {
    const found = await this.outbox
      .find({}, { _id: 1 })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<Pick<TailOutboxEntity, '_id'>[]>();
    return found.map(({ _id }) => _id);
  }

  /** @returns how many results are durable and not in the log yet */
  async countAnnounced(): Promise<number> {
    const [sum] = await this.outbox.collection
      .aggregate<{ bytes: number }>([{ $group: { _id: null, bytes: { $sum: { $binarySize: '$results' } } } }])
      .toArray();
    return (sum?.bytes ?? 0) / ID_BYTES;
  }

  /** Those of them that are still there, in the order of their names. */
  async findBatches(references: readonly string[], transaction: Transaction): Promise<Announced[]> {
    const found = await this.outbox
      .find({ _id: { $in: [...references] } }, null, { session: transaction })
      .sort({ _id: 1 })
      .lean<TailOutboxEntity[]>();
    return found.map(({ _id, results }) => ({ _id, results: rawBytes(results) }));
  }

  /**
   * Takes batches out of the outbox, in the transaction that appends them.
   * @returns false where one of them is not there: the transaction must not be committed then
   */
  async takeOut(references: readonly string[], transaction: Transaction): Promise<boolean> {
    if (references.length === 0) return true;
    const which = { _id: { $in: [...references] } };
    const { deletedCount } = await this.outbox.deleteMany(which, { session: transaction });
    return deletedCount === references.length;
  }

  /**
   * Puts results to the end of the log, in the order given.
   * @param ids packed
   * @returns the end of the log; undefined: there are none
   */
  async append(ids: Buffer, at: Date, transaction: Transaction): Promise<TailEnd | undefined> {
    if (ids.length === 0) return undefined;
    const last = await this.log
      .findOne({}, { epoch: 1 }, { session: transaction })
      .sort({ _id: -1 })
      .lean<TailEnd>();
    const epoch = last?.epoch ?? new ObjectId().toHexString();
    const entries = entriesOf(ids, last?._id ?? 0, { at, epoch });
    await this.log.collection.insertMany(entries as never[], { session: transaction });
    return entries.at(-1);
  }

  /** @returns the number of the last result in the log, as it was when the transaction began if one is given */
  async head(transaction?: Transaction): Promise<number> {
    const last = await this.log
      .findOne({}, { _id: 1 }, transaction === undefined ? MAJORITY : { session: transaction })
      .sort({ _id: -1 })
      .lean<Pick<TailLogEntity, '_id'>>();
    return last?._id ?? 0;
  }

  /** Deletes the oldest stretch, unless it is the last: numbers go on from there. */
  async deleteFirst({ _id }: Pick<TailLogEntity, '_id'>): Promise<void> {
    await this.log.deleteOne({ _id });
  }

  /** @returns what holds result number `from` and those after it, or comes next where that is gone */
  async findFrom(from: number, limit: number): Promise<TailLogEntity[]> {
    return this.log
      .find({ _id: { $gte: from } }, null, MAJORITY)
      .sort({ _id: 1 })
      .limit(limit)
      .lean<TailLogEntity[]>();
  }
}

/** @param last number before them */
export function entriesOf(
  ids: Buffer,
  last: number,
  common: Pick<TailLogEntity, 'at' | 'epoch'>,
): TailLogEntity[] {
  const entries: TailLogEntity[] = [];
  let first = last + 1;
  for (let from = 0; from < ids.length; from += MOST_BYTES) {
    const results = ids.subarray(from, from + MOST_BYTES);
    const next = first + results.length / ID_BYTES;
    entries.push({ _id: next - 1, first, results, ...common });
    first = next;
  }
  return entries;
}
