import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, type mongo } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { SHARE_MODEL, type ShareEntity } from './share.schema.js';

@Injectable()
export class SharesRepository {
  private readonly shares: mongo.Collection<ShareEntity>;

  constructor(@InjectModel(SHARE_MODEL) model: Model<ShareEntity>) {
    // its ids are texts, which mongoose's own type of the collection does not know
    this.shares = model.collection as unknown as mongo.Collection<ShareEntity>;
  }

  async insert(share: ShareEntity): Promise<void> {
    await this.shares.insertOne(share, { ignoreUndefined: true });
  }

  async findById(id: string): Promise<ShareEntity | null> {
    return this.shares.findOne({ _id: id });
  }

  /** Says of probes that they were not there after all. @param places of them in the list */
  async markAbsent(id: string, places: readonly number[]): Promise<void> {
    const absent = Object.fromEntries(places.map((place) => [`probes.${place}.absent`, true]));
    await this.shares.updateOne({ _id: id }, { $set: absent });
  }

  async deleteOne(id: string): Promise<void> {
    await this.shares.deleteOne({ _id: id });
  }

  async deleteOfOwner(owner: ObjectId): Promise<void> {
    await this.shares.deleteMany({ owner });
  }
}
