import { Injectable, Logger } from '@nestjs/common';
import { GroupCommit } from '../../platform/batching/group-commit.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { TransactionsService } from '../../platform/database/transactions.service.js';
import { isDatabaseAway, isDuplicateKey } from '../../platform/errors/database-errors.js';
import { AssignmentsRepository } from '../assignments/index.js';
import { ReleasesService } from '../quotas/index.js';
import { type Applied, BatchEffects, StandingsChangedError, type Submission } from './effects.js';
import { RecentNames } from './recent-names.js';
import { RecentResults } from './recent-results.js';
import { runNameOf, StoredResultsRepository } from './stored-results.repository.js';
import { TailAppender } from './tail-appender.js';
import { announced } from './tail-log.schema.js';

/** One transaction takes this much at most: the server writes it as one journaled entry of under 16 MB. */
const MAX_BATCH_RESULTS = 500;
const MAX_BATCH_BYTES = 12 * 1024 * 1024;
/** Runs remembered as stored at least, so that a repeated one costs no look-up. */
const REMEMBERED_RUNS = 25_000;

export type Written = 'stored' | 'duplicate' | 'assignment_gone' | 'too_much_extra';

/**
 * Makes results durable, a batch in one transaction, majority and journaled: a result and its effects change together or not at
 * all, so there is nothing to repair after a crash. One batch at a time: batches would only wait for each other's locks.
 */
@Injectable()
export class BatchWriter {
  private readonly logger = new Logger('ingest');
  private readonly remembered = new RecentNames(REMEMBERED_RUNS);
  private readonly batches = new GroupCommit<Submission, Written>((batch) => this.commit(batch), {
    most: MAX_BATCH_RESULTS,
    mostBytes: MAX_BATCH_BYTES,
    bytesOf: ({ bytes }) => bytes,
    // the same run twice: the second time it is known
    keyOf: ({ run }) => run,
  });

  constructor(
    private readonly results: StoredResultsRepository,
    private readonly assignments: AssignmentsRepository,
    private readonly effects: BatchEffects,
    private readonly transactions: TransactionsService,
    private readonly releases: ReleasesService,
    private readonly tail: TailAppender,
    private readonly recent: RecentResults,
  ) {}

  /** @returns when the result is durable, was so before, or can never be */
  write(submission: Submission): Promise<Written> {
    if (this.remembered.has(submission.run)) return Promise.resolve('duplicate');
    return this.batches.add(submission);
  }

  /** Forgets what is stored; for a database that was emptied. */
  forget(): void {
    this.remembered.clear();
    this.effects.forget();
    this.recent.clear();
  }

  private async commit(batch: readonly Submission[]): Promise<Written[]> {
    const answers = new Map<Submission, Written>();
    const fresh = batch.filter(({ run }) => !this.remembered.has(run));
    try {
      await this.commitFresh(fresh, answers);
    } catch (error) {
      // otherwise it is tried again in halves
      if (batch.length === 1 || isDatabaseAway(error)) {
        const results = batch.length;
        this.logger.error({ err: error, results }, 'results were not written; their probes keep them');
      }
      throw error;
    }
    return batch.map((submission) => answers.get(submission) ?? 'duplicate');
  }

  /**
   * Stores those that this process does not remember; if some were stored before, looks up which, and stores the others.
   * @param answers takes what became of each; of those that were stored before, nothing
   */
  private async commitFresh(batch: readonly Submission[], answers: Map<Submission, Written>): Promise<void> {
    try {
      await this.commitNew(batch, answers);
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      // some were stored before this process remembers, or by another server: only now it is worth a look-up
      const stored = await this.findDurable(batch);
      for (const run of stored) this.remembered.add(run);
      await this.commitNew(
        batch.filter(({ run }) => !stored.has(run)),
        answers,
      );
    }
  }

  /**
   * In a transaction, whose commit waits until what it has read is durable. Another server's result is seen a moment before
   * that: if the database died then, `duplicate` would have made the probe delete the only copy.
   */
  private async findDurable(batch: readonly Submission[]): Promise<ReadonlySet<string>> {
    const keys = batch.map(({ result }) => result);
    const found = await this.transactions.run((transaction) => this.results.findStored(keys, transaction));
    return new Set(found.map(runNameOf));
  }

  /** Stores a batch in one transaction. @throws a duplicate key where one of them was stored before */
  private async commitNew(batch: readonly Submission[], answers: Map<Submission, Written>): Promise<void> {
    if (batch.length === 0) return;
    const reference = `results:${new ObjectId().toHexString()}`;
    const applied = await this.apply(batch, reference);
    if (applied === undefined) {
      await this.commitWithoutOrphans(batch, answers);
      return;
    }
    applied.noteDurable();
    const { outcomes } = applied;
    const stored = batch.filter((_, index) => outcomes[index] === 'stored');
    if (stored.length > 0) {
      const ids = stored.map(({ result }) => result._id);
      if (applied.announcedBy === 'results') this.tail.noteUnnumbered(stored);
      else this.tail.noteStored(announced(reference, ids), stored);
    }
    for (const [index, submission] of batch.entries()) {
      const outcome = outcomes[index] ?? 'stored';
      if (outcome !== 'too_much_extra') this.remembered.add(submission.run);
      answers.set(submission, outcome);
      // of a single run there is nothing to mark
      if (submission.position.mark === undefined)
        this.releases.scheduleCompletionCheck(submission.result.operation);
    }
  }

  /** @returns when it is durable; undefined: an assignment is not there any more */
  private async apply(batch: readonly Submission[], reference: string): Promise<Applied | undefined> {
    const once = () =>
      this.transactions.run((transaction) => this.effects.apply(batch, reference, transaction));
    try {
      return await once();
    } catch (error) {
      // another server, or a stop, has changed an account: it is read now
      if (error instanceof StandingsChangedError) return once();
      throw error;
    }
  }

  /** The database was emptied under us: what has lost its assignment can never be stored. */
  private async commitWithoutOrphans(
    batch: readonly Submission[],
    answers: Map<Submission, Written>,
  ): Promise<void> {
    const kept: Submission[] = [];
    for (const submission of batch) {
      const { operation, probe } = submission.result;
      if ((await this.assignments.findOne(operation, probe)) === null)
        answers.set(submission, 'assignment_gone');
      else kept.push(submission);
    }
    if (kept.length === batch.length) throw new Error('An assignment is there and cannot be counted');
    await this.commitNew(kept, answers);
  }
}
