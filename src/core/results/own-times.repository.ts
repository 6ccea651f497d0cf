import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { RESULT_MODEL, type ResultEntity } from '../ingest/index.js';

/** Results of one operation by the time of their probes' own clocks; what is absent does not matter. */
export interface OwnTimeFilter {
  operation: ObjectId;
  probes?: readonly ObjectId[] | undefined;
  /** by the probe's clock, uncorrected: from then (included) to then (excluded) */
  from?: Date | undefined;
  to?: Date | undefined;
  /** received since then */
  receivedFrom?: Date | undefined;
  /** reasons of failed runs that are left out */
  exceptReasons?: readonly string[] | undefined;
}

/** When it began; of a run that did not, when it was due, or came. */
const OWN_TIME = { $ifNull: ['$started_at', '$scheduled_at', '$received_at'] };
const AT_ONCE = 1_000;

/** Finds results by the time that their probes say, right or wrong. */
@Injectable()
export class OwnTimesRepository {
  constructor(@InjectModel(RESULT_MODEL) private readonly model: Model<ResultEntity>) {}

  /** Ids in the order of that time. MongoDB sorts them, on disk where they are many. */
  async *findIds(filter: OwnTimeFilter): AsyncGenerator<ObjectId[], void> {
    const found = this.model.collection.aggregate<Pick<ResultEntity, '_id'>>(
      [...stagesOf(filter), { $sort: { t: 1, _id: 1 } }, { $project: { _id: 1 } }],
      { allowDiskUse: true, batchSize: AT_ONCE },
    );
    let some: ObjectId[] = [];
    // the driver closes its cursor when this loop is left
    for await (const { _id } of found) {
      some.push(_id);
      if (some.length < AT_ONCE) continue;
      yield some;
      some = [];
    }
    if (some.length > 0) yield some;
  }

  /** @returns the ids of the newest of each probe, in the order of that time; `count` at most */
  async findNewest(filter: OwnTimeFilter): Promise<ObjectId[]> {
    const found = await this.model.collection
      .aggregate<{ newest: { id: ObjectId; t: Date } }>(
        [
          ...stagesOf(filter),
          {
            $group: {
              _id: '$probe',
              newest: { $top: { sortBy: { t: -1, _id: -1 }, output: { id: '$_id', t: '$t' } } },
            },
          },
          { $sort: { 'newest.t': 1, 'newest.id': 1 } },
        ],
        { allowDiskUse: true },
      )
      .toArray();
    return found.map(({ newest }) => newest.id);
  }

  /** @returns the ids of the last `count` of them, the oldest first */
  async findLast(filter: OwnTimeFilter, count: number): Promise<ObjectId[]> {
    const found = await this.model.collection
      .aggregate<Pick<ResultEntity, '_id'>>(
        [...stagesOf(filter), { $sort: { t: -1, _id: -1 } }, { $limit: count }, { $project: { _id: 1 } }],
        { allowDiskUse: true },
      )
      .toArray();
    return found.map(({ _id }) => _id).reverse();
  }
}

function stagesOf({ operation, probes, from, to, receivedFrom, exceptReasons }: OwnTimeFilter): object[] {
  const range = { ...(from && { $gte: from }), ...(to && { $lt: to }) };
  return [
    {
      $match: {
        operation,
        ...(probes && { probe: { $in: probes } }),
        ...(receivedFrom && { received_at: { $gte: receivedFrom } }),
        ...(exceptReasons && { 'failure.reason': { $nin: exceptReasons } }),
      },
    },
    { $project: { probe: 1, t: OWN_TIME } },
    ...(from || to ? [{ $match: { t: range } }] : []),
  ];
}
