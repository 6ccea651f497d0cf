import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { fits, type Load, MOST_HELD, NEARLY_FULL, NO_LOAD, roomFor } from './probe-load.js';
import { PROBE_MODEL, type ProbeEntity } from './probe.schema.js';
import { CHOSEN, type ChosenProbe } from './probes.repository.js';

/** A probe, and what is noted of it. */
export type LoadedProbe = Pick<ProbeEntity, '_id' | 'load'>;

/**
 * What is noted of each probe's load: no less than it has. Past mongoose, because an operation may be for ten thousand. A note that a crash takes is not
 * worth waiting for the disk.
 */
@Injectable()
export class ProbeLoadsRepository {
  constructor(@InjectModel(PROBE_MODEL) private readonly model: Model<ProbeEntity>) {}

  async find(probe: ObjectId): Promise<Load> {
    const found = await this.model.findById(probe, { load: 1 }).lean<Pick<ProbeEntity, 'load'>>();
    return found?.load ?? NO_LOAD;
  }

  /** Those of the probes of which more is noted than this. */
  async findAbove(probes: readonly ObjectId[], { operations, bytes }: Load): Promise<ObjectId[]> {
    const isAbove = (load: Load) => load.operations > operations || load.bytes > bytes;
    const found = await this.findAll(probes);
    return found.filter(({ load = NO_LOAD }) => isAbove(load)).map(({ _id }) => _id);
  }

  /** What is noted of each of these. */
  async findAll(probes: readonly ObjectId[]): Promise<LoadedProbe[]> {
    return this.model.collection
      .find<LoadedProbe>(
        { _id: { $in: [...probes] } },
        { projection: { load: 1 }, batchSize: probes.length + 1 },
      )
      .toArray();
  }

  /** Some of all that seem to have no room for so much more. */
  async findFull(more: Load, limit: number): Promise<ObjectId[]> {
    const found = await this.model.collection
      .find<{ _id: ObjectId }>(
        { nearly_full: true, ...noRoomFor(more) },
        { projection: { _id: 1 }, limit, batchSize: limit },
      )
      .toArray();
    return found.map(({ _id }) => _id);
  }

  /**
   * @param probes as they were read: of one that was not nearly full it is expected that it will not be
   * @returns false where one had no room since it was read, or has become nearly full: then some have it and some not
   */
  async add(probes: readonly LoadedProbe[], more: Load): Promise<boolean> {
    const isFar = ({ load = NO_LOAD }: LoadedProbe) => fits(load, more, NEARLY_FULL);
    const far = probes.filter(isFar);
    const near = probes.filter((probe) => !isFar(probe));
    const counts = await Promise.all([
      this.addWhere(far, roomFor(more, NEARLY_FULL), increased(more)),
      this.addWhere(near, roomFor(more), { ...increased(more), $set: { nearly_full: true } }),
    ]);
    return counts.reduce((sum, count) => sum + count, 0) === probes.length;
  }

  /**
   * The same for one, which is read by it as ProbesRepository.findChosen() does.
   * @returns null: there is no such probe, or it is nearly full
   */
  async addToOne(probe: ObjectId, more: Load): Promise<ChosenProbe | null> {
    return this.model.collection.findOneAndUpdate(
      { _id: probe, ...roomFor(more, NEARLY_FULL) },
      increased(more),
      { returnDocument: 'after', projection: CHOSEN, writeConcern: { w: 1 } },
    ) as unknown as Promise<ChosenProbe | null>;
  }

  async remove(probes: readonly ObjectId[], less: Load): Promise<void> {
    if (probes.length === 0) return;
    const left = (of: keyof Load) => ({
      $max: [0, { $subtract: [{ $ifNull: [`$load.${of}`, 0] }, less[of]] }],
    });
    await this.model.collection.updateMany(
      { _id: { $in: [...probes] } },
      [{ $set: { load: { operations: left('operations'), bytes: left('bytes') } } }],
      { writeConcern: { w: 1 } },
    );
  }

  /** Notes what was counted, unless something was noted since `seen`. */
  async correct(probe: ObjectId, seen: Load, counted: Load): Promise<void> {
    const isAsSeen = { 'load.operations': seen.operations, 'load.bytes': seen.bytes };
    const marked = fits(counted, NO_LOAD, NEARLY_FULL)
      ? { $set: { load: counted }, $unset: { nearly_full: 1 as const } }
      : { $set: { load: counted, nearly_full: true as const } };
    await this.model.collection.updateOne({ _id: probe, ...isAsSeen }, marked);
  }

  /** Marks those that an earlier version has filled, or a backup of it. */
  async markNearlyFull(): Promise<void> {
    await this.model.collection.updateMany(
      { nearly_full: { $exists: false }, ...noRoomFor(NO_LOAD, NEARLY_FULL) },
      { $set: { nearly_full: true } },
    );
  }

  /** @returns how many met the condition */
  private async addWhere(probes: readonly LoadedProbe[], condition: object, update: object): Promise<number> {
    if (probes.length === 0) return 0;
    const where = { _id: { $in: probes.map(({ _id }) => _id) }, ...condition };
    const { matchedCount } = await this.model.collection.updateMany(where, update, {
      writeConcern: { w: 1 },
    });
    return matchedCount;
  }
}

function increased({ operations, bytes }: Load) {
  return { $inc: { 'load.operations': operations, 'load.bytes': bytes } };
}

function noRoomFor({ operations, bytes }: Load, most = MOST_HELD): object {
  return {
    $or: [
      { 'load.operations': { $gt: most.operations - operations } },
      { 'load.bytes': { $gt: most.bytes - bytes } },
    ],
  };
}
