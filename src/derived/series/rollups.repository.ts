import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { createHash } from 'node:crypto';
import { type Model } from 'mongoose';
import { ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { GENERATION_MODEL, type GenerationEntity, ROLLUP_MODEL, type RollupEntity } from './rollup.schema.js';

/** What tells a rollup from others. */
export type RollupKey = Pick<RollupEntity, 'operation' | 'generation' | 'probe' | 'day' | 'destination'>;

/** Cells of a rollup that are to be written, or were read: bytes, as the driver gives them. */
export interface RollupCells {
  hours: Record<string, Buffer>;
  total?: Buffer;
}

export interface RollupChange extends RollupCells {
  key: RollupKey;
}

/** Rollups of an operation, of days from there (included) to there. */
export interface RollupFilter {
  operation: ObjectId;
  generation: number;
  /** of each of these, or those of all together */
  probes: readonly ObjectId[] | 'together';
  from: Date;
  to: Date;
  destinations?: readonly string[] | undefined;
}

export type FoundRollup = Pick<RollupEntity, 'probe' | 'day' | 'destination'> & RollupCells;

const ALL = 'all';
const NEXT = 'next';
const AT_ONCE = 2_000;

@Injectable()
export class RollupsRepository {
  constructor(
    @InjectModel(ROLLUP_MODEL) private readonly rollups: Model<RollupEntity>,
    @InjectModel(GENERATION_MODEL) private readonly generations: Model<GenerationEntity>,
  ) {}

  /** @returns by the operation: the generation of its rollups that holds */
  async generationsOf(
    operations: readonly ObjectId[],
    transaction?: Transaction,
  ): Promise<ReadonlyMap<string, number>> {
    const ids = operations.map((operation) => operation.toHexString());
    const found = await this.generations
      .find({ _id: { $in: [ALL, ...ids] } }, null, transaction ? { session: transaction } : {})
      .lean<GenerationEntity[]>();
    const known = new Map(found.map(({ _id, generation }) => [_id, generation]));
    const all = known.get(ALL) ?? 0;
    return new Map(ids.map((id) => [id, Math.max(all, known.get(id) ?? 0)]));
  }

  /** @returns a generation that was never given before */
  async nextGeneration(): Promise<number> {
    const { generation } = await this.generations
      .findOneAndUpdate({ _id: NEXT }, { $inc: { generation: 1 } }, { upsert: true, returnDocument: 'after' })
      .lean<GenerationEntity>()
      .orFail();
    return generation;
  }

  /** From now on rollups of this generation hold. @param operation of this one alone */
  async use(generation: number, operation: ObjectId | undefined, transaction: Transaction): Promise<void> {
    await this.generations.updateOne(
      { _id: operation?.toHexString() ?? ALL },
      { $set: { generation } },
      { session: transaction, upsert: true },
    );
  }

  /** @param hours names of those that are wanted @returns by their ids, those that are there */
  async findCells(
    keys: readonly RollupKey[],
    hours: readonly string[],
    transaction?: Transaction,
  ): Promise<ReadonlyMap<string, RollupCells>> {
    const wanted = Object.fromEntries(hours.map((hour) => [`hours.${hour}`, 1]));
    const found = await this.rollups.collection
      .find<RollupCells & { _id: string }>(
        { _id: { $in: keys.map(idOf) as never[] } },
        {
          projection: { total: 1, ...wanted },
          ...{ promoteBuffers: true, batchSize: keys.length + 1 },
          ...(transaction && { session: transaction }),
        },
      )
      .toArray();
    return new Map(found.map((rollup) => [rollup._id, rollup]));
  }

  async write(changes: readonly RollupChange[], transaction?: Transaction): Promise<void> {
    if (changes.length === 0) return;
    const updates = changes.map(({ key, hours, total }) => {
      const set = Object.entries(hours).map(([hour, cell]) => [`hours.${hour}`, cell]);
      return {
        updateOne: {
          filter: { _id: idOf(key) as never },
          update: { $set: { ...(Object.fromEntries(set) as object), total }, $setOnInsert: key },
          upsert: true,
        },
      };
    });
    await this.rollups.collection.bulkWrite(updates, {
      ordered: false,
      ...(transaction && { session: transaction }),
    });
  }

  /** Past mongoose: thousands of them are read while somebody waits. @param cells hours, or one of the whole day */
  find(filter: RollupFilter, cells: 'hours' | 'total'): AsyncIterable<FoundRollup> {
    const { operation, generation, probes, from, to, destinations } = filter;
    return this.rollups.collection.find<FoundRollup>(
      {
        operation,
        generation,
        probe: probes === 'together' ? null : { $in: [...probes] },
        day: { $gte: from, $lt: to },
        ...(destinations && { destination: { $in: [...destinations] } }),
      },
      {
        projection: { _id: 0, probe: 1, day: 1, destination: 1, [cells]: 1 },
        ...{ promoteBuffers: true, batchSize: AT_ONCE },
      },
    );
  }

  /** @returns operations of which there are rollups of one of these destinations */
  async findOperations(destinations: readonly string[]): Promise<ObjectId[]> {
    const which = { destination: { $in: [...destinations] } };
    const found: unknown[] = await this.rollups.collection.distinct('operation', which);
    return found.filter((id): id is ObjectId => id instanceof ObjectId);
  }

  /** Deletes rollups that hold no more: of generations before the one of all operations, or before that of their own. */
  async deleteOld(): Promise<number> {
    const known = await this.generations.find({ _id: { $ne: NEXT } }).lean<GenerationEntity[]>();
    const all = known.find(({ _id }) => _id === ALL)?.generation ?? 0;
    const { deletedCount } = await this.rollups.collection.deleteMany({
      _id: { $lt: prefixOf(all) as never },
    });
    let deleted = deletedCount;
    for (const { _id, generation } of known) {
      if (_id === ALL || generation <= all) continue;
      const old = { operation: new ObjectId(_id), generation: { $lt: generation } };
      deleted += (await this.rollups.collection.deleteMany(old)).deletedCount;
    }
    return deleted;
  }

  /** Deletes some of those of days that were over before a time, 2,000 at the most. @returns how many */
  async deleteBefore(operation: ObjectId, time: Date): Promise<number> {
    const over = { operation, day: { $lte: new Date(time.getTime() - DAY_MS) } };
    const found = await this.rollups.collection
      .find(over, { projection: { _id: 1 }, limit: AT_ONCE })
      .toArray();
    if (found.length === 0) return 0;
    const { deletedCount } = await this.rollups.collection.deleteMany({
      _id: { $in: found.map(({ _id }) => _id) },
    });
    return deletedCount;
  }
}

const DAY_MS = 86_400_000;
const DIGITS = 9;

/** In the order of generations. */
function prefixOf(generation: number): string {
  return `${String(generation).padStart(DIGITS, '0')}-`;
}

export function idOf({ operation, generation, probe, day, destination }: RollupKey): string {
  const parts = [operation.toHexString(), probe?.toHexString() ?? null, day.getTime(), destination];
  const hash = createHash('sha1').update(JSON.stringify(parts)).digest('base64url');
  return prefixOf(generation) + hash;
}
