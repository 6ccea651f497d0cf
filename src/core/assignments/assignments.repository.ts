import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { inParts } from '../../platform/batching/in-parts.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { insertTogether } from '../../platform/database/updates.js';
import { type LinkCapabilities } from '../probes/index.js';
import { type DeliveredBy } from './delivered-capabilities.js';
import { type OperationEntity } from './operation.schema.js';
import { reopened } from './stretches.js';
import { ASSIGNMENT_MODEL, type AssignmentEntity, type AssignmentState, LIVE } from './assignment.schema.js';

/** An operation that a probe has to hold, until it is over. */
export interface LiveLoad {
  bytes: number;
  ends_at: Date;
}

/** Those of the probes that a stop leaves the same number of runs. */
export interface Leaving {
  probes: ObjectId[];
  /** runs that are not paid back; undefined: the probe goes on, and all are */
  owed: number | undefined;
}

/** What should have reached these probes. */
export interface Overdue {
  probe: ObjectId | { $in: ObjectId[] };
  /** whether they can be told of a later start; else they are given nothing before it begins */
  canBeOffset: boolean;
  createdBefore: Date;
  now: Date;
}

/** In one command: 4 MB, of the 16 that it may have. */
const INSERTED_AT_ONCE = 10_000;

/** What probes have to do, and how far each part was handed over; what came of it: RunAccountsRepository. */
@Injectable()
export class AssignmentsRepository {
  constructor(@InjectModel(ASSIGNMENT_MODEL) private readonly model: Model<AssignmentEntity>) {}

  async insertAll(assignments: readonly AssignmentEntity[], transaction: Transaction): Promise<void> {
    for (const part of inParts(assignments, () => 1, { items: INSERTED_AT_ONCE }))
      await insertTogether(this.model, part, transaction);
  }

  /**
   * Begins another stretch of assignments that were stopped: each is stored anew, under an id that no message about the earlier
   * stretch names, and its account goes on.
   * @param ids of those that were stopped, by the hexadecimal id of their probe
   * @param next by probe likewise: what is asked of it from now on
   * @returns how many were there, and stopped
   */
  async reopenAll(
    ids: readonly ObjectId[],
    next: ReadonlyMap<string, AssignmentEntity>,
    transaction: Transaction,
  ): Promise<number> {
    if (ids.length === 0) return 0;
    const stopped = { _id: { $in: [...ids] }, state: 'stopped' as const };
    const found = await this.model.collection
      .find<AssignmentEntity>(stopped, { session: transaction })
      .toArray();
    const begun = found.flatMap((before) => {
      const assignment = next.get(before.probe.toHexString());
      return assignment === undefined ? [] : [reopened(before, assignment)];
    });
    await this.model.collection.deleteMany(stopped, { session: transaction });
    if (begun.length > 0) await this.insertAll(begun, transaction);
    return begun.length;
  }

  /** Of probes that were taken away and could not be told: they have it again. @returns how many there were */
  async resumeUntold(ids: readonly ObjectId[], transaction: Transaction): Promise<number> {
    if (ids.length === 0) return 0;
    const accounted = { $gte: [{ $add: ['$received', '$failed'] }, '$due'] };
    const { matchedCount } = await this.model.collection.updateMany(
      { _id: { $in: [...ids] }, state: 'stopped', owed: { $exists: false } },
      [{ $set: { state: { $cond: [accounted, 'done', 'delivered'] } } }, { $unset: 'ended_at' }],
      { session: transaction },
    );
    return matchedCount;
  }

  async findOne(operation: ObjectId, probe: ObjectId): Promise<AssignmentEntity | null> {
    return this.model.findOne({ operation, probe }).lean<AssignmentEntity>();
  }

  async findByOperation(operation: ObjectId, limit = 0, afterProbe?: ObjectId): Promise<AssignmentEntity[]> {
    return this.model
      .find({ operation, ...(afterProbe && { probe: { $gt: afterProbe } }) })
      .sort({ probe: 1 })
      .limit(limit)
      .lean<AssignmentEntity[]>();
  }

  /**
   * Without those that a probe was taken away from while they ran: a stop of the operation ends all that are left at its own time.
   * @returns ids of the operations that some probes are in, the newest first, `limit` at most
   */
  async findOperationsOf(probes: readonly ObjectId[], limit: number): Promise<ObjectId[]> {
    const found = await this.model.collection
      .aggregate<Pick<AssignmentEntity, '_id'>>([
        { $match: { probe: { $in: [...probes] } } },
        {
          $group: {
            _id: '$operation',
            isIn: { $max: { $ne: ['$state', 'stopped'] } },
            ends: { $addToSet: '$ended_at' },
          },
        },
        { $sort: { _id: -1 } },
        { $limit: limit },
        { $lookup: { from: 'operations', localField: '_id', foreignField: '_id', as: 'operation' } },
        { $match: { $expr: { $or: ['$isIn', { $in: [{ $first: '$operation.stopped_at' }, '$ends'] }] } } },
        { $project: { _id: 1 } },
      ])
      .toArray();
    return found.map(({ _id }) => _id);
  }

  /**
   * The probes of each of these operations, ascending; of all in one query.
   * @param which current: without those that were taken away while it ran
   * @param readConcern majority: what is found outlives the failure of a server of the replica set, but lacks what is being written
   */
  async findProbesOfOperations(
    operations: readonly Pick<OperationEntity, '_id' | 'stopped_at'>[],
    which: 'ever' | 'current',
    readConcern: 'local' | 'majority' = 'local',
  ): Promise<Map<string, ObjectId[]>> {
    const found = new Map(operations.map(({ _id }) => [_id.toHexString(), [] as ObjectId[]]));
    const stops = new Map(operations.map(({ _id, stopped_at }) => [_id.toHexString(), stopped_at]));
    const assigned = this.model.collection.find<
      Pick<AssignmentEntity, 'operation' | 'probe' | 'state' | 'ended_at'>
    >(
      { operation: { $in: operations.map(({ _id }) => _id) } },
      {
        projection: { _id: 0, operation: 1, probe: 1, ...(which === 'current' && { state: 1, ended_at: 1 }) },
        ...{ sort: { operation: 1, probe: 1 }, batchSize: 10_000, readConcern },
      },
    );
    for (const { operation, probe, state, ended_at } of await assigned.toArray()) {
      const key = operation.toHexString();
      // a stop of the operation ends all that are left at its own time
      const isRemoved = state === 'stopped' && ended_at?.getTime() !== stops.get(key)?.getTime();
      if (!isRemoved) found.get(key)?.push(probe);
    }
    return found;
  }

  /** The probes that were taken away from a running operation. */
  async findStoppedOfOperation(operation: ObjectId): Promise<ObjectId[]> {
    const stopped = await this.model.collection
      .find<Pick<AssignmentEntity, 'probe'>>(
        { operation, state: 'stopped' },
        { projection: { _id: 0, probe: 1 }, batchSize: 10_000 },
      )
      .toArray();
    return stopped.map(({ probe }) => probe);
  }

  async findPendingOfOperation(operation: ObjectId): Promise<AssignmentEntity[]> {
    return this.model.find({ operation, state: 'pending' }).lean<AssignmentEntity[]>();
  }

  /** What these probes have to do now, in order; past mongoose, because there may be thousands. */
  async findLiveOfProbes(
    probes: readonly ObjectId[],
    states: readonly AssignmentState[],
    now: Date,
  ): Promise<AssignmentEntity[]> {
    return this.model.collection
      .find<AssignmentEntity>(
        { probe: { $in: [...probes] }, state: { $in: [...states] }, ends_at: { $gt: now } },
        { batchSize: 10_000 },
      )
      .sort({ _id: 1 })
      .toArray();
  }

  /**
   * Of what a probe has to do now, in order, only what tells how much it is. One that does not acknowledge gets nothing twice, and
   * one that cannot be told of a start nothing that begins later.
   */
  async *eachWaiting(
    { probe, capabilities }: { probe: ObjectId; capabilities: LinkCapabilities },
    now: Date,
  ): AsyncGenerator<Pick<AssignmentEntity, '_id' | 'bytes'>, void> {
    const { acknowledges, canBeOffset } = capabilities;
    yield* this.model.collection.find<Pick<AssignmentEntity, '_id' | 'bytes'>>(
      {
        probe,
        state: { $in: acknowledges ? LIVE : ['pending' as const] },
        ends_at: { $gt: now },
        ...(!canBeOffset && { not_before: { $not: { $gt: now } } }),
        $expr: { $lt: [{ $add: ['$received', '$failed'] }, '$due'] },
      },
      { projection: { bytes: 1 }, sort: { _id: 1 }, batchSize: 1_000 },
    );
  }

  /** @param ids twelve bytes each @returns those that are not over, in order */
  async findLive(ids: readonly Buffer[]): Promise<AssignmentEntity[]> {
    return this.model
      .find({ _id: { $in: ids.map((id) => new ObjectId(id)) }, state: { $in: LIVE } })
      .sort({ _id: 1 })
      .lean<AssignmentEntity[]>();
  }

  /** What a probe has to hold, what ends first in front; past mongoose, because it may be ten thousand. */
  async findLoadOf(probe: ObjectId, now: Date): Promise<LiveLoad[]> {
    const found = await this.model.collection
      .find<Pick<AssignmentEntity, 'bytes' | 'ends_at'>>(
        { probe, state: { $in: LIVE }, ends_at: { $gt: now } },
        { projection: { _id: 0, bytes: 1, ends_at: 1 }, sort: { ends_at: 1 }, batchSize: 10_000 },
      )
      .toArray();
    return found.map(({ bytes = 0, ends_at }) => ({ bytes, ends_at }));
  }

  /** Which probes have something of which `findOverdue` tells. */
  async findProbesOverdue(overdue: Overdue): Promise<ObjectId[]> {
    return (await this.model.collection.distinct('probe', conditionsOfOverdue(overdue))) as ObjectId[];
  }

  /** Undelivered for longer than it should take, whatever the reason. */
  async findOverdue(overdue: Overdue, limit: number): Promise<AssignmentEntity[]> {
    return this.model.find(conditionsOfOverdue(overdue)).limit(limit).lean<AssignmentEntity[]>();
  }

  /** Claims pending ones for one attempt to deliver. @returns those that nobody else has claimed */
  async claim(
    ids: readonly ObjectId[],
    delivery: string,
    at: Date,
    by: DeliveredBy,
  ): Promise<AssignmentEntity[]> {
    await this.model.updateMany(
      { _id: { $in: ids }, state: 'pending' },
      { $set: { state: 'delivered', delivered_at: at, ...by, delivery } },
    );
    return this.model.find({ _id: { $in: ids }, delivery }).lean<AssignmentEntity[]>();
  }

  async releaseClaims(ids: readonly ObjectId[]): Promise<void> {
    if (ids.length === 0) return;
    await this.model.updateMany(
      { _id: { $in: ids }, state: 'delivered', acknowledged_at: { $exists: false } },
      {
        $set: { state: 'pending' },
        $unset: { delivered_at: 1, delivered_over: 1, delivered_with: 1, delivery: 1 },
      },
    );
  }

  /** One write for all that probes have just accepted. */
  async markDelivered(ids: readonly ObjectId[], at: Date, by: DeliveredBy): Promise<void> {
    if (ids.length === 0) return;
    await this.model.updateMany(
      { _id: { $in: ids }, state: 'pending' },
      { $set: { state: 'delivered', delivered_at: at, ...by, acknowledged_at: at } },
    );
  }

  /** @param ends with the runs of each that are not paid back; in the transaction that read them as live */
  async markRefused(
    ends: readonly { assignment: AssignmentEntity; reason: string; owed: number }[],
    at: Date,
    transaction: Transaction,
  ): Promise<void> {
    const updates = ends.map(({ assignment: { _id }, reason, owed }) => ({
      updateOne: {
        filter: { _id, state: { $in: LIVE } },
        update: { $set: { state: 'refused' as const, reason, ended_at: at, owed } },
      },
    }));
    await this.model.collection.bulkWrite(updates, { session: transaction, ordered: false });
  }

  /** @returns those of them of which the probe has still to do something */
  async findLiveByIds(ids: readonly ObjectId[], transaction: Transaction): Promise<AssignmentEntity[]> {
    return this.model
      .find({ _id: { $in: ids }, state: { $in: LIVE } })
      .sort({ _id: 1 })
      .session(transaction)
      .lean<AssignmentEntity[]>();
  }

  async findLiveOfOperation(operation: ObjectId, transaction: Transaction): Promise<AssignmentEntity[]> {
    return this.model
      .find({ operation, state: { $in: LIVE } })
      .session(transaction)
      .lean<AssignmentEntity[]>();
  }

  async markStopped(
    operation: ObjectId,
    at: Date,
    leavings: readonly Leaving[],
    transaction: Transaction,
  ): Promise<void> {
    if (leavings.length === 0) return;
    const updates = leavings.map(({ probes, owed }) => ({
      updateMany: {
        filter: { operation, probe: { $in: probes }, state: { $in: LIVE } },
        update: { $set: { state: 'stopped' as const, ended_at: at, ...(owed !== undefined && { owed }) } },
      },
    }));
    await this.model.collection.bulkWrite(updates, { session: transaction, ordered: false });
  }

  /** @returns those of the operations of which a probe has still to do something; read from an index alone */
  async findLiveAmong(operations: readonly ObjectId[]): Promise<ObjectId[]> {
    const live = { operation: { $in: [...operations] }, state: { $in: LIVE } };
    return (await this.model.collection.distinct('operation', live)) as ObjectId[];
  }

  /** Those whose time is over: `done` if the probe had it, `expired` if not. */
  async closeEnded(now: Date): Promise<{ done: number; expired: number }> {
    const over = { ends_at: { $lte: now } };
    const done = await this.model.updateMany(
      { state: 'delivered', ...over },
      { $set: { state: 'done', ended_at: now } },
    );
    const expired = await this.model.updateMany(
      { state: 'pending', ...over },
      { $set: { state: 'expired', ended_at: now, reason: 'the probe did not come before the end' } },
    );
    return { done: done.modifiedCount, expired: expired.modifiedCount };
  }
}

/** Of a probe that cannot wait for a start only what it may have by now: what begins later must not fill a limit. */
function conditionsOfOverdue({ probe, canBeOffset, createdBefore, now }: Overdue) {
  return {
    probe,
    state: 'pending' as const,
    ends_at: { $gt: now },
    created_at: { $lt: createdBefore },
    ...(!canBeOffset && { not_before: { $not: { $gt: now } } }),
  };
}
