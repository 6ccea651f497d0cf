import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../common/database/object-id.js';
import { type Transaction } from '../../common/database/transactions.service.js';
import { RESULT_MODEL, type ResultEntity } from './result.schema.js';

export type RunKey = Pick<ResultEntity, 'operation' | 'probe' | 'unique_code'>;

export interface ResultFilter {
  operation: ObjectId;
  probe?: ObjectId | undefined;
  outcome?: ResultEntity['outcome'] | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
  /** leaves the raw bytes in the database: a summary does not need them */
  withoutContent?: boolean;
}

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

  async findById(id: ObjectId): Promise<ResultEntity | null> {
    return this.model.findById(id).lean<ResultEntity>();
  }

  /** In the order in which they came, a page. */
  async find(
    filter: ResultFilter,
    limit: number,
    after?: { at: Date; _id: ObjectId },
  ): Promise<ResultEntity[]> {
    return this.query(filter, after).limit(limit).lean<ResultEntity[]>();
  }

  /** In the order in which they came, one after the other: memory does not grow with their number. */
  stream(filter: ResultFilter, after?: { at: Date; _id: ObjectId }): AsyncIterable<ResultEntity> {
    const cursor = this.query(filter, after).lean<ResultEntity[]>().cursor({ batchSize: 100 });
    return cursor;
  }

  private query(
    { operation, probe, outcome, from, to, withoutContent }: ResultFilter,
    after?: { at: Date; _id: ObjectId },
  ) {
    return this.model
      .find({
        operation,
        ...(probe && { probe }),
        ...(outcome && { outcome }),
        ...((from ?? to) && { received_at: { ...(from && { $gte: from }), ...(to && { $lt: to }) } }),
        ...(after && {
          $or: [{ received_at: { $gt: after.at } }, { received_at: after.at, _id: { $gt: after._id } }],
        }),
      })
      .select(withoutContent === true ? { raw: 0 } : {})
      .sort({ received_at: 1, _id: 1 });
  }
}
