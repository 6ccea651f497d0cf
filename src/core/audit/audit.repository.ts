import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { isDuplicateKey } from '../../platform/errors/database-errors.js';
import { AUDIT_MODEL, type AuditEntity, BEGUN_COLLECTION } from './audit.schema.js';

export interface AuditFilter {
  target?: string | undefined;
  actor?: ObjectId | undefined;
}

/** Entries are inserted and found: no method changes or deletes one. What has only begun is no entry yet. */
@Injectable()
export class AuditRepository {
  constructor(@InjectModel(AUDIT_MODEL) private readonly model: Model<AuditEntity>) {}

  /** An entry that is there stays as it is. */
  async insert(entry: AuditEntity): Promise<void> {
    try {
      await this.model.collection.insertOne(entry, { ignoreUndefined: true });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  async begin(entry: AuditEntity): Promise<void> {
    await this.begun.insertOne(entry, { ignoreUndefined: true });
  }

  async forgetBegun(id: ObjectId): Promise<void> {
    await this.begun.deleteOne({ _id: id });
  }

  async findBegun(before: Date, limit: number): Promise<AuditEntity[]> {
    return this.begun.find({ at: { $lt: before } }, { limit }).toArray();
  }

  private get begun() {
    return this.model.db.collection<AuditEntity>(BEGUN_COLLECTION);
  }

  async find(
    { target, actor }: AuditFilter,
    limit: number,
    before?: { at: Date; _id: ObjectId },
  ): Promise<AuditEntity[]> {
    const older = before && {
      $or: [{ at: { $lt: before.at } }, { at: before.at, _id: { $lt: before._id } }],
    };
    return this.model
      .find({ ...(target !== undefined && { target }), ...(actor && { actor }), ...older })
      .sort({ at: -1, _id: -1 })
      .limit(limit)
      .lean<AuditEntity[]>();
  }
}
