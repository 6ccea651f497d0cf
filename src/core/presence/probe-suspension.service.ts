import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Seen } from '../../platform/database/revision.js';
import { type ProbeEntity, ProbesService } from '../probes/index.js';
import { ProbeConnectionsService } from './probe-connections.service.js';

const PROBES = 500;

/** Probes that get no work and are not let in; what they have brought stays. */
@Injectable()
export class ProbeSuspensionService {
  constructor(
    private readonly probes: ProbesService,
    private readonly connections: ProbeConnectionsService,
  ) {}

  /**
   * Closes its connection, too.
   * @param reason its host is told
   * @param seen the revisions that the caller has seen
   * @returns the probe as it is now
   * @throws DomainError not_found, conflict, changed_meanwhile
   */
  async suspend(id: ObjectId | undefined, reason: string, seen: Seen): Promise<ProbeEntity> {
    const before = await this.probes.suspend(id, reason, seen);
    await this.connections.cutOff(before, 'suspended');
    return this.probes.get(before._id);
  }

  /** It is let in again, with the token that it has. @throws DomainError not_found, conflict, changed_meanwhile */
  async unsuspend(id: ObjectId | undefined, seen: Seen): Promise<ProbeEntity> {
    return this.probes.unsuspend(id, seen);
  }

  /** Of an owner who is gone: for good, and without what could tell who that was. */
  async retireAll(owner: ObjectId, reason: string): Promise<void> {
    for (;;) {
      const page = await this.probes.unretiredOf(owner, PROBES);
      for (const probe of page) {
        const before = await this.probes.retire(probe, reason);
        if (before !== null) await this.connections.cutOff(before, 'suspended');
      }
      if (page.length < PROBES) return;
    }
  }
}
