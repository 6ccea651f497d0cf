import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { revisionCondition, type Seen } from '../../platform/database/revision.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { allOf, type Condition, type NearLocation } from './probe-filter.js';
import {
  type Capabilities,
  PROBE_MODEL,
  type ProbeConnection,
  type ProbeEntity,
  type Suspension,
} from './probe.schema.js';
import { type PlaceMembers } from './place.js';
import { type Reliability } from './reliability-figures.js';
import { type ProbePage } from './probe-search.js';
import { type Candidate } from './selection/selection.js';

/** A member that is there and undefined is taken away. */
export type ProbeChanges = Partial<Pick<ProbeEntity, 'name' | 'tags' | 'location'>> &
  PlaceMembers & { anchor?: true | undefined };

export interface ProbeTotals {
  registered: number;
  connected: number;
  /** what those that are connected keep and have not brought yet, as they said last */
  kept_results: number;
  kept_bytes: number;
}

export const CHOSEN = {
  owner: 1,
  location: 1,
  imported: 1,
  suspended: 1,
  load: 1,
  'capabilities.protocol': 1,
  'connection.session': 1,
  'connection.server': 1,
  'connection.status': 1,
  'connection.total_credits': 1,
  'connection.in_use_credits': 1,
} as const;

/** What an operation has to know of a probe that it is for. */
export interface ChosenProbe extends Pick<
  ProbeEntity,
  '_id' | 'owner' | 'location' | 'imported' | 'suspended' | 'load'
> {
  capabilities?: Pick<Capabilities, 'protocol'>;
  connection?: Pick<ProbeConnection, 'session' | 'server' | 'status' | 'total_credits' | 'in_use_credits'>;
}

const MEASURED = { created_at: 1, connection: 1, status: 1, last_seen: 1, measured_at: 1 } as const;

/** What the measure of a probe's reliability begins with. */
export type MeasuredProbe = Pick<ProbeEntity, '_id' | keyof typeof MEASURED>;

/** Ids that are read at the same time. */
const CANDIDATES = 10_000;

@Injectable()
export class ProbesRepository {
  constructor(@InjectModel(PROBE_MODEL) private readonly model: Model<ProbeEntity>) {}

  /** @throws a duplicate key error when this owner has used the idempotency key before */
  async create(probe: Omit<ProbeEntity, '_id'>): Promise<ProbeEntity> {
    return (await this.model.create(probe)).toObject();
  }

  /** @returns the ids of those that exist */
  async findExisting(ids: readonly ObjectId[], transaction: Transaction): Promise<Set<string>> {
    const found = await this.model.collection
      .find({ _id: { $in: [...ids] } }, { projection: { _id: 1 }, session: transaction })
      .toArray();
    return new Set(found.map(({ _id }) => String(_id)));
  }

  /** Those that are not there yet. */
  async insertImported(probes: readonly ProbeEntity[], transaction: Transaction): Promise<void> {
    if (probes.length === 0) return;
    const inserts = probes.map(({ _id, ...probe }) => ({
      updateOne: { filter: { _id }, update: { $setOnInsert: probe }, upsert: true },
    }));
    await this.model.collection.bulkWrite(inserts, { session: transaction });
  }

  async findById(id: ObjectId, transaction?: Transaction): Promise<ProbeEntity | null> {
    return this.model
      .findById(id)
      .session(transaction ?? null)
      .lean<ProbeEntity>();
  }

  /** In order of creation; past mongoose, because there may be thousands, and somebody waits. */
  async findByIds(ids: readonly ObjectId[]): Promise<ProbeEntity[]> {
    return this.model.collection
      .find<ProbeEntity>({ _id: { $in: [...ids] } }, { sort: { _id: 1 }, batchSize: 10_000 })
      .toArray();
  }

  /** The same, less than half of what is kept of each. */
  async findChosen(ids: readonly ObjectId[]): Promise<ChosenProbe[]> {
    return this.model.collection
      .find<ChosenProbe>(
        { _id: { $in: [...ids] } },
        { projection: CHOSEN, sort: { _id: 1 }, batchSize: 20_000 },
      )
      .toArray();
  }

  async findNames(ids: readonly ObjectId[]): Promise<Pick<ProbeEntity, '_id' | 'name'>[]> {
    return this.model.collection
      .find<Pick<ProbeEntity, '_id' | 'name'>>(
        { _id: { $in: [...ids] } },
        { projection: { name: 1 }, batchSize: 10_000 },
      )
      .toArray();
  }

  async findByNumbers(numbers: readonly number[]): Promise<ProbeEntity[]> {
    return this.model.collection
      .find<ProbeEntity>({ number: { $in: [...numbers] } }, { sort: { _id: 1 }, batchSize: 10_000 })
      .toArray();
  }

  async findReliability(id: ObjectId): Promise<Reliability | undefined> {
    const found = await this.model.collection.findOne<Pick<ProbeEntity, 'reliability'>>(
      { _id: id },
      { projection: { _id: 0, reliability: 1 } },
    );
    return found?.reliability;
  }

  async findByIdempotencyKey(owner: ObjectId, key: string): Promise<ProbeEntity | null> {
    return this.model.findOne({ owner, idempotency_key: key }).lean<ProbeEntity>();
  }

  /** In order of creation; all of them where no limit is given. Past mongoose, which does not know every way to ask for a place. */
  async find(
    conditions: readonly Condition[],
    page: { limit?: number; after?: ObjectId | undefined } = {},
  ): Promise<ProbeEntity[]> {
    const after = page.after ? [{ _id: { $gt: page.after } }] : [];
    return this.model.collection
      .find<ProbeEntity>(allOf(conditions, ...after))
      .sort({ _id: 1 })
      .limit(page.limit ?? 0)
      .toArray();
  }

  /** @param servers those whose probes are connected. @param owner of these alone */
  async totals(servers: readonly string[], owner?: ObjectId): Promise<ProbeTotals> {
    const connected = { $in: ['$connection.server', [...servers]] };
    const kept = (member: string) => ({ $sum: { $cond: [connected, { $ifNull: [member, 0] }, 0] } });
    const [totals] = await this.model.aggregate<ProbeTotals>([
      { $match: owner === undefined ? {} : { owner } },
      {
        $group: {
          _id: null,
          registered: { $sum: 1 },
          connected: { $sum: { $cond: [connected, 1, 0] } },
          kept_results: kept('$status.backlog.results'),
          kept_bytes: kept('$status.backlog.bytes'),
        },
      },
      { $unset: '_id' },
    ]);
    return totals ?? { registered: 0, connected: 0, kept_results: 0, kept_bytes: 0 };
  }

  /** @returns ids of those that match, `limit` at most, in no order */
  async findIds(conditions: readonly Pick<Condition, 'where'>[], limit: number): Promise<ObjectId[]> {
    const found = await this.model.collection
      .find<Pick<ProbeEntity, '_id'>>(allOf(conditions), {
        projection: { _id: 1 },
        ...{ limit, batchSize: limit + 1 },
      })
      .toArray();
    return found.map(({ _id }) => _id);
  }

  /** In the order of their numbers. */
  async findPage(
    conditions: readonly Pick<Condition, 'where'>[],
    { isDescending, skip, limit }: ProbePage,
  ): Promise<ProbeEntity[]> {
    return this.model.collection
      .find<ProbeEntity>(allOf(conditions), { sort: { number: isDescending ? -1 : 1 }, skip, limit })
      .toArray();
  }

  async count(conditions: readonly Pick<Condition, 'where'>[]): Promise<number> {
    return this.model.collection.countDocuments(allOf(conditions));
  }

  /**
   * The ids of those that match, one after the other: in no order, or the nearest first and how far away each is.
   * @param wanted of the nearest not many more will be looked at
   */
  streamCandidates(
    conditions: readonly Condition[],
    near: NearLocation | undefined,
    wanted: number,
  ): AsyncIterable<Candidate> {
    if (near === undefined) {
      return this.model.collection.find<Candidate>(allOf(conditions), {
        projection: { _id: 1 },
        batchSize: CANDIDATES,
      });
    }
    const geoNear = {
      near: { type: 'Point', coordinates: [near.longitude, near.latitude] },
      key: 'location',
      distanceField: 'metres',
      query: allOf(conditions),
      ...(near.within_km !== undefined && { maxDistance: near.within_km * 1_000 }),
    };
    return this.model.collection.aggregate<Candidate>([{ $geoNear: geoNear }, { $project: { metres: 1 } }], {
      batchSize: Math.min(wanted + 100, CANDIDATES),
    });
  }

  async update(
    id: ObjectId,
    owner: ObjectId,
    seen: Seen,
    changes: ProbeChanges,
    at: Date,
  ): Promise<ProbeEntity | null> {
    const names = Object.keys(changes) as (keyof ProbeChanges)[];
    const gone = names.filter((name) => changes[name] === undefined);
    const known = names.filter((name) => changes[name] !== undefined);
    return this.model
      .findOneAndUpdate(
        { _id: id, owner, ...revisionCondition(seen) },
        {
          $set: { ...Object.fromEntries(known.map((name) => [name, changes[name]])), updated_at: at },
          $inc: { revision: 1 },
          ...(gone.length > 0 && { $unset: Object.fromEntries(gone.map((name) => [name, 1])) }),
        },
        { returnDocument: 'after' },
      )
      .lean<ProbeEntity>();
  }

  /** Whoever is connected is so no more: every server can see it, whatever it is told. @returns the probe as it was before */
  async raiseTokenVersion(id: ObjectId, owner: ObjectId, seen: Seen, at: Date): Promise<ProbeEntity | null> {
    return this.model
      .findOneAndUpdate(
        { _id: id, owner, ...revisionCondition(seen) },
        {
          $inc: { token_version: 1, revision: 1 },
          $set: { updated_at: at },
          $unset: { connection: 1 },
        },
        { returnDocument: 'before' },
      )
      .lean<ProbeEntity>();
  }

  /**
   * What is connected is so no more.
   * @returns the probe as it was before; null: there is none, it is retired, or it is at a revision that was not seen
   */
  async suspend(id: ObjectId, suspended: Suspension, at: Date, seen: Seen): Promise<ProbeEntity | null> {
    const update = {
      $set: { suspended, updated_at: at },
      $inc: { revision: 1 },
      $unset: { connection: 1 as const },
    };
    const notRetired = { _id: id, 'suspended.retired': { $exists: false }, ...revisionCondition(seen) };
    return this.model.findOneAndUpdate(notRetired, update, { returnDocument: 'before' }).lean<ProbeEntity>();
  }

  /** @returns the probe as it is now; null: there is none, it is retired, or it is at a revision that was not seen */
  async unsuspend(id: ObjectId, at: Date, seen: Seen): Promise<ProbeEntity | null> {
    return this.model
      .findOneAndUpdate(
        { _id: id, 'suspended.retired': { $exists: false }, ...revisionCondition(seen) },
        { $unset: { suspended: 1 }, $set: { updated_at: at }, $inc: { revision: 1 } },
        { returnDocument: 'after' },
      )
      .lean<ProbeEntity>();
  }

  /** Suspends a probe for good, with what may tell whose it was taken away. @returns the probe as it was before */
  async retire(
    id: ObjectId,
    suspended: Suspension,
    coordinates: [number, number],
    at: Date,
  ): Promise<ProbeEntity | null> {
    return this.model
      .findOneAndUpdate(
        { _id: id, 'suspended.retired': { $exists: false } },
        {
          $set: { suspended, tags: [], 'location.coordinates': coordinates, updated_at: at },
          $unset: {
            ...{ name: 1, site: 1, instrument: 1, city: 1, network: 1 },
            ...{ prefix_v4: 1, prefix_v6: 1, ranges: 1 },
            ...{ connection: 1, idempotency_key: 1, request_hash: 1 },
          },
          $inc: { revision: 1, token_version: 1 },
        },
        { returnDocument: 'before' },
      )
      .lean<ProbeEntity>();
  }

  async findUnretired(owner: ObjectId, limit: number): Promise<ProbeEntity[]> {
    return this.model
      .find({ owner, 'suspended.retired': { $exists: false } })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<ProbeEntity[]>();
  }

  /** Those whose reliability was measured longest ago, new ones first. */
  async findToMeasure(limit: number): Promise<MeasuredProbe[]> {
    return this.model.find({}, MEASURED).sort({ measured_at: 1 }).limit(limit).lean<MeasuredProbe[]>();
  }

  /**
   * Derived figures, which the next measure would give again: not worth waiting for the disk.
   * @param figures of each probe; undefined where they could not be had, and the old ones stay
   */
  async setReliability(
    figures: readonly { probe: ObjectId; reliability: Reliability | undefined }[],
    at: Date,
  ): Promise<void> {
    const updates = figures.map(({ probe, reliability }) => ({
      updateOne: {
        filter: { _id: probe },
        update: { $set: { measured_at: at, ...(reliability && { reliability }) } },
      },
    }));
    await this.model.collection.bulkWrite(updates, { ordered: false, writeConcern: { w: 1 } });
  }
}
