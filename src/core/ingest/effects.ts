import { Injectable } from '@nestjs/common';
import { IdTexts } from '../../platform/database/id-texts.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { AscendingTimes } from '../../platform/clock/ascending-times.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import {
  RememberedStandings,
  RunAccountsRepository,
  RunAccounts,
  type RunPosition,
  type Standing,
  type Verdict,
} from '../assignments/index.js';
import { DeletedRuns } from './deleted-runs.js';
import { LedgerService, type Payment } from '../ledger/index.js';
import { type RunMark, RunSheetsRepository } from '../runs/index.js';
import { type ResultEntity } from './result.schema.js';
import { runNameOf, StoredResultsRepository } from './stored-results.repository.js';
import { TailLogRepository } from './tail-log.repository.js';
import { announced } from './tail-log.schema.js';

export const CREDITS_PER_RESULT = 10;

/** So many results say themselves that the tail lacks them: of more, one document of the outbox costs less. */
const FEW_RESULTS = 4;
/** What is larger is not written once more for that. */
const FEW_BYTES = 64 * 1024;

/** A result that is to become durable. */
export interface Submission {
  result: ResultEntity;
  /** names its assignment */
  assignment: string;
  /** names its run: runNameOf(result), which is asked for often */
  run: string;
  /** earns the result */
  probeOwner: ObjectId;
  /** of its content, and what it takes besides */
  bytes: number;
  position: RunPosition;
}

interface Judged {
  item: Submission;
  verdict: Verdict;
}

/** A batch as its accounts let it be. */
interface Weighed {
  accounts: RunAccounts;
  /** of runs that were stored and deleted since */
  deleted: ReadonlySet<Submission>;
  /** the others; undefined: an assignment is not there */
  judged: Judged[] | undefined;
}

/** What a batch has written. */
export interface Applied {
  /** of each of its results, in order */
  outcomes: ('stored' | 'duplicate' | 'too_much_extra')[];
  /** what says that the tail lacks those that are stored: the outbox by the reference of the batch, or each of them */
  announcedBy: 'outbox' | 'results';
  /** to be called when it is durable */
  noteDurable: () => void;
}

/** An account says something else than what this server wrote to it last: what was written by that must not be committed. */
export class StandingsChangedError extends Error {
  override readonly name = 'StandingsChangedError';
}

/**
 * What one batch of results changes, in one transaction: counters of assignments, run sheets, ledger, results, and their names for the
 * tail. The list is fixed; everything else follows from what is durable (docs/adr/0002, 0020).
 */
@Injectable()
export class BatchEffects {
  /** of batches: listings go by them, and what became durable later must not come before what was read */
  private readonly times = new AscendingTimes();
  private readonly standings = new RememberedStandings();

  constructor(
    private readonly accounts: RunAccountsRepository,
    private readonly sheets: RunSheetsRepository,
    private readonly ledger: LedgerService,
    private readonly results: StoredResultsRepository,
    private readonly tail: TailLogRepository,
    private readonly deleted: DeletedRuns,
    private readonly clock: PlatformClock,
  ) {}

  /**
   * @param batch of different runs
   * @param reference of its ledger entries, and in the outbox of the tail where it stands there
   * @returns undefined, and nothing is written, when an assignment is not there any more
   * @throws StandingsChangedError: it is to be done again in another transaction
   */
  async apply(
    batch: readonly Submission[],
    reference: string,
    transaction: Transaction,
  ): Promise<Applied | undefined> {
    const assignments = new Map(batch.map(({ assignment, result }) => [assignment, result]));
    const now = this.clock.now();
    const remembered = await this.weighRemembered(batch, assignments, now, transaction);
    const standings =
      remembered?.standings ?? (await this.accounts.findStandings(assignments.values(), transaction));
    const { accounts, deleted, judged } =
      remembered?.weighed ?? (await this.weigh(batch, standings, now, transaction));
    if (judged === undefined) {
      await transaction.abortTransaction();
      return undefined;
    }
    const kept = judged.filter(({ verdict }) => verdict !== 'too_much_extra');
    const { changes } = accounts;
    if (remembered === undefined) await this.accounts.count(changes, now, transaction);
    else if (!(await this.accounts.countExpected(changes, standings, now, transaction))) {
      this.standings.forget(assignments.keys());
      throw new StandingsChangedError();
    }
    await this.sheets.mark(marksOf(kept), transaction);
    const references = await this.ledger.payResults(earningsOf(kept), reference, transaction);
    const receivedAt = this.times.next(now);
    const owners = new IdTexts();
    for (const { item, verdict } of kept) {
      noteVerdict(item, verdict, references.get(owners.of(item.probeOwner)));
      item.result.received_at = receivedAt;
    }
    const announcedBy = areFew(kept) ? 'results' : 'outbox';
    if (kept.length > 0) {
      const fresh = kept.map(({ item }) => item.result);
      await this.results.insertAll(fresh, transaction, { unnumbered: announcedBy === 'results' });
      if (announcedBy === 'outbox') await this.tail.announce(announced(reference, idsOf(fresh)), transaction);
    }
    const known = await this.storedAmongRefused(judged, transaction);
    const verdicts = new Map(judged.map(({ item, verdict }) => [item, verdict]));
    const outcomes = batch.map((item) => {
      if (deleted.has(item)) return 'duplicate';
      if (verdicts.get(item) !== 'too_much_extra') return 'stored';
      return known.has(item.run) ? 'duplicate' : 'too_much_extra';
    });
    return {
      outcomes,
      announcedBy,
      noteDurable: () => {
        this.standings.note(standings, changes);
      },
    };
  }

  /** For a database that was emptied. */
  forget(): void {
    this.standings.clear();
  }

  /**
   * By what this server wrote to the accounts last, where it knows them all and they are few.
   * @param assignments by name
   * @returns undefined also where one of them would not be written to: nothing would tell that it says something else
   */
  private async weighRemembered(
    batch: readonly Submission[],
    assignments: ReadonlyMap<string, unknown>,
    now: Date,
    transaction: Transaction,
  ): Promise<{ standings: Standing[]; weighed: Weighed } | undefined> {
    const standings = this.standings.recall(assignments);
    if (standings === undefined) return undefined;
    const weighed = await this.weigh(batch, standings, now, transaction);
    return weighed.accounts.changes.length === standings.length ? { standings, weighed } : undefined;
  }

  private async weigh(
    batch: readonly Submission[],
    standings: readonly Standing[],
    now: Date,
    transaction: Transaction,
  ): Promise<Weighed> {
    const accounts = new RunAccounts(standings);
    const deleted = await this.deleted.among(batch, standings, now.getTime(), transaction);
    const others = batch.filter((item) => !deleted.has(item));
    return { accounts, deleted, judged: judge(others, accounts, now.getTime()) };
  }

  /** Of the reports that are refused for lack of room, some may have been stored while there was room. @returns the names of their runs */
  private async storedAmongRefused(
    judged: readonly Judged[],
    transaction: Transaction,
  ): Promise<ReadonlySet<string>> {
    const refused = judged.filter(({ verdict }) => verdict === 'too_much_extra');
    const keys = refused.map(({ item }) => item.result);
    return new Set((await this.results.findStored(keys, transaction)).map(runNameOf));
  }
}

/** Then it takes one command less until they are durable. */
function areFew(kept: readonly Judged[]): boolean {
  return kept.length <= FEW_RESULTS && kept.reduce((sum, { item }) => sum + item.bytes, 0) <= FEW_BYTES;
}

function idsOf(results: readonly ResultEntity[]): ObjectId[] {
  return results.map(({ _id }) => _id);
}

/** @returns undefined when an assignment is not there */
function judge(batch: readonly Submission[], accounts: RunAccounts, now: number): Judged[] | undefined {
  const judged: Judged[] = [];
  for (const item of batch) {
    const { result, assignment, bytes, position } = item;
    const report = { claim: position.claim, outcome: result.outcome, reason: result.failure?.reason, bytes };
    const verdict = accounts.of(assignment)?.enter(report, now);
    if (verdict === undefined) return undefined;
    judged.push({ item, verdict });
  }
  return judged;
}

/** The transaction may run more than once, and what it found the first time need not hold. */
function noteVerdict(
  { result, position: { claim } }: Submission,
  verdict: Verdict,
  paidBy: string | undefined,
): void {
  delete result.paid_by;
  delete result.uncounted;
  delete result.early;
  if (verdict !== 'counted') result.uncounted = true;
  else if (result.outcome === 'stored' && paidBy !== undefined) result.paid_by = paidBy;
  if (verdict === 'early' && claim.type === 'named') {
    result.early = { run: claim.run, due_at: new Date(claim.dueAt) };
  }
}

/** Of a run that is named its result is known, whether or not it counts; one that names none is a run only where it counts. */
function marksOf(kept: readonly Judged[]): RunMark[] {
  return kept.flatMap(({ verdict, item: { result, position } }) => {
    const { operation, probe, failure } = result;
    const isRun = position.claim.type === 'named' || verdict === 'counted';
    if (!isRun || position.mark === undefined) return [];
    return [{ operation, probe, run: position.mark, failure: failure?.reason }];
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
  const texts = new IdTexts();
  for (const owner of owners) {
    const key = texts.of(owner);
    const payment = payments.get(key) ?? { user: owner, amount: 0 };
    payment.amount += CREDITS_PER_RESULT;
    payments.set(key, payment);
  }
  return [...payments.values()];
}
