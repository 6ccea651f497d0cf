import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Seen } from '../../platform/database/revision.js';
import { type ProbeEntity, ProbesService } from '../probes/index.js';
import { type UserEntity } from '../users/index.js';
import { ProbeConnectionsService } from './probe-connections.service.js';

@Injectable()
export class TokenRevocationService {
  constructor(
    private readonly probes: ProbesService,
    private readonly connections: ProbeConnectionsService,
  ) {}

  /**
   * Makes all tokens of this probe worthless and closes its connection; the probe shown has a new token.
   * @throws DomainError not_found, forbidden, changed_meanwhile
   */
  async revoke(
    id: ObjectId | undefined,
    user: Pick<UserEntity, '_id' | 'is_superuser'>,
    seen: Seen = 'any',
  ): Promise<ProbeEntity> {
    const before = await this.probes.raiseTokenVersion(id, user, seen);
    await this.connections.cutOff(before, 'token revoked');
    return this.probes.get(before._id);
  }
}
