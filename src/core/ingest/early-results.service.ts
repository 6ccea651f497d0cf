import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { LeasesService } from '../../platform/periodic/leases/leases.service.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type Transaction, TransactionsService } from '../../platform/database/transactions.service.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { LedgerService } from '../ledger/index.js';
import {
  assignmentName,
  RunAccountsRepository,
  type RunAccount,
  RunAccounts,
  type Verdict,
} from '../assignments/index.js';
import { paymentsFor } from './effects.js';
import { type LatePayment, ResultFeed } from './result-feed.js';
import { type EarlyResult, StoredResultsRepository } from './stored-results.repository.js';

const EVERY_MS = 1_000;
/** So long nobody looks when nothing is due by then; a result of this server that comes early ends that. */
const QUIET_MS = 10_000;
/** Another server takes over when the one that settles was not heard of for so long. */
const LEASE_MS = 15_000;
/** Results in one transaction. */
const MOST_AT_ONCE = 200;

interface Settling {
  result: EarlyResult;
  account: RunAccount;
  verdict: Verdict;
}

/**
 * Results that came before their runs were due: from then on they count and are paid, unless the operation was stopped before. One
 * server's work. Each is settled in one transaction with its effects, so it is never twice and never lost.
 */
@Injectable()
export class EarlyResultsService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('early-results');
  private readonly task = new PeriodicTask(() => this.look(), {
    logger: this.logger,
    failed: 'early results were not settled; the next look settles them',
  });

  /** by `performance.now()` */
  private quietUntil = 0;
  /** results of this server that came early */
  private came = 0;

  constructor(
    private readonly results: StoredResultsRepository,
    private readonly accounts: RunAccountsRepository,
    private readonly ledger: LedgerService,
    private readonly transactions: TransactionsService,
    private readonly leases: LeasesService,
    private readonly feed: ResultFeed,
    private readonly clock: PlatformClock,
  ) {}

  onApplicationBootstrap(): void {
    this.feed.results.subscribe(({ result }) => {
      if (result.early === undefined) return;
      this.came += 1;
      this.quietUntil = 0;
    });
    this.task.every(EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** Settles all that is due. @returns how many results that was */
  async settleDue(now: Date, signal?: AbortSignal): Promise<number> {
    let settled = 0;
    for (let page = MOST_AT_ONCE; page === MOST_AT_ONCE && signal?.aborted !== true;) {
      const due = await this.results.findEarly(now, MOST_AT_ONCE);
      page = due.length;
      if (page > 0) await this.settle(due, now);
      settled += page;
    }
    return settled;
  }

  private async look(): Promise<void> {
    if (performance.now() < this.quietUntil) return;
    const [began, came] = [performance.now(), this.came];
    const due = (await this.results.earliestDue())?.getTime() ?? Infinity;
    const now = this.clock.now().getTime();
    if (due > now + QUIET_MS && came === this.came) this.quietUntil = began + QUIET_MS;
    // the lease is a write: only where there is something to do
    if (due > now) return;
    await this.leases.runLeased('early-results', LEASE_MS, (signal) =>
      this.settleDue(this.clock.now(), signal),
    );
  }

  private async settle(ids: readonly ObjectId[], now: Date): Promise<void> {
    const reference = `results:${new ObjectId().toHexString()}`;
    const paid = await this.transactions.run((transaction) =>
      this.settleAll(ids, reference, now, transaction),
    );
    for (const payment of paid) this.feed.paidLate(payment);
  }

  private async settleAll(
    ids: readonly ObjectId[],
    reference: string,
    now: Date,
    transaction: Transaction,
  ): Promise<LatePayment[]> {
    const early = await this.results.findStillEarly(ids, transaction);
    if (early.length === 0) return [];
    const accounts = new RunAccounts(await this.accounts.findStandings(early, transaction));
    const settling = early.flatMap((result): Settling[] => {
      const account = accounts.of(assignmentName(result));
      if (account === undefined) return [];
      return [{ result, account, verdict: account.settle(reportOf(result), now.getTime()) }];
    });
    await this.accounts.count(accounts.changes, now, transaction);
    const paid = settling.filter(
      ({ verdict, result }) => verdict === 'counted' && result.outcome === 'stored',
    );
    const payments = paymentsFor(paid.map(({ account }) => account.probeOwner));
    const references = await this.ledger.payResults(payments, reference, transaction);
    await this.results.settle(
      settling.map((each) => {
        const paidBy = paid.includes(each)
          ? references.get(each.account.probeOwner.toHexString())
          : undefined;
        return { id: each.result._id, isCounted: each.verdict === 'counted', paidBy };
      }),
      transaction,
    );
    return paid.map(({ result, account }) => ({
      operation: result.operation,
      probeOwner: account.probeOwner,
    }));
  }
}

function reportOf({ outcome, early: { run, due_at } }: EarlyResult) {
  return { claim: { type: 'named' as const, run, dueAt: due_at.getTime() }, outcome, bytes: 0 };
}
