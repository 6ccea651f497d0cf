import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { SESSION_MODEL, type SessionEntity } from './session.schema.js';

@Injectable()
export class SessionsRepository {
  constructor(@InjectModel(SESSION_MODEL) private readonly model: Model<SessionEntity>) {}

  /** New ones, and the ends of those that they took over, in one command; doing it again changes nothing. */
  async openAll(
    sessions: readonly SessionEntity[],
    ends: readonly { session: ObjectId; at: Date; reason: string }[],
  ): Promise<void> {
    const opened = sessions.map(({ _id, ...session }) => ({
      updateOne: { filter: { _id }, update: { $setOnInsert: session }, upsert: true },
    }));
    const updates = [...opened, ...ends.map(endOf)];
    if (updates.length > 0) await this.model.collection.bulkWrite(updates, { ordered: false });
  }

  async closeAll(ends: readonly { session: ObjectId; at: Date; reason: string }[]): Promise<void> {
    await this.model.collection.bulkWrite(ends.map(endOf), { ordered: false });
  }

  /** All that stand of a probe, but for the one that is its connection. */
  async closeAllBut(probe: ObjectId, current: ObjectId | undefined, at: Date): Promise<void> {
    const others = { probe, to: { $exists: false }, ...(current && { _id: { $ne: current } }) };
    await this.model.updateMany(others, { $set: { to: at, reason: 'taken over' } });
  }

  async close(id: ObjectId, to: Date, reason: string): Promise<void> {
    await this.model.updateOne({ _id: id, to: { $exists: false } }, { $set: { to, reason } });
  }

  /** Sessions of these probes that stood at any moment between `from` and `to`. */
  async findBetween(
    probes: readonly ObjectId[],
    from: Date,
    to: Date,
  ): Promise<Pick<SessionEntity, 'probe' | 'from' | 'to'>[]> {
    return this.model.collection
      .find<Pick<SessionEntity, 'probe' | 'from' | 'to'>>(
        {
          probe: { $in: [...probes] },
          from: { $lte: to },
          $or: [{ to: { $exists: false } }, { to: { $gte: from } }],
        },
        { projection: { _id: 0, probe: 1, from: 1, to: 1 }, batchSize: 10_000 },
      )
      .toArray();
  }

  /** Newest first. @param before the last one of the page before */
  async findByProbe(
    probe: ObjectId,
    limit: number,
    before?: { at: Date; _id: ObjectId },
  ): Promise<SessionEntity[]> {
    const after = before && {
      $or: [{ from: { $lt: before.at } }, { from: before.at, _id: { $lt: before._id } }],
    };
    return this.model
      .find({ probe, ...after })
      .sort({ from: -1, _id: -1 })
      .limit(limit)
      .lean<SessionEntity[]>();
  }

  /** @returns the newest of a probe that had begun by then */
  async findLastUntil(probe: ObjectId, at: Date): Promise<Pick<SessionEntity, 'from' | 'version'> | null> {
    return this.model.collection.findOne<Pick<SessionEntity, 'from' | 'version'>>(
      { probe, from: { $lte: at } },
      { projection: { _id: 0, from: 1, version: 1 }, sort: { from: -1, _id: -1 } },
    );
  }

  /** @returns the oldest of a probe that began after that */
  async findFirstAfter(probe: ObjectId, at: Date): Promise<Pick<SessionEntity, 'from'> | null> {
    return this.model.collection.findOne<Pick<SessionEntity, 'from'>>(
      { probe, from: { $gt: at } },
      { projection: { _id: 0, from: 1 }, sort: { from: 1, _id: 1 } },
    );
  }

  /**
   * Newest first, `limit` at most. Sessions of one probe follow each other, so the first one that began before `since` is the
   * last that can have stood after it.
   */
  async findSince(
    probe: ObjectId,
    since: Date,
    limit: number,
  ): Promise<Pick<SessionEntity, 'from' | 'to'>[]> {
    const newestFirst = this.model.collection.find<Pick<SessionEntity, 'from' | 'to'>>(
      { probe },
      { projection: { _id: 0, from: 1, to: 1 }, sort: { from: -1, _id: -1 }, limit, batchSize: 1_000 },
    );
    const found: Pick<SessionEntity, 'from' | 'to'>[] = [];
    for await (const session of newestFirst) {
      found.push(session);
      if (session.from < since) break;
    }
    return found;
  }

  /** @param to a session that began later (by another clock) ends as it begins */
  async closeOfServer(server: string, to: Date, reason: string): Promise<number> {
    const { modifiedCount } = await this.model.updateMany(
      { server, to: { $exists: false } },
      [{ $set: { to: { $max: ['$from', to] }, reason } }],
      { updatePipeline: true },
    );
    return modifiedCount;
  }
}

/** Only of one that stands. */
function endOf({ session, at, reason }: { session: ObjectId; at: Date; reason: string }) {
  return {
    updateOne: {
      filter: { _id: session, to: { $exists: false } },
      update: { $set: { to: at, reason } },
    },
  };
}
