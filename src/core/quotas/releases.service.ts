import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type Transaction, TransactionsService } from '../../platform/database/transactions.service.js';
import { type AssignmentEntity, AssignmentsRepository, type OperationEntity } from '../assignments/index.js';
import { type HoldEntity } from './hold.schema.js';
import { HoldsRepository } from './holds.repository.js';
import { MetersRepository } from './meters.repository.js';
import { stripesOf } from './stripes.js';
import { differenceOf } from './sums.js';
import { completed, type Ending, reduced, released } from './release.js';

/** What has come in this time is looked at together. */
const GATHER_MS = 200;
/** Operations, or holds, in one transaction: each may have a thousand targets. */
const MOST_AT_ONCE = 50;
const PAGE = 1_000;

/** Gives back what operations use of the quotas: when they are stopped, and when single runs are over before their time. */
@Injectable()
export class ReleasesService implements OnApplicationShutdown {
  private readonly logger = new Logger('quotas');
  private suspects = new Map<string, ObjectId>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly holds: HoldsRepository,
    private readonly meters: MetersRepository,
    private readonly assignments: AssignmentsRepository,
    private readonly transactions: TransactionsService,
    private readonly clock: PlatformClock,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    // what was not looked at yet is looked at by the next start
    clearTimeout(this.timer);
    await this.looking;
  }

  /** In the transaction that ends an operation. */
  async release(operations: readonly ObjectId[], ending: Ending, transaction: Transaction): Promise<void> {
    const holds = await this.holds.findOfOperations(operations, transaction);
    await this.replace(
      holds,
      holds.map((hold) => released(hold, ending)),
      transaction,
    );
  }

  /** In the transaction that takes some probes away from a running operation. @param taken its assignments that were live */
  async reduce(
    operation: OperationEntity,
    taken: readonly AssignmentEntity[],
    at: Date,
    transaction: Transaction,
  ): Promise<void> {
    const holds = await this.holds.findOfOperations([operation._id], transaction);
    await this.replace(
      holds,
      holds.map((hold) => reduced(hold, operation, taken, at)),
      transaction,
    );
  }

  /** What a transaction that releases them names, to be done in turn with others (TransactionsService). */
  async serialisedBy(operations: readonly ObjectId[]): Promise<string[]> {
    return stripesOf((await this.holds.findOfOperations(operations)).flatMap(({ meters }) => meters));
  }

  /**
   * A probe has answered for an operation that may be a single run: soon it is looked up whether all have. A hint only, what
   * is lost with this process is found by lookAtAll().
   */
  scheduleCompletionCheck(operation: ObjectId): void {
    this.suspects.set(operation.toHexString(), operation);
    this.timer ??= setTimeout(() => {
      this.startLooking();
    }, GATHER_MS).unref();
  }

  /** @returns how many holds were over, and are removed */
  async removeOver(now: Date, signal: AbortSignal): Promise<number> {
    let removed = 0;
    for (let page = MOST_AT_ONCE; page === MOST_AT_ONCE && !signal.aborted;) {
      const over = await this.holds.findOver(now, MOST_AT_ONCE);
      page = over.length;
      const work = (transaction: Transaction) => this.remove(over, transaction);
      if (page > 0) await this.transactions.run(work, ...stripesOf(over.flatMap(({ meters }) => meters)));
      removed += page;
    }
    return removed;
  }

  /** Every single run that counts as running: is it? */
  async lookAtAll(signal: AbortSignal): Promise<void> {
    let after: ObjectId | undefined;
    do {
      const singles = await this.holds.findSingles({ after }, PAGE);
      await this.releaseCompleted(singles);
      after = singles.length === PAGE ? singles.at(-1) : undefined;
    } while (after !== undefined && !signal.aborted);
  }

  private startLooking(): void {
    this.timer = undefined;
    const suspects = [...this.suspects.values()];
    this.suspects = new Map();
    if (suspects.length === 0) return;
    this.looking = this.looking
      .then(() => this.look(suspects))
      .catch((error: unknown) => {
        this.logger.warn(
          { err: error },
          'could not look whether single runs are over; they are looked at again',
        );
      });
  }

  private async look(suspects: readonly ObjectId[]): Promise<void> {
    for (let begin = 0; begin < suspects.length; begin += PAGE) {
      const among = suspects.slice(begin, begin + PAGE);
      await this.releaseCompleted(await this.holds.findSingles({ among }, PAGE));
    }
  }

  private async releaseCompleted(singles: readonly ObjectId[]): Promise<void> {
    if (singles.length === 0) return;
    const live = new Set((await this.assignments.findLiveAmong(singles)).map(String));
    const over = singles.filter((operation) => !live.has(String(operation)));
    for (let begin = 0; begin < over.length; begin += MOST_AT_ONCE) {
      const some = over.slice(begin, begin + MOST_AT_ONCE);
      const work = (transaction: Transaction) => this.release(some, completed(this.clock.now()), transaction);
      await this.transactions.run(work, ...(await this.serialisedBy(some)));
    }
  }

  private async remove(over: readonly HoldEntity[], transaction: Transaction): Promise<void> {
    // as they are now: a stop may have come between
    const holds = await this.holds.findByIds(
      over.map(({ _id }) => _id),
      transaction,
    );
    await this.replace(
      holds,
      holds.map((hold) => ({ ...hold, amounts: {} })),
      transaction,
    );
  }

  private async replace(
    before: readonly HoldEntity[],
    after: readonly HoldEntity[],
    transaction: Transaction,
  ): Promise<void> {
    const changed = after.filter((hold, n) => hold !== before[n]);
    const kept = before.filter((hold, n) => hold !== after[n]);
    const changes = differenceOf(kept, changed);
    await this.meters.change(changes, transaction);
    await this.meters.removeEmpty(
      changes.flatMap(({ meters }) => meters),
      transaction,
    );
    await this.holds.change(changed, transaction);
  }
}
