import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { AUDIT_MODEL, type AuditEntity } from './audit.schema.js';

export interface AuditFilter {
  target?: string | undefined;
  actor?: ObjectId | undefined;
}

/** Entries are inserted and found: no method changes or deletes one. */
@Injectable()
export class AuditRepository {
  constructor(@InjectModel(AUDIT_MODEL) private readonly model: Model<AuditEntity>) {}

  async insert(entry: AuditEntity): Promise<void> {
    await this.model.collection.insertOne(entry, { ignoreUndefined: true });
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
