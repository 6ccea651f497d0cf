import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { SERVER_MODEL, type ServerEntity } from './server.schema.js';

@Injectable()
export class ServersRepository {
  constructor(@InjectModel(SERVER_MODEL) private readonly model: Model<ServerEntity>) {}

  async renew(id: string, leaseUntil: Date): Promise<void> {
    await this.model.updateOne({ _id: id }, { $set: { lease_until: leaseUntil } }, { upsert: true });
  }

  async release(id: string): Promise<void> {
    await this.model.deleteOne({ _id: id });
  }

  async findAlive(now: Date): Promise<string[]> {
    const servers = await this.model.find({ lease_until: { $gt: now } }, { _id: 1 }).lean();
    return servers.map(({ _id }) => _id);
  }
}
