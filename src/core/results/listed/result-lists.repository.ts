import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import mongoose, { type Model } from 'mongoose';
import { type ObjectId } from '../../../platform/database/object-id.js';
import { RESULT_MODEL, type ResultEntity } from '../../ingest/index.js';

/** Where a result stands in the index that holds an operation's results in the order in which they came. */
export type ResultPlace = Pick<ResultEntity, 'operation' | 'received_at' | '_id'>;

/** Which results of an operation there are, in that order. */
export interface ResultList {
  /** the operation */
  _id: ObjectId;
  ids: ObjectId[];
  received_at: Date[];
}

const IN_ORDER = { operation: 1, received_at: 1, _id: 1 } as const;

/** Reads which results there are, by the index alone: MongoDB does not look at the results. */
@Injectable()
export class ResultListsRepository {
  constructor(@InjectModel(RESULT_MODEL) private readonly model: Model<ResultEntity>) {}

  /**
   * The results of operations, one operation after the other.
   * @param operations ascending
   * @param limit results in all
   * @returns a list for each operation that has any, as the bytes that MongoDB sent (see listIn), in no order
   */
  async find(
    operations: readonly ObjectId[],
    limit: number,
    after: ResultPlace | undefined,
  ): Promise<Buffer[]> {
    return this.model.collection
      .aggregate<Buffer>(
        [
          { $match: conditionsOf(operations, after) },
          { $sort: IN_ORDER },
          { $limit: limit },
          { $group: { _id: '$operation', ids: { $push: '$_id' }, received_at: { $push: '$received_at' } } },
        ],
        { raw: true, batchSize: operations.length + 1 },
      )
      .toArray();
  }
}

/** Ranges of one index, which MongoDB merges. */
function conditionsOf(operations: readonly ObjectId[], after: ResultPlace | undefined): object {
  if (after === undefined) return { operation: { $in: [...operations] } };
  const { operation, received_at, _id } = after;
  const reached = operation.toHexString();
  const rest = operations.filter((id) => id.toHexString() > reached);
  return {
    $or: [
      { operation, received_at, _id: { $gt: _id } },
      { operation, received_at: { $gt: received_at } },
      ...(rest.length > 0 ? [{ operation: { $in: rest } }] : []),
    ],
  };
}

export function listIn(bytes: Buffer): ResultList {
  return mongoose.mongo.BSON.deserialize(bytes) as ResultList;
}

/** @returns the hexadecimal id of the operation of a list, which stands behind the length of the document, its type and its name */
export function operationIn(bytes: Buffer): string {
  return bytes.toString('hex', 9, 21);
}

/** @returns where the last of them stands; undefined: there is none */
export function lastPlace({ _id: operation, ids, received_at }: ResultList): ResultPlace | undefined {
  const [_id, at] = [ids.at(-1), received_at.at(-1)];
  return _id && at && { operation, received_at: at, _id };
}
