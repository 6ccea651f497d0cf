import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { isDatabaseAway, isDuplicateKey } from '../../platform/errors/database-errors.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type Transaction, TransactionsService } from '../../platform/database/transactions.service.js';
import { LedgerService, type Payment } from '../ledger/index.js';
import { AssignmentsRepository, type Place, RunAccounts, type Verdict } from '../assignments/index.js';
import { ReleasesService } from '../quotas/index.js';
import { type RunMark, RunSheetsRepository } from '../runs/index.js';
import { type ResultEntity } from './result.schema.js';
import { StoredResultsRepository, type RunKey } from './stored-results.repository.js';

/** One transaction takes this much at most: the server writes it as one journaled entry of under 16 MB. */
const MAX_BATCH_RESULTS = 500;
const MAX_BATCH_BYTES = 12 * 1024 * 1024;
/** Runs remembered as stored, so that a repeated one costs no look-up. */
const REMEMBERED_RUNS = 50_000;
export const CREDITS_PER_RESULT = 10;

export interface Submission {
  result: ResultEntity;
  /** earns the result */
  probeOwner: ObjectId;
  /** of its content, and what it takes besides */
  bytes: number;
  place: Place;
}

export type Written = 'stored' | 'duplicate' | 'assignment_gone' | 'too_much_extra';

interface Waiting extends Submission {
  key: string;
  settle: (written: Written) => void;
  fail: (error: unknown) => void;
}

interface Judged {
  item: Waiting;
  verdict: Verdict;
}

/**
 * Group commit: what arrives while one batch is being written is the next batch. A batch is one transaction, majority and
 * journaled: results, assignment counters, run sheets, ledger and balances change together or not at all, so there is nothing to repair
 * after a crash. One batch at a time: batches would only wait for each other's locks.
 */
@Injectable()
export class BatchWriter {
  private readonly logger = new Logger('ingest');
  private readonly remembered = new LRUCache<string, true>({ max: REMEMBERED_RUNS });
  private readonly queue: Waiting[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly results: StoredResultsRepository,
    private readonly assignments: AssignmentsRepository,
    private readonly sheets: RunSheetsRepository,
    private readonly ledger: LedgerService,
    private readonly transactions: TransactionsService,
    private readonly releases: ReleasesService,
    private readonly clock: PlatformClock,
  ) {}

  /** @returns when the result is durable, was so before, or can never be */
  async write(submission: Submission): Promise<Written> {
    const key = keyOf(submission.result);
    if (this.remembered.has(key)) return 'duplicate';
    return new Promise<Written>((settle, fail) => {
      this.queue.push({ ...submission, key, settle, fail });
      this.running ??= this.drain().finally(() => {
        this.running = undefined;
      });
    });
  }

  /** Forgets what is stored; for a database that was emptied. */
  forget(): void {
    this.remembered.clear();
  }

  private async drain(): Promise<void> {
    // let everything that has arrived in this turn of the loop into the first batch
    await new Promise(setImmediate);
    while (this.queue.length > 0) {
      await this.commitOrFail(this.nextBatch());
    }
  }

  private async commitOrFail(batch: Waiting[]): Promise<void> {
    try {
      await this.commit(batch);
    } catch (error) {
      if (batch.length > 1 && !isDatabaseAway(error)) {
        // one of them cannot be written: it must not take the others with it
        const half = Math.ceil(batch.length / 2);
        await this.commitOrFail(batch.slice(0, half));
        await this.commitOrFail(batch.slice(half));
        return;
      }
      this.logger.error(
        { err: error, results: batch.length },
        'results were not written; their probes keep them',
      );
      for (const { fail } of batch) fail(error);
    }
  }

  private nextBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { bytes: more } of this.queue) {
      if (count > 0 && (count === MAX_BATCH_RESULTS || bytes + more > MAX_BATCH_BYTES)) break;
      bytes += more;
      count += 1;
    }
    return this.queue.splice(0, count);
  }

  private async commit(batch: Waiting[]): Promise<void> {
    const first = settleRepeated(batch);
    try {
      await this.commitNew(first);
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      // some were stored before this process remembers, or by another server: only now it is worth a look-up
      const stored = await this.findDurable(first);
      const fresh = first.filter(({ key }) => !stored.has(key));
      for (const { key, settle } of first.filter((item) => stored.has(item.key))) {
        this.remembered.set(key, true);
        settle('duplicate');
      }
      await this.commitNew(fresh);
    }
  }

  /**
   * In a transaction, whose commit waits until what it has read is durable. Another server's result is seen a moment before
   * that: if the database died then, `duplicate` would have made the probe delete the only copy.
   */
  private async findDurable(batch: readonly Waiting[]): Promise<ReadonlySet<string>> {
    const keys = batch.map(({ result }) => result);
    const found = await this.transactions.run((transaction) => this.results.findStored(keys, transaction));
    return new Set(found.map(keyOf));
  }

  private async commitNew(batch: Waiting[]): Promise<void> {
    if (batch.length === 0) return;
    const reference = `results:${new ObjectId().toHexString()}`;
    const written = await this.transactions.run((transaction) =>
      this.writeAll(batch, reference, transaction),
    );
    if (written === undefined) {
      await this.commitWithoutOrphans(batch);
      return;
    }
    for (const { item, written: outcome } of written) {
      if (outcome !== 'too_much_extra') this.remembered.set(item.key, true);
      item.settle(outcome);
      // of a single run there is nothing to mark
      if (item.place.mark === undefined) this.releases.suspect(item.result.operation);
    }
  }

  /** @returns what became of each; undefined, and nothing is written, when an assignment is not there any more */
  private async writeAll(
    batch: Waiting[],
    reference: string,
    transaction: Transaction,
  ): Promise<{ item: Waiting; written: Written }[] | undefined> {
    const results = batch.map(({ result }) => result);
    const accounts = new RunAccounts(await this.assignments.findStandings(results, transaction));
    const now = this.clock.now();
    const judged = judge(batch, accounts, now.getTime());
    if (judged === undefined) {
      await transaction.abortTransaction();
      return undefined;
    }
    const kept = judged.filter(({ verdict }) => verdict !== 'too_much_extra');
    await this.assignments.count(accounts.changes, now, transaction);
    await this.sheets.mark(marksOf(kept), transaction);
    const references = await this.ledger.payResults(earningsOf(kept), reference, transaction);
    for (const { item, verdict } of kept) noteVerdict(item, verdict, references);
    if (kept.length > 0) {
      await this.results.insertAll(
        kept.map(({ item }) => item.result),
        transaction,
      );
    }
    const known = await this.storedAmong(judged, transaction);
    return judged.map(({ item, verdict }) => {
      if (verdict !== 'too_much_extra') return { item, written: 'stored' };
      return { item, written: known.has(item.key) ? 'duplicate' : verdict };
    });
  }

  /** Of those for which there is no room some may have been stored while there was. */
  private async storedAmong(
    judged: readonly Judged[],
    transaction: Transaction,
  ): Promise<ReadonlySet<string>> {
    const refused = judged.filter(({ verdict }) => verdict === 'too_much_extra');
    const keys = refused.map(({ item }) => item.result);
    return new Set((await this.results.findStored(keys, transaction)).map(keyOf));
  }

  /** The database was emptied under us: what has lost its assignment can never be stored. */
  private async commitWithoutOrphans(batch: Waiting[]): Promise<void> {
    const kept: Waiting[] = [];
    for (const item of batch) {
      const { operation, probe } = item.result;
      if ((await this.assignments.findOne(operation, probe)) === null) item.settle('assignment_gone');
      else kept.push(item);
    }
    if (kept.length === batch.length) throw new Error('An assignment is there and cannot be counted');
    await this.commitNew(kept);
  }
}

function keyOf({ operation, probe, unique_code }: RunKey): string {
  return `${operation.toHexString()}${probe.toHexString()}${unique_code}`;
}

/** The same run twice in one batch: the later ones are told what the first one is told. @returns the first ones */
function settleRepeated(batch: Waiting[]): Waiting[] {
  const first = new Map<string, Waiting>();
  for (const item of batch) {
    const earlier = first.get(item.key);
    if (earlier === undefined) {
      first.set(item.key, item);
      continue;
    }
    const { settle, fail } = earlier;
    earlier.settle = (written) => {
      settle(written);
      item.settle(written === 'stored' ? 'duplicate' : written);
    };
    earlier.fail = (error) => {
      fail(error);
      item.fail(error);
    };
  }
  return [...first.values()];
}

/** @returns undefined when an assignment is not there */
function judge(batch: readonly Waiting[], accounts: RunAccounts, now: number): Judged[] | undefined {
  const judged: Judged[] = [];
  for (const item of batch) {
    const { result, bytes, place } = item;
    const report = { claim: place.claim, outcome: result.outcome, reason: result.failure?.reason, bytes };
    const verdict = accounts.of(result)?.enter(report, now);
    if (verdict === undefined) return undefined;
    judged.push({ item, verdict });
  }
  return judged;
}

/** The transaction may run more than once, and what it found the first time need not hold. */
function noteVerdict(
  { result, probeOwner, place: { claim } }: Waiting,
  verdict: Verdict,
  references: ReadonlyMap<string, string>,
): void {
  delete result.paid_by;
  delete result.uncounted;
  delete result.early;
  const paidBy = references.get(probeOwner.toHexString());
  if (verdict !== 'counted') result.uncounted = true;
  else if (result.outcome === 'stored' && paidBy !== undefined) result.paid_by = paidBy;
  if (verdict === 'early' && claim.type === 'named') {
    result.early = { run: claim.run, due_at: new Date(claim.dueAt) };
  }
}

/** Of a run that is named its result is known, whether or not it counts; one that names none is a run only where it counts. */
function marksOf(kept: readonly Judged[]): RunMark[] {
  return kept.flatMap(({ verdict, item: { result, place } }) => {
    const { operation, probe, failure } = result;
    const isRun = place.claim.type === 'named' || verdict === 'counted';
    if (!isRun || place.mark === undefined) return [];
    return [{ operation, probe, run: place.mark, failure: failure?.reason }];
  });
}

function earningsOf(kept: readonly Judged[]): Payment[] {
  const counted = kept.filter(
    ({ verdict, item }) => verdict === 'counted' && item.result.outcome === 'stored',
  );
  return paymentsFor(counted.map(({ item }) => item.probeOwner));
}

/** @param owners of the probes that brought results which count, each as often as it is to be paid */
export function paymentsFor(owners: readonly ObjectId[]): Payment[] {
  const payments = new Map<string, Payment>();
  for (const owner of owners) {
    const key = owner.toHexString();
    const payment = payments.get(key) ?? { user: owner, amount: 0 };
    payment.amount += CREDITS_PER_RESULT;
    payments.set(key, payment);
  }
  return [...payments.values()];
}
