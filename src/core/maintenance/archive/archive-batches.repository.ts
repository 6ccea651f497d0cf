import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../../platform/database/object-id.js';
import { RESULT_MODEL, type ResultEntity } from '../../ingest/index.js';
import { ARCHIVE_BATCH_MODEL, type ArchiveBatchEntity } from './archive-batch.schema.js';

const DURABLE = { writeConcern: { w: 'majority', journal: true } } as const;

/** Batches on their way into the archive, and the results of which they are. */
@Injectable()
export class ArchiveBatchesRepository {
  constructor(
    @InjectModel(ARCHIVE_BATCH_MODEL) private readonly batches: Model<ArchiveBatchEntity>,
    @InjectModel(RESULT_MODEL) private readonly results: Model<ResultEntity>,
  ) {}

  async insert(batch: ArchiveBatchEntity): Promise<void> {
    await this.batches.collection.insertOne(batch, DURABLE);
  }

  async noteNamed(id: ObjectId): Promise<void> {
    await this.batches.collection.updateOne({ _id: id }, { $set: { named: true } }, DURABLE);
  }

  async delete(id: ObjectId): Promise<void> {
    await this.batches.collection.deleteOne({ _id: id });
  }

  /** Those that an interruption has left, the oldest first. */
  async findAll(): Promise<ArchiveBatchEntity[]> {
    return this.batches.find().sort({ _id: 1 }).lean<ArchiveBatchEntity[]>();
  }

  /** @returns those of the results that are in no archive yet, in the same order */
  async notArchived(ids: readonly ObjectId[]): Promise<ObjectId[]> {
    const found = await this.results.collection
      .find({ _id: { $in: [...ids] }, archived: true }, { projection: { _id: 1 } })
      .toArray();
    const archived = new Set(found.map(({ _id }) => String(_id)));
    return ids.filter((id) => !archived.has(String(id)));
  }

  /** One after the other: each may weigh 16 MB. */
  async *read(ids: readonly ObjectId[]): AsyncGenerator<ResultEntity, void> {
    for (const _id of ids) {
      const result = await this.results.collection.findOne<ResultEntity>({ _id });
      if (result !== null) yield result;
    }
  }
}
