import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, mongo } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import {
  BEGUN_RUN_MODEL,
  type BegunRunEntity,
  RUN_PART_MODEL,
  type RunPartEntity,
} from './begun-run.schema.js';

const DUPLICATE_KEY = 11_000;

@Injectable()
export class BegunRunsRepository {
  constructor(
    @InjectModel(BEGUN_RUN_MODEL) private readonly runs: Model<BegunRunEntity>,
    @InjectModel(RUN_PART_MODEL) private readonly parts: Model<RunPartEntity>,
  ) {}

  /** @returns for each whether it is stored now; false: that run of that probe was begun before */
  async beginAll(runs: readonly BegunRunEntity[]): Promise<boolean[]> {
    try {
      await this.runs.collection.insertMany(runs, { ordered: false });
      return runs.map(() => true);
    } catch (error) {
      const failed = failedPlaces(error);
      if (failed === undefined) throw error;
      return runs.map((_run, index) => !failed.has(index));
    }
  }

  /** It did not begin after all. */
  async remove(id: ObjectId): Promise<void> {
    await this.runs.collection.deleteOne({ _id: id });
  }

  async findById(id: ObjectId): Promise<BegunRunEntity | null> {
    return this.runs.findById(id).lean<BegunRunEntity>();
  }

  /** @returns those of some probes that have begun and are not over */
  async findOpen(
    operation: ObjectId,
    probes: readonly ObjectId[],
  ): Promise<Pick<BegunRunEntity, 'probe' | 'run'>[]> {
    return this.runs
      .find({ operation, probe: { $in: [...probes] }, deadline: { $exists: true } }, { probe: 1, run: 1 })
      .lean<Pick<BegunRunEntity, 'probe' | 'run'>[]>();
  }

  /** @param server whose they are; absent: of any @returns those whose deadline was before, the oldest first */
  async findOverdue(before: Date, limit: number, server?: string): Promise<BegunRunEntity[]> {
    return this.runs
      .find({ deadline: { $lte: before }, ...(server !== undefined && { server }) })
      .sort({ deadline: 1 })
      .limit(limit)
      .lean<BegunRunEntity[]>();
  }

  /** Runs of which nothing more is awaited; their parts are in their results. */
  async endAll(runs: readonly { id: ObjectId; requests: number }[], at: Date): Promise<void> {
    const several = runs.filter(({ requests }) => requests > 1).map(({ id }) => id);
    await this.runs.collection.updateMany(
      { _id: { $in: runs.map(({ id }) => id) } },
      { $set: { over_at: at }, $unset: { deadline: 1 } },
    );
    if (several.length > 0) await this.parts.collection.deleteMany({ run: { $in: several } });
  }

  /** @returns how many requests of that run are answered; one that was answered before stays as it is */
  async addPart(part: RunPartEntity): Promise<number> {
    const { run, request, ...members } = part;
    await this.parts.collection.updateOne(
      { run, request },
      { $setOnInsert: members },
      { upsert: true, writeConcern: { w: 'majority', journal: true } },
    );
    return this.parts.collection.countDocuments({ run });
  }

  async findParts(run: ObjectId): Promise<RunPartEntity[]> {
    return this.parts.find({ run }).lean<RunPartEntity[]>();
  }
}

/** @returns the places of the documents that are there already; undefined: it failed for another reason */
function failedPlaces(error: unknown): Set<number> | undefined {
  if (!(error instanceof mongo.MongoBulkWriteError)) return undefined;
  const errors = [error.writeErrors].flat();
  if (errors.some(({ code }) => code !== DUPLICATE_KEY)) return undefined;
  return new Set(errors.map(({ index }) => index));
}
