import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import {
  CHANGE_MODEL,
  CHANGE_NUMBER_MODEL,
  type ChangeEntity,
  type ChangeNumberEntity,
  type ChangeType,
  MOST_SIGHTINGS,
  type Sighting,
} from './change.schema.js';

/** Which changes. Absent: it may be anything. */
export interface ChangeFilter {
  operations: readonly ObjectId[];
  types?: readonly ChangeType[] | undefined;
  /** seen by one of them */
  probes?: readonly ObjectId[] | undefined;
  destination?: string | undefined;
  /** of `since`: from (included), to (excluded) */
  from?: Date | undefined;
  to?: Date | undefined;
  /** in which they were noticed; absent: the oldest first */
  order?: 'asc' | 'desc' | undefined;
}

/** What makes two sightings one change. */
export type ChangeLikeness = Pick<ChangeEntity, 'operation' | 'type' | 'destination' | 'keys'> & {
  from: Date;
  to: Date;
};

/** Probes that are shown with a change. */
export const SIGHTINGS_SHOWN = 20;

@Injectable()
export class ChangesRepository {
  constructor(
    @InjectModel(CHANGE_MODEL) private readonly changes: Model<ChangeEntity>,
    @InjectModel(CHANGE_NUMBER_MODEL) private readonly numbers: Model<ChangeNumberEntity>,
  ) {}

  /** The next number. Transactions that take one conflict, so that what is committed later has the higher one. */
  async nextNumber(transaction: Transaction): Promise<number> {
    const { last } = await this.numbers
      .findOneAndUpdate(
        { _id: 'changes' },
        { $inc: { last: 1 } },
        { session: transaction, upsert: true, returnDocument: 'after' },
      )
      .lean<ChangeNumberEntity>();
    return last;
  }

  /** The last number that was given; 0: none. */
  async lastNumber(): Promise<number> {
    return (await this.numbers.findById('changes').lean<ChangeNumberEntity>())?.last ?? 0;
  }

  /** The latest change that is alike and that this probe has not seen. */
  async findAlike(
    { keys, from, to, ...same }: ChangeLikeness,
    probe: ObjectId,
    transaction: Transaction,
  ): Promise<Pick<ChangeEntity, '_id'> | null> {
    return this.changes.collection.findOne<Pick<ChangeEntity, '_id'>>(
      { ...same, since: { $gte: from, $lte: to }, keys: { $in: keys }, 'probes.probe': { $ne: probe } },
      { session: transaction, projection: { _id: 1 }, sort: { number: -1 } },
    );
  }

  async insert(change: ChangeEntity, transaction: Transaction): Promise<void> {
    await this.changes.collection.insertOne(change, { session: transaction });
  }

  /** A further probe has seen it. */
  async addSighting(
    id: ObjectId,
    sighting: Sighting,
    number: number,
    transaction: Transaction,
  ): Promise<void> {
    const update = {
      $push: { probes: { $each: [sighting], $slice: MOST_SIGHTINGS } },
      $inc: { probe_count: 1 },
      $min: { since: sighting.since },
      $set: { updated: number },
    };
    await this.changes.collection.updateOne({ _id: id }, update as never, { session: transaction });
  }

  /** A probe that was quiet since then has come back. @returns whether that was known */
  async noteReturn(
    operation: ObjectId,
    probe: ObjectId,
    since: Date,
    backAt: Date,
    number: () => Promise<number>,
    transaction: Transaction,
  ): Promise<boolean> {
    const which = { operation, type: 'quiet' as const, probes: { $elemMatch: { probe, since } } };
    const found = await this.changes.collection.findOne(which, {
      session: transaction,
      projection: { _id: 1 },
    });
    if (found === null) return false;
    await this.changes.collection.updateOne(
      { _id: found._id, probes: which.probes },
      { $set: { 'probes.$.back_at': backAt, updated: await number() } },
      { session: transaction },
    );
    return true;
  }

  /** A page, in the order in which they were noticed; of the probes that have seen a change the first, or those that are asked for. */
  async findPage(filter: ChangeFilter, limit: number, after?: number): Promise<ChangeEntity[]> {
    const { operations, types, probes, destination, from, to, order } = filter;
    const direction = order === 'desc' ? -1 : 1;
    const [operation] = operations;
    const asked = probes && { $in: [...probes] };
    const conditions = {
      operation: operations.length === 1 ? operation : { $in: [...operations] },
      ...(after !== undefined && { number: direction === 1 ? { $gt: after } : { $lt: after } }),
      ...(types && { type: { $in: [...types] } }),
      ...((from ?? to) && { since: { ...(from && { $gte: from }), ...(to && { $lt: to }) } }),
      ...(destination !== undefined && { destination }),
      ...(asked && { 'probes.probe': asked }),
    };
    const shown = probes
      ? {
          $filter: { input: '$probes', cond: { $in: ['$$this.probe', [...probes]] }, limit: SIGHTINGS_SHOWN },
        }
      : { $slice: ['$probes', SIGHTINGS_SHOWN] };
    return this.changes.collection
      .find<ChangeEntity>(conditions as never, {
        projection: { ...ALL_BUT_PROBES, probes: shown },
        ...{ sort: { number: direction }, limit, batchSize: limit + 1 },
      })
      .toArray();
  }

  /** Those that are new, or were changed, after a number; in that order. */
  async findUpdated(after: number, limit: number): Promise<ChangeEntity[]> {
    return this.changes.collection
      .find<ChangeEntity>(
        { updated: { $gt: after } },
        {
          projection: { ...ALL_BUT_PROBES, probes: { $slice: ['$probes', -1] } },
          ...{ sort: { updated: 1 }, limit, batchSize: limit + 1 },
        },
      )
      .toArray();
  }

  /** @param operation of this one alone */
  async deleteAll(operation?: ObjectId): Promise<void> {
    await this.changes.deleteMany(operation ? { operation } : {});
  }
}

const ALL_BUT_PROBES = {
  number: 1,
  updated: 1,
  operation: 1,
  type: 1,
  destination: 1,
  before: 1,
  after: 1,
  since: 1,
  noticed_at: 1,
  probe_count: 1,
};
