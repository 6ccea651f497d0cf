import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { firstPart } from '../../platform/batching/in-parts.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { revisionCondition, type Seen } from '../../platform/database/revision.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { updateTogether } from '../../platform/database/updates.js';
import { isTimeLimit } from '../../platform/errors/database-errors.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { conditionsOf, type OperationFilter } from './operation-filter.js';
import {
  FIRST_DESTINATIONS,
  type FoundOperation,
  type OperationSearch,
  orderOf,
  searchConditions,
  type SearchPage,
} from './operation-search.js';
import { OPERATION_MODEL, type OperationEntity } from './operation.schema.js';

/** What tells an operation from others. */
export type OperationName = Pick<OperationEntity, '_id' | 'number' | 'kind' | 'owner' | 'results_kept_from'>;

/** What people know an operation by; an empty description is none, what is absent stays as it is. */
export interface OperationLabels {
  description?: string | undefined;
  tags?: readonly string[] | undefined;
}

/** One operation may weigh half a megabyte (1,000 long names), and every reader of a listing has a page in memory. */
const PAGE_BYTES = 2 * 1024 * 1024;
/** What a search that finds little may take. */
const SEARCH_MS = 5_000;

interface OperationSize {
  _id: ObjectId;
  bytes: number;
}

export interface OperationPage {
  operations: OperationEntity[];
  /** where the next page goes on; undefined: this is the last */
  next: ObjectId | undefined;
}

/** What of an operation tells its state. */
export type StandingOperation = Pick<OperationEntity, '_id' | 'schedule' | 'stopped_at'> & OperationSize;

/** When an operation measures. */
export type ScheduledOperation = Pick<OperationEntity, '_id' | 'owner' | 'schedule'>;

/** What a change of its probes adds to the members of an operation. */
type ProbesChange = Required<
  Pick<OperationEntity, 'probe_count' | 'probes_removed' | 'credits' | 'refunded'>
>;

@Injectable()
export class OperationsRepository {
  constructor(@InjectModel(OPERATION_MODEL) private readonly model: Model<OperationEntity>) {}

  /** Updates in form only: an insert could not take the time from the database. */
  async insertAll(operations: readonly OperationEntity[], transaction: Transaction): Promise<void> {
    const inserts = operations.map(({ _id, ...operation }) => ({
      q: { _id },
      u: { $setOnInsert: operation, $currentDate: { changed_at: true } },
      upsert: true,
    }));
    await updateTogether(this.model, inserts, transaction);
  }

  /** @returns the ids of those that exist */
  async findExisting(ids: readonly ObjectId[], transaction: Transaction): Promise<Set<string>> {
    const found = await this.model.collection
      .find({ _id: { $in: [...ids] } }, { projection: { _id: 1 }, session: transaction })
      .toArray();
    return new Set(found.map(({ _id }) => String(_id)));
  }

  async findById(id: ObjectId): Promise<OperationEntity | null> {
    return this.model.findById(id).lean<OperationEntity>();
  }

  async findByIds(ids: readonly ObjectId[]): Promise<OperationEntity[]> {
    return this.model.find({ _id: { $in: ids } }).lean<OperationEntity[]>();
  }

  /** In order of creation. */
  async findByNumbers(numbers: readonly number[]): Promise<OperationEntity[]> {
    return this.model
      .find({ number: { $in: numbers } })
      .sort({ _id: 1 })
      .lean<OperationEntity[]>();
  }

  /** @returns some of those that match, in no order */
  async findNames(filter: OperationFilter, limit: number): Promise<OperationName[]> {
    return this.model.collection
      .find<OperationName>(conditionsOf(filter), {
        projection: { number: 1, kind: 1, owner: 1, results_kept_from: 1 },
        ...{ limit, batchSize: limit + 1 },
      })
      .toArray();
  }

  /** @returns ids of those of an owner whose time is not over, the newest first, `limit` at most */
  async findUnended(owner: ObjectId, now: Date, limit: number): Promise<ObjectId[]> {
    const found = await this.model.collection
      .find<Pick<OperationEntity, '_id'>>(
        { owner, ends_at: { $gt: now }, stopped_at: { $exists: false } },
        { projection: { _id: 1 }, sort: { _id: -1 }, limit, batchSize: limit + 1 },
      )
      .toArray();
    return found.map(({ _id }) => _id);
  }

  /** Those whose time is not over before `from`, and that were made before `to`; in no order, one after the other. */
  streamGoingOn(from: Date, to: Date): AsyncIterable<ScheduledOperation> {
    return this.model.collection.find<ScheduledOperation>(
      { ends_at: { $gte: from }, created_at: { $lt: to } },
      { projection: { owner: 1, schedule: 1 }, batchSize: 500 },
    );
  }

  async findSchedules(ids: readonly ObjectId[]): Promise<Pick<OperationEntity, '_id' | 'schedule'>[]> {
    return this.model.collection
      .find<Pick<OperationEntity, '_id' | 'schedule'>>(
        { _id: { $in: [...ids] } },
        { projection: { schedule: 1 }, batchSize: 1_000 },
      )
      .toArray();
  }

  async findByIdempotencyKey(owner: ObjectId, key: string): Promise<OperationEntity | null> {
    return this.model.findOne({ owner, idempotency_key: key }).lean<OperationEntity>();
  }

  /**
   * Newest first, those that may be in a state (OperationFilter).
   * @throws DomainError busy: it took too long, because little matches
   */
  async findStanding(
    filter: OperationFilter,
    limit: number,
    before?: ObjectId,
  ): Promise<StandingOperation[]> {
    const projection = { schedule: 1, stopped_at: 1, bytes: { $bsonSize: '$$ROOT' } };
    try {
      return await this.model.collection
        .find<StandingOperation>(
          { $and: [conditionsOf(filter), before ? { _id: { $lt: before } } : {}] },
          { projection, sort: { _id: -1 }, limit, batchSize: limit + 1, maxTimeMS: SEARCH_MS },
        )
        .toArray();
    } catch (error) {
      if (!isTimeLimit(error)) throw error;
      throw new DomainError('busy', 'The search took too long: ask for less, for instance for your own');
    }
  }

  /**
   * Newest first, of those that were found: as many as a page may weigh.
   * @param isAll whether there are no more of them
   */
  async findPage(found: readonly StandingOperation[], isAll: boolean): Promise<OperationPage> {
    const ids = idsWithin(found, PAGE_BYTES);
    const operations = await this.model
      .find({ _id: { $in: ids } })
      .sort({ _id: -1 })
      .lean<OperationEntity[]>();
    return { operations, next: isAll && ids.length === found.length ? undefined : ids.at(-1) };
  }

  /** A page by number: what is skipped is looked through. @throws an error of the driver where it takes more than five seconds */
  async search(search: OperationSearch, page: SearchPage): Promise<FoundOperation[]> {
    const { order, isDescending, skip, limit } = page;
    const direction = isDescending ? -1 : 1;
    return this.model.collection
      .aggregate<FoundOperation>(
        [
          { $match: searchConditions(search) },
          ...(order === 'number' ? [] : [{ $set: { _order: orderOf(order) } }]),
          { $sort: { ...(order !== 'number' && { _order: direction }), number: direction } },
          { $skip: skip },
          { $limit: limit },
          ...FIRST_DESTINATIONS,
        ],
        { maxTimeMS: SEARCH_MS, allowDiskUse: true },
      )
      .toArray();
  }

  async countFound(search: OperationSearch): Promise<number> {
    return this.model.collection.countDocuments(searchConditions(search), { maxTimeMS: SEARCH_MS });
  }

  async addProbes(id: ObjectId, count: number, transaction: Transaction): Promise<void> {
    await this.model.collection.updateOne(
      { _id: id },
      { $inc: { probe_count: count } },
      { session: transaction },
    );
  }

  /** @returns the operation as it is now; null where its revision is none of those that were seen */
  async setLabels(
    id: ObjectId,
    seen: Seen,
    { description, tags }: OperationLabels,
    at: Date,
  ): Promise<OperationEntity | null> {
    return this.model
      .findOneAndUpdate(
        { _id: id, ...revisionCondition(seen) },
        {
          $set: {
            updated_at: at,
            ...(description && { description }),
            ...(tags && { tags: [...new Set(tags)] }),
          },
          ...(description === '' && { $unset: { description: 1 } }),
          $inc: { revision: 1 },
        },
        { returnDocument: 'after' },
      )
      .lean<OperationEntity>();
  }

  /** When the last operation was begun or stopped. */
  async lastChange(): Promise<Date | undefined> {
    const last = await this.model
      .findOne({}, { changed_at: 1 })
      .sort({ changed_at: -1 })
      .lean<OperationEntity>();
    return last?.changed_at;
  }

  /** Begun or stopped since then, in that order; asked every second, so no more of them than tells them apart. */
  async findChangedSince(since: Date): Promise<Pick<OperationEntity, '_id' | 'revision' | 'changed_at'>[]> {
    return this.model
      .find({ changed_at: { $gte: since } }, { revision: 1, changed_at: 1 })
      .sort({ changed_at: 1 })
      .lean<Pick<OperationEntity, '_id' | 'revision' | 'changed_at'>[]>();
  }

  /** Credits that are paid back while it goes on, for a probe that will not do it. */
  async addRefund(id: ObjectId, refunded: number, transaction: Transaction): Promise<void> {
    await this.model.updateOne({ _id: id }, { $inc: { refunded } }).session(transaction);
  }

  /**
   * Notes that probes were added, or taken away.
   * @param revision that it was read at
   * @param change probes and credits that are added, and credits that are paid back
   * @returns the operation as it is now; null when it was changed since, or stopped
   */
  async changeProbes(
    { _id, revision }: Pick<OperationEntity, '_id' | 'revision'>,
    { probe_count, probes_removed, credits, refunded }: ProbesChange,
    at: Date,
    transaction: Transaction,
  ): Promise<OperationEntity | null> {
    return this.model
      .findOneAndUpdate(
        { _id, revision, stopped_at: { $exists: false } },
        {
          $set: { updated_at: at },
          $inc: {
            ...{ revision: 1, probe_count, credits },
            ...(probes_removed !== 0 && { probes_removed }),
            ...(refunded > 0 && { refunded }),
          },
          $currentDate: { changed_at: true },
        },
        { session: transaction, returnDocument: 'after' },
      )
      .lean<OperationEntity>();
  }

  /**
   * @param refunded what is paid back for the stop
   * @returns the operation as it is now; null when it was stopped before, or is at a revision that was not seen
   */
  async markStopped(
    id: ObjectId,
    seen: Seen,
    at: Date,
    refunded: number,
    transaction: Transaction,
  ): Promise<OperationEntity | null> {
    return this.model
      .findOneAndUpdate(
        { _id: id, stopped_at: { $exists: false }, ...revisionCondition(seen) },
        {
          $set: { stopped_at: at, updated_at: at },
          $inc: { revision: 1, refunded },
          $currentDate: { changed_at: true },
        },
        { session: transaction, returnDocument: 'after' },
      )
      .lean<OperationEntity>();
  }
}

/** @returns those that together weigh no more than `most`; the first in any case */
function idsWithin(sizes: readonly OperationSize[], most: number): ObjectId[] {
  return firstPart(sizes, bytesOf, { weight: most }).map(({ _id }) => _id);
}

function bytesOf({ bytes }: OperationSize): number {
  return bytes;
}
