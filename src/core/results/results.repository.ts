import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type Summary } from '../../measurement/formats/summary.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { HEAD_SIZE, RAW_SIZE, RESULT_MODEL, type ResultEntity } from '../ingest/index.js';
import { conditionsOf, entryTest, type ResultFilter } from './result-filter.js';

/** What there is to know of a result before it is read: where it stands in its listing, and what it weighs. */
export interface ResultSize extends Pick<
  ResultEntity,
  '_id' | 'operation' | 'probe' | 'received_at' | 'outcome' | 'format'
> {
  /** as it is stored, less the raw bytes */
  bytes: number;
  raw_bytes: number;
  /** when its raw bytes were deleted; absent: they are there, or never were */
  raw_deleted_at?: Date;
  /** all of it that was asked for, if that is small */
  whole?: Partial<ResultEntity>;
}

/** Where a reader of a listing by time stands. */
export interface TimePlace {
  at: Date;
  _id: ObjectId;
}

/** What was found for a page. */
export interface FoundSizes {
  sizes: ResultSize[];
  /** how far was looked, where that is not to the end and fewer were found than asked for */
  examinedTo?: TimePlace | undefined;
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
  outcome: 1,
  format: 1,
  raw_deleted_at: 1,
  bytes: HEAD_SIZE,
  raw_bytes: RAW_SIZE,
};

/** A result of so many bytes comes with what it weighs: to read it then would cost more than what it is. */
const SMALL_BYTES = 4 * 1024;
const WITH_SMALL = {
  ...SIZE,
  whole: { $cond: [{ $lte: [{ $bsonSize: '$$ROOT' }, SMALL_BYTES] }, '$$ROOT', '$$REMOVE'] },
};
const WITH_SMALL_HEAD = {
  ...SIZE,
  whole: {
    $cond: [
      { $lte: [HEAD_SIZE, SMALL_BYTES] },
      { $unsetField: { field: 'raw', input: '$$ROOT' } },
      '$$REMOVE',
    ],
  },
};
const WITH_SMALL_RAW = {
  ...SIZE,
  whole: { $cond: [{ $lte: [RAW_SIZE, SMALL_BYTES] }, { raw: '$raw' }, '$$REMOVE'] },
};

/** The index that holds an operation's results in their order: MongoDB would take another one where a probe is named, and sort. */
const BY_TIME = { operation: 1, received_at: 1, _id: 1 };
const BY_ID = { _id: 1 };
/** Results that one page looks through, in steps that grow while the look is quick. */
const MOST_EXAMINED = 10_000;
const FIRST_STEP = 500;
/** A look that has taken so long ends with its step, which is no longer than all before it together. */
const LONG_LOOK_MS = 25;
const TESTED_AT_ONCE = 100;
const MOST_COUNTED = 100_000;

@Injectable()
export class ResultsRepository {
  constructor(@InjectModel(RESULT_MODEL) private readonly model: Model<ResultEntity>) {}

  async findSize(id: ObjectId): Promise<ResultSize | null> {
    return this.model.collection.findOne<ResultSize>({ _id: id }, { projection: SIZE });
  }

  /**
   * @param small what comes with those that are small
   * @returns of those that are still there, in no order
   */
  async findSizesByIds(ids: readonly ObjectId[], small: Parts): Promise<ResultSize[]> {
    const projection = projectionOf(small);
    return this.model.collection
      .find<ResultSize>({ _id: { $in: [...ids] } }, { projection, batchSize: ids.length + 1 })
      .toArray();
  }

  /** @returns those that are still there, in no order; what was not asked for is missing in them */
  async findByIds(ids: readonly ObjectId[], { head, raw }: Parts): Promise<Partial<ResultEntity>[]> {
    if (ids.length === 0) return [];
    const which = head ? (raw ? {} : { raw: 0 }) : { raw: 1 };
    return this.model.find({ _id: { $in: ids } }, which).lean<Partial<ResultEntity>[]>();
  }

  /**
   * A page of what is to be read, by the time at which it came. It looks at a bounded number of results, and for a bounded time: what
   * was not found among these is found by who goes on from there.
   * @param small what comes with those that are small; absent: nothing
   */
  async findSizes(
    filter: ResultFilter,
    limit: number,
    after?: TimePlace,
    small?: Parts,
  ): Promise<FoundSizes> {
    if (filter.probes?.length === 0) return { sizes: [] };
    const conditions = conditionsOf(filter);
    if (conditions === undefined)
      return { sizes: await this.sizesOf(rangeOf(filter, after), BY_TIME, filter, limit, small) };
    const test = entryTest(filter.entry);
    const began = performance.now();
    const sizes: ResultSize[] = [];
    let place = after;
    let examined = 0;
    for (let step = FIRST_STEP; ; step *= 2) {
      const range = rangeOf(filter, place);
      const end = await this.placeAfter(range, filter, Math.min(step, MOST_EXAMINED - examined));
      const among = { $and: [range, ...(end ? [upTo(end, filter)] : []), conditions] };
      sizes.push(...(await this.matching(among, filter, limit - sizes.length, small, test)));
      if (sizes.length === limit || end === undefined) return { sizes };
      place = end;
      examined += step;
      if (examined >= MOST_EXAMINED || performance.now() - began > LONG_LOOK_MS)
        return { sizes, examinedTo: end };
    }
  }

  private async matching(
    among: object,
    filter: ResultFilter,
    limit: number,
    small: Parts | undefined,
    test: ReturnType<typeof entryTest>,
  ): Promise<ResultSize[]> {
    if (test === undefined) return this.sizesOf(among, BY_TIME, filter, limit, small);
    const ids = await this.findTested(among, filter, limit, test);
    return ids.length === 0 ? [] : this.sizesOf({ _id: { $in: ids } }, BY_ID, filter, limit, small);
  }

  private async sizesOf(
    which: object,
    hint: typeof BY_TIME | typeof BY_ID,
    filter: ResultFilter,
    limit: number,
    small: Parts | undefined,
  ): Promise<ResultSize[]> {
    return this.model.collection
      .find<ResultSize>(which, {
        projection: projectionOf(small),
        ...{ sort: orderOf(filter), limit, batchSize: limit + 1, hint },
      })
      .toArray();
  }

  /** @returns the place of the result that so many others precede; undefined: there are fewer. Read from the index alone */
  private async placeAfter(
    range: object,
    filter: ResultFilter,
    skip: number,
  ): Promise<TimePlace | undefined> {
    const [last] = await this.model.collection
      .find<Pick<ResultEntity, '_id' | 'received_at'>>(range, {
        projection: { received_at: 1 },
        ...{ sort: orderOf(filter), skip, limit: 1, hint: BY_TIME },
      })
      .toArray();
    return last && { at: last.received_at, _id: last._id };
  }

  /** Of those that MongoDB finds the first that pass a test. */
  private async findTested(
    which: object,
    filter: ResultFilter,
    limit: number,
    test: (summary: readonly Summary[]) => boolean,
  ): Promise<ObjectId[]> {
    const ids: ObjectId[] = [];
    const found = this.model.collection.find<Required<Pick<ResultEntity, '_id' | 'summary'>>>(which, {
      projection: { summary: 1 },
      ...{ sort: orderOf(filter), batchSize: TESTED_AT_ONCE, hint: BY_TIME },
    });
    // the driver closes its cursor when this loop is left
    for await (const { _id, summary } of found) {
      if (test(summary)) ids.push(_id);
      if (ids.length === limit) break;
    }
    return ids;
  }

  /** How many results were received from then (included) to then, `MOST_COUNTED` at most. */
  async countReceived(
    operations: readonly ObjectId[],
    from: Date,
    to: Date,
  ): Promise<Record<ResultEntity['outcome'], number>> {
    const groups = await this.model.collection
      .aggregate<{ _id: ResultEntity['outcome']; count: number }>([
        { $match: { operation: { $in: [...operations] }, received_at: { $gte: from, $lt: to } } },
        { $limit: MOST_COUNTED },
        { $group: { _id: '$outcome', count: { $sum: 1 } } },
      ])
      .toArray();
    const counts = { stored: 0, failed: 0 };
    for (const { _id, count } of groups) counts[_id] = count;
    return counts;
  }
}

function projectionOf(small: Parts | undefined): object {
  if (small === undefined) return SIZE;
  if (!small.head) return WITH_SMALL_RAW;
  return small.raw ? WITH_SMALL : WITH_SMALL_HEAD;
}

function directionOf({ order }: ResultFilter): 1 | -1 {
  return order === 'desc' ? -1 : 1;
}

function orderOf(filter: ResultFilter): { received_at: 1 | -1; _id: 1 | -1 } {
  const direction = directionOf(filter);
  return { received_at: direction, _id: direction };
}

/** What the index is read by: operations, and the times from the place on. */
function rangeOf(filter: ResultFilter, after: TimePlace | undefined): object {
  const { operations, time = 'received_at', between = {} } = filter;
  const { from, to } = time === 'received_at' ? between : {};
  const [operation] = operations;
  const bounds = [
    from && { received_at: { $gte: from } },
    to && { received_at: { $lt: to } },
    ...(after ? beyond(after, directionOf(filter)) : []),
  ].filter((bound) => bound !== undefined);
  return {
    operation: operations.length === 1 ? operation : { $in: [...operations] },
    ...(bounds.length > 0 && { $and: bounds }),
  };
}

/** The first bound is what the index is read by, the second leaves out what has the same time and was read. */
function beyond({ at, _id }: TimePlace, direction: 1 | -1): object[] {
  return direction === 1
    ? [{ received_at: { $gte: at } }, { $or: [{ received_at: { $gt: at } }, { _id: { $gt: _id } }] }]
    : [{ received_at: { $lte: at } }, { $or: [{ received_at: { $lt: at } }, { _id: { $lt: _id } }] }];
}

/** Up to a place, with it. */
function upTo({ at, _id }: TimePlace, filter: ResultFilter): object {
  return directionOf(filter) === 1
    ? { received_at: { $lte: at }, $or: [{ received_at: { $lt: at } }, { _id: { $lte: _id } }] }
    : { received_at: { $gte: at }, $or: [{ received_at: { $gt: at } }, { _id: { $gte: _id } }] };
}
