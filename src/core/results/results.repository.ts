import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { HEAD_SIZE, RAW_SIZE, RESULT_MODEL, type ResultEntity } from '../ingest/index.js';

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
  /** all of it, if it is small and was asked for */
  whole?: ResultEntity;
}

/** In which operations, of which results. */
export interface ManyFilter {
  /** ascending */
  operations: readonly ObjectId[];
  outcome: ResultEntity['outcome'];
}

/** Where somebody stands who reads results of many operations. */
export interface ReadingPlace {
  operation: ObjectId;
  at: Date;
  _id: ObjectId;
}

/** What of a result is to be read. */
export interface Parts {
  /** all but the raw bytes */
  head: boolean;
  raw: boolean;
}

const SIZE = {
  operation: 1,
  probe: 1,
  received_at: 1,
  format: 1,
  bytes: HEAD_SIZE,
  raw_bytes: RAW_SIZE,
};

/** A result of so many bytes comes with what it weighs: to read it then would cost more than what it is. */
const SMALL_BYTES = 4 * 1024;
const WITH_SMALL = {
  ...SIZE,
  whole: { $cond: [{ $lte: [{ $bsonSize: '$$ROOT' }, SMALL_BYTES] }, '$$ROOT', '$$REMOVE'] },
};

@Injectable()
export class ResultsRepository {
  constructor(@InjectModel(RESULT_MODEL) private readonly model: Model<ResultEntity>) {}

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
    withSmall = false,
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
        {
          projection: withSmall ? WITH_SMALL : SIZE,
          ...{ sort: { received_at: 1, _id: 1 }, limit, batchSize: limit + 1 },
        },
      )
      .toArray();
  }

  /** A page of the results of operations, one operation after the other, each in the order in which its results came. */
  async findSizesOfMany(
    { operations, outcome }: ManyFilter,
    limit: number,
    after?: ReadingPlace,
  ): Promise<ResultSize[]> {
    const laterThan = after?.operation.toHexString() ?? '';
    const rest = operations.filter((id) => id.toHexString() > laterThan);
    const all = { operation: { $in: rest }, outcome };
    const { operation } = after ?? {};
    // ranges of one index, which MongoDB merges
    const conditions = after && {
      $or: [
        { operation, outcome, received_at: after.at, _id: { $gt: after._id } },
        { operation, outcome, received_at: { $gt: after.at } },
        ...(rest.length > 0 ? [all] : []),
      ],
    };
    return this.model.collection
      .find<ResultSize>(conditions ?? all, {
        projection: WITH_SMALL,
        ...{ sort: { operation: 1, received_at: 1, _id: 1 }, limit, batchSize: limit + 1 },
      })
      .toArray();
  }
}
