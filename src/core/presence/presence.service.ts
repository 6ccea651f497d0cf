import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { Presence, type Stay } from './presence.js';
import { type SessionEntity } from './session.schema.js';
import { SessionsRepository } from './sessions.repository.js';

/** When probes were here, from their sessions. */
@Injectable()
export class PresenceService {
  constructor(private readonly sessions: SessionsRepository) {}

  /** @returns by probe id, for each of these probes: between `from` and `to` at least */
  async of(probes: readonly ObjectId[], from: Date, to: Date): Promise<Map<string, Presence>> {
    const stays = new Map<string, Stay[]>(probes.map((probe) => [probe.toHexString(), []]));
    for (const session of await this.sessions.findBetween(probes, from, to)) {
      stays.get(session.probe.toHexString())?.push({
        from: session.from.getTime(),
        to: session.to?.getTime() ?? Infinity,
      });
    }
    return new Map([...stays].map(([probe, own]) => [probe, new Presence(own)]));
  }

  /** Newest first. @param before the last one of the page before */
  async sessionsOf(
    probe: ObjectId,
    limit: number,
    before?: { at: Date; _id: ObjectId },
  ): Promise<SessionEntity[]> {
    return this.sessions.findByProbe(probe, limit, before);
  }
}
