import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Subject } from 'rxjs';
import { setTimeout as rest } from 'node:timers/promises';
import { GroupCommit } from '../../platform/batching/group-commit.js';
import { inParts } from '../../platform/batching/in-parts.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type Transaction, TransactionsService } from '../../platform/database/transactions.service.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { type FreshResult, RecentResults } from './recent-results.js';
import { type ResultKey, StoredResultsRepository } from './stored-results.repository.js';
import { type TailEnd, TailLogRepository } from './tail-log.repository.js';
import { type Announced, ID_BYTES, packIds } from './tail-log.schema.js';

/** Batches in one transaction: their ids are 3 MB at most, and no server stores as many in the time between two appends. */
const MOST_BATCHES = 500;
/** Results in one transaction that say themselves that the log lacks them. */
const MOST_UNNUMBERED = 200;
/** What is stored in this time is appended together, so that appending costs little under load. */
const REST_MS = 500;
/** What is still in the outbox at the second look was left behind by a server that died. */
const LOOK_MS = 5_000;
const MOST_AT_A_LOOK = 1000;

/** A batch of this server that is durable. */
type Noted = AnnouncedBatch | UnnumberedBatch;

/** The outbox says that the log lacks it. */
interface AnnouncedBatch extends Announced {
  /** its results in the order of their ids; undefined: they are not at hand */
  fresh: readonly FreshResult[] | undefined;
}

/** Its results say so themselves. */
interface UnnumberedBatch {
  fresh: readonly FreshResult[];
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
    private readonly results: StoredResultsRepository,
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

  /** The same of one that is not in the outbox: its results say that the log lacks them. */
  noteUnnumbered(fresh: readonly FreshResult[]): void {
    void this.batches.add({ fresh });
  }

  /** When all that was noted is in the log, or left to a look. */
  async idle(): Promise<void> {
    await this.batches.idle();
  }

  /** Appends what was there at the look before this one. */
  async look(): Promise<void> {
    const announced = await this.log.findAnnounced(MOST_AT_A_LOOK);
    const unnumbered = await this.results.findUnnumbered(MOST_AT_A_LOOK);
    const batches = announced.filter((reference) => this.seen.has(reference));
    const results = unnumbered.filter(({ _id }) => this.seen.has(_id.toHexString()));
    this.seen = new Set([...announced, ...unnumbered.map(({ _id }) => _id.toHexString())]);
    for (const part of inParts(batches, () => 1, { items: MOST_BATCHES })) await this.appendBatches(part);
    for (const part of inParts(results, () => 1, { items: MOST_UNNUMBERED })) await this.appendResults(part);
  }

  private async appendOrLeave(batches: readonly Noted[]): Promise<undefined[]> {
    try {
      const end = await this.transactions.run((transaction) => this.append(batches, transaction));
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

  /** @returns the end of the log; undefined, and nothing is changed, when the log has one of them already */
  private async append(batches: readonly Noted[], transaction: Transaction): Promise<TailEnd | undefined> {
    const references = batches.flatMap((batch) => ('_id' in batch ? batch._id : []));
    const unnumbered = batches.flatMap((batch) => ('_id' in batch ? [] : batch.fresh));
    const keys = unnumbered.map(({ result }) => result);
    const isLacked =
      (await this.log.takeOut(references, transaction)) && (await this.results.number(keys, transaction));
    if (isLacked) return this.log.append(Buffer.concat(batches.map(idsOf)), this.clock.now(), transaction);
    await transaction.abortTransaction();
    return undefined;
  }

  /** What a killed server left in the outbox. */
  private async appendBatches(references: readonly string[]): Promise<void> {
    await this.appendLeft(async (transaction) => {
      const batches = await this.log.findBatches(references, transaction);
      await this.log.takeOut(
        batches.map(({ _id }) => _id),
        transaction,
      );
      return Buffer.concat(batches.map(({ results }) => results));
    });
  }

  /** Results that a killed server left without numbers. */
  private async appendResults(results: readonly ResultKey[]): Promise<void> {
    await this.appendLeft(async (transaction) => {
      const left = await this.results.findUnnumbered(results.length, results, transaction);
      await this.results.number(left, transaction);
      return packIds(left.map(({ _id }) => _id));
    });
  }

  /** @param take takes out what this transaction finds still there: who takes it too begins anew. @returns its ids */
  private async appendLeft(take: (transaction: Transaction) => Promise<Buffer>): Promise<void> {
    const end = await this.transactions.run(async (transaction) =>
      this.log.append(await take(transaction), this.clock.now(), transaction),
    );
    if (end !== undefined) this.subject.next(end._id);
  }
}

function idsOf(batch: Noted): Buffer {
  return '_id' in batch ? batch.results : packIds(batch.fresh.map(({ result }) => result._id));
}

function freshOf(batch: Noted): readonly (FreshResult | undefined)[] {
  if (batch.fresh !== undefined) return batch.fresh;
  return Array.from({ length: idsOf(batch).length / ID_BYTES }, () => undefined);
}
