import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { RESULT_MODEL, type ResultEntity } from '../ingest/result.schema.js';

export type RunKey = Pick<ResultEntity, 'operation' | 'probe' | 'unique_code'>;

export type EarlyResult = Pick<ResultEntity, '_id' | 'operation' | 'probe' | 'outcome'> &
  Required<Pick<ResultEntity, 'early'>>;

/** What became of a result that came early. */
export interface Settled {
  id: ObjectId;
  isCounted: boolean;
  /** the ledger entry that paid for it */
  paidBy: string | undefined;
}

export interface ResultFilter {
  operation: ObjectId;
  probe?: ObjectId | undefined;
  outcome?: ResultEntity['outcome'] | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
}

/** What there is to know of a result before it is read: where it stands in its listing, and what it weighs. */
export interface ResultSize extends Pick<
  ResultEntity,
  '_id' | 'operation' | 'probe' | 'received_at' | 'format'
> {
  /** as it is stored, less the raw bytes */
  bytes: number;
  raw_bytes: number;
}

/** What of a result is to be read. */
export interface Parts {
  /** all but the raw bytes */
  head: boolean;
  raw: boolean;
}

const RAW_BYTES = { $binarySize: { $ifNull: ['$raw', ''] } };
const SIZE = {
  operation: 1,
  probe: 1,
  received_at: 1,
  format: 1,
  bytes: { $subtract: [{ $bsonSize: '$$ROOT' }, RAW_BYTES] },
  raw_bytes: RAW_BYTES,
};

@Injectable()
export class ResultsRepository {
  constructor(@InjectModel(RESULT_MODEL) private readonly model: Model<ResultEntity>) {}

  /** Past mongoose on purpose: the documents are ours, and this is the busiest write of the platform. */
  async insertAll(results: ResultEntity[], transaction: Transaction): Promise<void> {
    await this.model.collection.insertMany(results, { session: transaction, ordered: true });
  }

  /** @returns those of the runs of which a result is stored already; for certain once the transaction is committed */
  async findStored(keys: readonly RunKey[], transaction: Transaction): Promise<RunKey[]> {
    if (keys.length === 0) return [];
    return this.model
      .find({ $or: keys.map(({ operation, probe, unique_code }) => ({ operation, probe, unique_code })) })
      .select({ operation: 1, probe: 1, unique_code: 1, _id: 0 })
      .session(transaction)
      .lean<RunKey[]>();
  }

  /** Results that came early and whose runs are due now, `limit` at most. */
  async findEarly(dueUntil: Date, limit: number): Promise<ObjectId[]> {
    const found = await this.model.collection
      .find({ 'early.due_at': { $lte: dueUntil } }, { projection: { _id: 1 } })
      .limit(limit)
      .toArray();
    return found.map(({ _id }) => _id);
  }

  /** Those of them that are still early, without their content. */
  async findStillEarly(ids: readonly ObjectId[], transaction: Transaction): Promise<EarlyResult[]> {
    return this.model.collection
      .find<EarlyResult>(
        { _id: { $in: [...ids] }, 'early.due_at': { $exists: true } },
        { session: transaction, projection: { operation: 1, probe: 1, outcome: 1, early: 1 } },
      )
      .toArray();
  }

  /** Results that are early no more. */
  async settle(settled: readonly Settled[], transaction: Transaction): Promise<void> {
    const updates = settled.map(({ id, isCounted, paidBy }) => ({
      updateOne: {
        filter: { _id: id },
        update: {
          $unset: { early: 1, ...(isCounted && { uncounted: 1 }) },
          ...(paidBy !== undefined && { $set: { paid_by: paidBy } }),
        },
      },
    }));
    await this.model.collection.bulkWrite(updates, { session: transaction, ordered: false });
  }

  async findSize(id: ObjectId): Promise<ResultSize | null> {
    return this.model.collection.findOne<ResultSize>({ _id: id }, { projection: SIZE });
  }

  /** @returns those that are still there, in no order; what was not asked for is missing in them */
  async findByIds(ids: readonly ObjectId[], { head, raw }: Parts): Promise<Partial<ResultEntity>[]> {
    if (ids.length === 0) return [];
    const which = head ? (raw ? {} : { raw: 0 }) : { raw: 1 };
    return this.model.find({ _id: { $in: ids } }, which).lean<Partial<ResultEntity>[]>();
  }

  /** In the order in which they came, a page of what is to be read. */
  async findSizes(
    { operation, probe, outcome, from, to }: ResultFilter,
    limit: number,
    after?: { at: Date; _id: ObjectId },
  ): Promise<ResultSize[]> {
    const since = after && from && from > after.at ? from : (after?.at ?? from);
    return this.model.collection
      .find<ResultSize>(
        {
          operation,
          ...(probe && { probe }),
          ...(outcome && { outcome }),
          ...((since ?? to) && { received_at: { ...(since && { $gte: since }), ...(to && { $lt: to }) } }),
          // beside the bound above, which is what the index is read by
          ...(after && { $or: [{ received_at: { $gt: after.at } }, { _id: { $gt: after._id } }] }),
        },
        { projection: SIZE, sort: { received_at: 1, _id: 1 }, limit, batchSize: limit + 1 },
      )
      .toArray();
  }
}

/** Bytes come back from the database in the driver's wrapping. */
export function rawBytes(raw: ResultEntity['raw']): Buffer {
  if (raw === undefined) return Buffer.alloc(0);
  return Buffer.isBuffer(raw) ? raw : Buffer.from(raw.buffer.buffer, raw.buffer.byteOffset, raw.length());
}
