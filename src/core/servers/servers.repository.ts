import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { isDuplicateKey } from '../../platform/errors/database-errors.js';
import { SERVER_MODEL, type ServerEntity } from './server.schema.js';

/** `lapsed`: it was over, or gone, and stands again; `taken`: another process has entered under this id. */
export type Renewal = 'renewed' | 'lapsed' | 'taken';

const OVER = { $expr: { $lte: ['$lease_until', '$$NOW'] } };

/** Leases of servers by the database's clock ($$NOW): those of the servers may differ. */
@Injectable()
export class ServersRepository {
  constructor(@InjectModel(SERVER_MODEL) private readonly model: Model<ServerEntity>) {}

  /**
   * A process begins: whatever process had this id before is over.
   * @returns when that one was heard of last; undefined when it ended in order, or there was none
   */
  async enter(id: string, boot: string, leaseMs: number): Promise<Date | undefined> {
    const before = await this.model
      .findOneAndUpdate({ _id: id }, [{ $set: { boot, ...leaseFor(leaseMs) } }], {
        upsert: true,
        updatePipeline: true,
        returnDocument: 'before',
      })
      .lean<ServerEntity>();
    return before?.renewed_at;
  }

  async renew(id: string, boot: string, leaseMs: number): Promise<Renewal> {
    try {
      const after = await this.model
        .findOneAndUpdate({ _id: id, boot }, [{ $set: leaseFor(leaseMs) }], {
          upsert: true,
          updatePipeline: true,
          returnDocument: 'after',
        })
        .lean<ServerEntity>();
      return after.lapsed ? 'lapsed' : 'renewed';
    } catch (error) {
      if (isDuplicateKey(error)) return 'taken';
      throw error;
    }
  }

  async release(id: string, boot: string): Promise<void> {
    await this.model.deleteOne({ _id: id, boot });
  }

  /** The servers whose leases stand, and how long they do: milliseconds from now. */
  async findStanding(): Promise<{ id: string; remainingMs: number }[]> {
    return this.model.aggregate<{ id: string; remainingMs: number }>([
      { $match: { $expr: { $gt: ['$lease_until', '$$NOW'] } } },
      { $project: { _id: 0, id: '$_id', remainingMs: { $subtract: ['$lease_until', '$$NOW'] } } },
    ]);
  }

  /** All that are known, whether or not they live. */
  async findAll(): Promise<(ServerEntity & { alive: boolean })[]> {
    return this.model.aggregate<ServerEntity & { alive: boolean }>([
      { $set: { alive: { $gt: ['$lease_until', '$$NOW'] } } },
      { $sort: { _id: 1 } },
    ]);
  }

  /** The servers whose leases are over, and when they were heard of last. */
  async findDeparted(): Promise<{ id: string; lastSeen: Date }[]> {
    const departed = await this.model.find(OVER, { renewed_at: 1 }).lean<ServerEntity[]>();
    return departed.map(({ _id, renewed_at }) => ({ id: _id, lastSeen: renewed_at }));
  }

  /** Nothing of it is left to be closed. One that has come back meanwhile stays. */
  async removeDeparted(id: string): Promise<void> {
    await this.model.deleteOne({ _id: id, ...OVER });
  }
}

function leaseFor(leaseMs: number) {
  return {
    renewed_at: '$$NOW',
    // of the lease as it was; a document that is new has none
    lapsed: { $lte: [{ $ifNull: ['$lease_until', '$$NOW'] }, '$$NOW'] },
    lease_until: { $add: ['$$NOW', leaseMs] },
  };
}
