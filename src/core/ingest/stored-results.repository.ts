import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { insertTogether, updateTogether } from '../../platform/database/updates.js';
import { assignmentName } from '../assignments/index.js';
import { HEAD_SIZE, RESULT_MODEL, type ResultEntity } from './result.schema.js';

export type RunKey = Pick<ResultEntity, 'operation' | 'probe' | 'unique_code'>;

/** By its id, on the shard that has it. */
export type ResultKey = Pick<ResultEntity, '_id' | 'operation' | 'probe'>;

export type EarlyResult = Pick<ResultEntity, '_id' | 'operation' | 'probe' | 'outcome'> &
  Required<Pick<ResultEntity, 'early'>>;

/** What became of a result that came early. */
export interface Settled {
  id: ObjectId;
  isCounted: boolean;
  /** the ledger entry that paid for it */
  paidBy: string | undefined;
}

const KEY = { operation: 1, probe: 1 } as const;

/** Writes results. The part `results` reads them. */
@Injectable()
export class StoredResultsRepository {
  constructor(@InjectModel(RESULT_MODEL) private readonly model: Model<ResultEntity>) {}

  /**
   * The busiest write of the platform. Members that are undefined are left out, as in what RecentResults keeps.
   * @param results 16 MB together at the most
   * @param unnumbered they say in the database that the tail lacks them, until `number`
   * @throws MongoServerError of the first document that cannot be inserted: a duplicate key, above all
   */
  async insertAll(
    results: readonly ResultEntity[],
    transaction: Transaction,
    { unnumbered }: { unnumbered: boolean } = { unnumbered: false },
  ): Promise<void> {
    const documents = unnumbered
      ? results.map((result) => ({ ...result, unnumbered: true as const }))
      : results;
    await insertTogether(this.model, documents, transaction);
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

  /** @returns those that are still there, in no order: their ids, and the members named */
  async findByIds<Field extends keyof ResultEntity>(
    ids: readonly ObjectId[],
    fields: readonly Field[],
  ): Promise<Pick<ResultEntity, '_id' | 'operation' | 'probe' | Field>[]> {
    const projection = Object.fromEntries(['operation', 'probe', ...fields].map((field) => [field, 1]));
    return this.model.collection
      .find<Pick<ResultEntity, '_id' | 'operation' | 'probe' | Field>>(
        { _id: { $in: [...ids] } },
        { projection, batchSize: ids.length + 1 },
      )
      .toArray();
  }

  /** @returns when the first of them came; undefined: none of them is there any more */
  async firstReceived(ids: readonly ObjectId[]): Promise<Date | undefined> {
    const [first] = await this.model.collection
      .aggregate<{ at: Date }>([
        { $match: { _id: { $in: [...ids] } } },
        { $group: { _id: null, at: { $min: '$received_at' } } },
      ])
      .toArray();
    return first?.at;
  }

  /** @returns by id: bytes of each without its raw ones */
  async findSizes(ids: readonly ObjectId[]): Promise<ReadonlyMap<string, number>> {
    const sizes = await this.model.collection
      .find<{ _id: ObjectId; bytes: number }>(
        { _id: { $in: [...ids] } },
        { projection: { bytes: HEAD_SIZE }, batchSize: ids.length + 1 },
      )
      .toArray();
    return new Map(sizes.map((size) => [size._id.toHexString(), size.bytes]));
  }

  /** Results that say that the tail lacks them, `limit` at most. @param among of these alone */
  async findUnnumbered(
    limit: number,
    among?: readonly ResultKey[],
    transaction?: Transaction,
  ): Promise<ResultKey[]> {
    const which = among && { _id: { $in: among.map(({ _id }) => _id) } };
    return this.model.collection
      .find<ResultKey>(
        { ...which, unnumbered: true },
        { projection: KEY, limit, batchSize: limit + 1, ...(transaction && { session: transaction }) },
      )
      .toArray();
  }

  /** @returns how many results say that the tail lacks them */
  async countUnnumbered(): Promise<number> {
    return this.model.collection.countDocuments({ unnumbered: true });
  }

  /**
   * Results that get their numbers in this transaction say no more that they lack them.
   * @returns false where one of them did not say so, or is not there: the transaction must not be committed then
   */
  async number(results: readonly ResultKey[], transaction: Transaction): Promise<boolean> {
    const updates = results.map(({ _id, operation, probe }) => ({
      q: { _id, operation, probe, unnumbered: true },
      ...{ u: { $unset: { unnumbered: 1 } }, hint: { _id: 1 } },
    }));
    return (await updateTogether(this.model, updates, transaction)).count === results.length;
  }

  /** Results that came early and whose runs are due now, `limit` at most. */
  async findEarly(dueUntil: Date, limit: number): Promise<ObjectId[]> {
    const found = await this.model.collection
      .find({ 'early.due_at': { $lte: dueUntil } }, { projection: { _id: 1 } })
      .limit(limit)
      .toArray();
    return found.map(({ _id }) => _id);
  }

  /** @returns when the first run is due whose result came early; undefined: there is none */
  async earliestDue(): Promise<Date | undefined> {
    const found = await this.model.collection.findOne<{ early: { due_at: Date } }>(
      { 'early.due_at': { $exists: true } },
      { projection: { _id: 0, 'early.due_at': 1 }, sort: { 'early.due_at': 1 } },
    );
    return found?.early.due_at;
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
}

/** @returns what tells one run from all others: the name of its assignment, and its code */
export function runNameOf(key: RunKey): string {
  return assignmentName(key) + key.unique_code;
}
