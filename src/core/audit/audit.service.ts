import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ObjectId } from '../../platform/database/object-id.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { type AuditEntity } from './audit.schema.js';
import { type AuditFilter, AuditRepository } from './audit.repository.js';

/** Longer than any request takes. */
const UNFINISHED_AFTER_MS = 600_000;
const EVERY_MS = 60_000;
const AT_ONCE = 1_000;

/** What is written of a thing that is done. */
export type Done = Omit<AuditEntity, '_id' | 'at' | 'unfinished'>;

/**
 * What superusers did: entries are added, and read; there is nothing else. What they are about to do is noted before, so that a
 * server that ends in the middle leaves an entry too.
 */
@Injectable()
export class AuditService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('audit');
  private readonly task = new PeriodicTask(() => this.enterUnfinished(), {
    logger: this.logger,
    failed: 'unfinished entries of the audit could not be read; the next round does',
  });

  constructor(private readonly entries: AuditRepository) {}

  onApplicationBootstrap(): void {
    this.task.begin();
    this.task.every(EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** Notes what is about to be done. @returns for `append` when it is done, for `forget` when it was refused */
  async begin(entry: Done): Promise<ObjectId> {
    const _id = new ObjectId();
    await this.entries.begin({ _id, at: new Date(), ...entry });
    return _id;
  }

  /** It was not done after all. */
  async forget(begun: ObjectId): Promise<void> {
    await this.entries.forgetBegun(begun);
  }

  /** @param begun what `begin` gave, where it was called */
  async append(entry: Done, begun?: ObjectId): Promise<void> {
    await this.entries.insert({ _id: begun ?? new ObjectId(), at: new Date(), ...entry });
    if (begun) await this.entries.forgetBegun(begun);
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

  /** Enters what servers have left in the middle. May be done by several at once. */
  async enterUnfinished(now = new Date()): Promise<void> {
    const before = new Date(now.getTime() - UNFINISHED_AFTER_MS);
    for (const entry of await this.entries.findBegun(before, AT_ONCE)) {
      await this.entries.insert({ ...entry, unfinished: true });
      await this.entries.forgetBegun(entry._id);
      this.logger.warn(
        { target: entry.target, request_id: entry.request_id },
        `${entry.action}: the server ended in the middle; look whether it was done`,
      );
    }
  }
}
