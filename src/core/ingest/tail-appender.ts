import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Subject } from 'rxjs';
import { setTimeout as rest } from 'node:timers/promises';
import { GroupCommit } from '../../platform/batching/group-commit.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { TransactionsService } from '../../platform/database/transactions.service.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { type FreshResult, RecentResults } from './recent-results.js';
import { TailLogRepository } from './tail-log.repository.js';
import { type Announced, ID_BYTES } from './tail-log.schema.js';

/** Batches in one transaction: their ids are 600 KB at most. */
const MOST_BATCHES = 100;
/** What is stored in this time is appended together, so that appending costs little under load. */
const REST_MS = 500;
/** What is still in the outbox at the second look was left behind by a server that died. */
const LOOK_MS = 5_000;
const MOST_AT_A_LOOK = 1000;

/** A batch of this server, and its results in the order of their ids where they are at hand. */
interface Noted extends Announced {
  fresh: readonly FreshResult[] | undefined;
}

/**
 * Puts what has become durable into the order of the results tail (docs/adr/0020). Each server appends what it has stored, right
 * after the acknowledgement; what a killed server has left in the outbox is appended by any other.
 */
@Injectable()
export class TailAppender implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('tail');
  private readonly batches = new GroupCommit<Noted, undefined>((batches) => this.appendOrLeave(batches), {
    most: MOST_BATCHES,
  });
  private readonly looks = new PeriodicTask(() => this.look(), {
    logger: this.logger,
    failed: 'could not look for results that the tail lacks; the next look will',
  });
  private seen: ReadonlySet<string> = new Set();
  private readonly subject = new Subject<number>();
  /** the number of the last result, each time that this server has appended some */
  readonly heads = this.subject.asObservable();

  constructor(
    private readonly log: TailLogRepository,
    private readonly recent: RecentResults,
    private readonly transactions: TransactionsService,
    private readonly clock: PlatformClock,
  ) {}

  onApplicationBootstrap(): void {
    this.looks.begin();
    this.looks.every(LOOK_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.looks.stop();
    await this.batches.idle();
  }

  /** A batch of this server is durable. @param fresh its results, which readers of this server need not read back then */
  noteStored(batch: Announced, fresh?: readonly FreshResult[]): void {
    void this.batches.add({ ...batch, fresh });
  }

  /** When all that was noted is in the log, or left to a look. */
  async idle(): Promise<void> {
    await this.batches.idle();
  }

  /** Appends what was in the outbox at the look before this one. */
  async look(): Promise<void> {
    const announced = await this.log.findAnnounced(MOST_AT_A_LOOK);
    const left = announced.filter((reference) => this.seen.has(reference));
    this.seen = new Set(announced);
    for (let from = 0; from < left.length; from += MOST_BATCHES)
      await this.appendLeft(left.slice(from, from + MOST_BATCHES));
  }

  private async appendOrLeave(batches: readonly Noted[]): Promise<undefined[]> {
    try {
      const end = await this.transactions.run((transaction) =>
        this.log.append(batches, this.clock.now(), transaction),
      );
      // another server took one of them for left behind: a look appends the others
      if (end !== undefined) {
        this.recent.add(end._id, end.epoch, batches.flatMap(freshOf));
        this.subject.next(end._id);
      }
    } catch (error) {
      const count = batches.length;
      this.logger.warn(
        { err: error, batches: count },
        'results are not in the tail yet; a look appends them',
      );
    }
    await rest(REST_MS);
    return batches.map(() => undefined);
  }

  private async appendLeft(references: readonly string[]): Promise<void> {
    const end = await this.transactions.run(async (transaction) => {
      const batches = await this.log.findBatches(references, transaction);
      return batches.length > 0 ? this.log.append(batches, this.clock.now(), transaction) : undefined;
    });
    if (end !== undefined) this.subject.next(end._id);
  }
}

function freshOf({ fresh, results }: Noted): readonly (FreshResult | undefined)[] {
  return fresh ?? Array.from({ length: results.length / ID_BYTES }, () => undefined);
}
