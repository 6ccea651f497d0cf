import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { PlatformBus, type Topic } from '../../platform/bus/platform-bus.js';
import { hexId, ObjectId } from '../../platform/database/object-id.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { type OperationEntity, OperationsRepository } from '../assignments/index.js';

/** An operation was begun or stopped. A hint: what became of it stands in the database. */
export const OPERATION_CHANGED: Topic<{ operation: string }> = {
  name: 'operation-changed',
  schema: z.object({ operation: hexId }),
};

const EVERY_MS = 1000;
/** A change is stamped when it is written and seen when it is committed: changes may appear this late, and out of order. */
const OVERLAP_MS = 10_000;
const REMEMBERED = 20_000;

/**
 * What other servers have begun and stopped, for the probes that are here. They say so on the bus, at once; and each second the
 * database is asked, so that nothing depends on the bus. Each change is handled once, whichever way it came.
 */
@Injectable()
export class OperationChanges implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('changes');
  /** for as long as they may be seen: on a quiet platform that is until the next change, whenever it comes */
  private readonly handled = new LRUCache<string, true>({ max: REMEMBERED });
  private handle: (operation: OperationEntity) => Promise<void> = () => Promise.resolve();
  /** the newest change that was seen, by the database's clock */
  private seenUntil: Date | undefined;
  private readonly looks = new PeriodicTask(() => this.readNew(), {
    logger: this.logger,
    failed: 'could not read what other servers have changed; the next look will',
  });

  constructor(
    private readonly operations: OperationsRepository,
    private readonly bus: PlatformBus,
  ) {}

  /** @param listener rejects when it could not do its work: it is asked again */
  onChange(listener: (operation: OperationEntity) => Promise<void>): void {
    this.handle = listener;
  }

  onApplicationBootstrap(): void {
    this.bus.listen(OPERATION_CHANGED, ({ operation }) => {
      this.hear(new ObjectId(operation));
    });
    this.looks.every(EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.looks.stop();
  }

  /** This server has begun or stopped it, and sees to its own probes by itself. */
  announce(operation: OperationEntity): void {
    this.handled.set(keyOf(operation), true);
    this.bus.send(OPERATION_CHANGED, { operation: operation._id.toHexString() });
  }

  private hear(id: ObjectId): void {
    this.operations
      .findById(id)
      .then((operation) => {
        if (operation !== null) this.take(operation);
      })
      .catch((error: unknown) => {
        this.logger.warn(
          { err: error },
          'could not read what another server has changed; looking again soon',
        );
      });
  }

  /** One look; what is done each second. Never rejects. */
  look(): Promise<void> {
    return this.looks.run();
  }

  private async readNew(): Promise<void> {
    this.seenUntil ??= (await this.operations.lastChange()) ?? new Date(0);
    const since = new Date(this.seenUntil.getTime() - OVERLAP_MS);
    for (const { _id, revision, changed_at } of await this.operations.findChangedSince(since)) {
      if (changed_at !== undefined && changed_at > this.seenUntil) this.seenUntil = changed_at;
      if (this.handled.has(keyOf({ _id, revision }))) continue;
      const operation = await this.operations.findById(_id);
      if (operation !== null) this.take(operation);
    }
  }

  private take(operation: OperationEntity): void {
    const key = keyOf(operation);
    if (this.handled.has(key)) return;
    // at once: a probe may take its time to answer, and the change is seen again meanwhile
    this.handled.set(key, true);
    this.handle(operation).catch((error: unknown) => {
      this.handled.delete(key);
      this.logger.error(
        { err: error, operation_id: String(operation._id) },
        'delivery failed; it is tried again',
      );
    });
  }
}

/** Stopping an operation raises its revision. */
function keyOf({ _id, revision }: Pick<OperationEntity, '_id' | 'revision'>): string {
  return `${_id.toHexString()}.${revision}`;
}
