import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Load, MOST_HELD, NO_LOAD, roomFor } from './probe-load.js';
import { PROBE_MODEL, type ProbeEntity } from './probe.schema.js';
import { CHOSEN, type ChosenProbe } from './probes.repository.js';

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
    const found = await this.model.collection
      .find<Pick<ProbeEntity, '_id' | 'load'>>(
        { _id: { $in: [...probes] } },
        { projection: { load: 1 }, batchSize: probes.length + 1 },
      )
      .toArray();
    const isAbove = (load: Load) => load.operations > operations || load.bytes > bytes;
    return found.filter(({ load = NO_LOAD }) => isAbove(load)).map(({ _id }) => _id);
  }

  /** Those of the probes that seem to have no room for so much more. */
  async findFullAmong(probes: readonly ObjectId[], more: Load): Promise<ObjectId[]> {
    return this.findIds({ _id: { $in: [...probes] }, ...noRoomFor(more) }, probes.length);
  }

  /** Some of all that seem to have no room for so much more. */
  async findFull(more: Load, limit: number): Promise<ObjectId[]> {
    return this.findIds(noRoomFor(more), limit);
  }

  /** @returns false where one had no room since it was looked at: then some have it and some not */
  async add(probes: readonly ObjectId[], more: Load): Promise<boolean> {
    const { matchedCount } = await this.model.collection.updateMany(
      { _id: { $in: [...probes] }, ...roomFor(more) },
      { $inc: { 'load.operations': more.operations, 'load.bytes': more.bytes } },
      { writeConcern: { w: 1 } },
    );
    return matchedCount === new Set(probes.map(String)).size;
  }

  /** The same for one, which is read by it as ProbesRepository.findChosen() does. @returns null: there is no such probe, or it had no room */
  async addToOne(probe: ObjectId, more: Load): Promise<ChosenProbe | null> {
    return this.model.collection.findOneAndUpdate(
      { _id: probe, ...roomFor(more) },
      { $inc: { 'load.operations': more.operations, 'load.bytes': more.bytes } },
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
    await this.model.collection.updateOne({ _id: probe, ...isAsSeen }, { $set: { load: counted } });
  }

  private async findIds(where: object, limit: number): Promise<ObjectId[]> {
    const found = await this.model.collection
      .find<{ _id: ObjectId }>(where, { projection: { _id: 1 }, limit, batchSize: limit })
      .toArray();
    return found.map(({ _id }) => _id);
  }
}

function noRoomFor({ operations, bytes }: Load): object {
  return {
    $or: [
      { 'load.operations': { $gt: MOST_HELD.operations - operations } },
      { 'load.bytes': { $gt: MOST_HELD.bytes - bytes } },
    ],
  };
}
