import { Injectable, Logger } from '@nestjs/common';
import { ObjectId } from '../../platform/database/object-id.js';
import { type AuditEntity } from './audit.schema.js';
import { type AuditFilter, AuditRepository } from './audit.repository.js';

/** What superusers did: entries are added, and read; there is nothing else. */
@Injectable()
export class AuditService {
  private readonly logger = new Logger('audit');

  constructor(private readonly entries: AuditRepository) {}

  async append(entry: Omit<AuditEntity, '_id' | 'at'>): Promise<void> {
    await this.entries.insert({ _id: new ObjectId(), at: new Date(), ...entry });
    const { actor, target, action, address, reason, via } = entry;
    this.logger.log({ actor: actor && String(actor), via, address, target, reason }, action);
  }

  /** Newest first. @param before the last entry of the page before */
  async list(
    filter: AuditFilter,
    limit: number,
    before?: { at: Date; _id: ObjectId },
  ): Promise<AuditEntity[]> {
    return this.entries.find(filter, limit, before);
  }
}
