import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { KnownDocuments } from '../../platform/database/known-documents.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { updateTogether } from '../../platform/database/updates.js';
import { ASSIGNMENT_MODEL, type AssignmentEntity, type AssignmentState, LIVE } from './assignment.schema.js';
import { type AccountChange, assignmentName, type Standing } from './run-account.js';

const TERMS = {
  probe: 1,
  state: 1,
  first_run: 1,
  earlier: 1,
  extra: 1,
  delivered_at: 1,
  delivered_over: 1,
  delivered_with: 1,
  ended_at: 1,
} as const;

const COUNTERS = {
  ...TERMS,
  received: 1,
  failed: 1,
  uncounted_received: 1,
  uncounted_failed: 1,
  failure: 1,
} as const;

/** What the account of runs needs of an assignment that has run sheets. Most of it stays as it is while results come. */
export type AssignmentTerms = Pick<AssignmentEntity, keyof typeof TERMS>;

/** What it needs of any. */
export type AssignmentCounters = Pick<AssignmentEntity, keyof typeof COUNTERS>;

/** Some 13,000 assignments. */
const TERMS_BYTES = 16 * 1024 * 1024;

export type ProbeAssignment = AssignmentCounters & Pick<AssignmentEntity, 'operation'>;

export interface Progress {
  operation: ObjectId;
  due: number;
  received: number;
  failed: number;
  /** assignments of which runs may still come */
  open: number;
  states: Partial<Record<AssignmentState, number>>;
}

const STANDING = {
  _id: 0,
  operation: 1,
  probe: 1,
  probe_owner: 1,
  state: 1,
  due: 1,
  first_run: 1,
  earlier: 1,
  owed: 1,
  received: 1,
  failed: 1,
  uncounted_received: 1,
  uncounted_failed: 1,
  extra_bytes: 1,
  delivered_over: 1,
  delivered_with: 1,
} as const;

/** What a probe has of an operation that is made of a file. */
export type ImportedPart = Pick<
  AssignmentEntity,
  'operation' | 'probe' | 'probe_owner' | 'created_at' | 'ends_at'
>;

/** The account of runs that each assignment keeps: how many were due, received, failed. */
@Injectable()
export class RunAccountsRepository {
  private readonly terms = new KnownDocuments<AssignmentTerms>(TERMS_BYTES);

  constructor(@InjectModel(ASSIGNMENT_MODEL) private readonly model: Model<AssignmentEntity>) {}

  /**
   * In order of probe. One that is stored as before is the same object as before.
   * @param only of these probes alone, those of them that the operation has
   */
  async findTermsOfOperation(
    operation: ObjectId,
    only?: readonly ObjectId[],
  ): Promise<Readonly<AssignmentTerms>[]> {
    const found = await this.model.collection
      .find<Buffer>(ofOperation(operation, only), {
        projection: { ...TERMS, _id: 0 },
        ...{ sort: { probe: 1 }, batchSize: 10_000, raw: true },
      })
      .toArray();
    return found.map((bytes) => this.terms.of(bytes));
  }

  /** The same with the counters; past mongoose, because there may be thousands, and somebody waits. */
  async findCountersOfOperation(
    operation: ObjectId,
    only?: readonly ObjectId[],
  ): Promise<AssignmentCounters[]> {
    return this.model.collection
      .find<AssignmentCounters>(ofOperation(operation, only), {
        projection: { ...COUNTERS, _id: 0 },
        ...{ sort: { probe: 1 }, batchSize: 10_000 },
      })
      .toArray();
  }

  /** Of these probes, and over no earlier than `endsFrom`; page by page, past mongoose, because there may be very many. */
  async *pagesOfProbes(
    probes: readonly ObjectId[],
    endsFrom: Date,
    limit: number,
  ): AsyncGenerator<ProbeAssignment[], void> {
    const cursor = this.model.collection.find<ProbeAssignment>(
      { probe: { $in: [...probes] }, ends_at: { $gte: endsFrom } },
      { projection: { ...COUNTERS, operation: 1, _id: 0 }, batchSize: limit },
    );
    let page: ProbeAssignment[] = [];
    for await (const assignment of cursor) {
      page.push(assignment);
      if (page.length < limit) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  }

  /**
   * What the accounts of some assignments say, for a transaction that goes on to write to them: one that changes them meanwhile
   * makes it begin anew. @returns those that are there
   */
  async findStandings(
    keys: Iterable<{ operation: ObjectId; probe: ObjectId }>,
    transaction: Transaction,
  ): Promise<Standing[]> {
    const byOperation = new Map<string, { operation: ObjectId; probes: Map<string, ObjectId> }>();
    for (const { operation, probe } of keys) {
      const own = byOperation.get(operation.toHexString()) ?? { operation, probes: new Map() };
      own.probes.set(probe.toHexString(), probe);
      byOperation.set(operation.toHexString(), own);
    }
    if (byOperation.size === 0) return [];
    const some = [...byOperation.values()].map(({ operation, probes }) => ({
      operation,
      probe: { $in: [...probes.values()] },
    }));
    return this.model.collection
      .find<Standing>({ $or: some }, { session: transaction, projection: STANDING, batchSize: 10_000 })
      .toArray();
  }

  /**
   * Counts results that came in a file, of operations that are made of files. Each probe gets its assignment with its first result.
   * @returns whether the assignment is new
   */
  async addImported(
    part: ImportedPart,
    { stored, failed }: { stored: number; failed: number },
    at: Date,
    transaction: Transaction,
  ): Promise<boolean> {
    const { operation, probe, ...members } = part;
    const { upsertedCount } = await this.model.collection.updateOne(
      { operation, probe },
      {
        $setOnInsert: { ...members, state: 'done' as const, private: true },
        $inc: { due: stored + failed, received: stored, failed },
        $set: { last_result_at: at },
      },
      { session: transaction, upsert: true },
    );
    return upsertedCount === 1;
  }

  /** Moves the counters; with its last run an assignment is done. In the transaction that read the standings. */
  async count(changes: readonly AccountChange[], at: Date, transaction: Transaction): Promise<void> {
    await this.move(
      changes.map((change) => ({ change, ...{ operation: change.operation, probe: change.probe } })),
      at,
      transaction,
    );
  }

  /**
   * The same where the standings were not read in the transaction.
   * @param expected what each of the accounts that change is taken to say
   * @returns false where one says something else, or is not there: the transaction must not be committed then
   */
  async countExpected(
    changes: readonly AccountChange[],
    expected: readonly Standing[],
    at: Date,
    transaction: Transaction,
  ): Promise<boolean> {
    const byName = new Map(expected.map((standing) => [assignmentName(standing), standing]));
    const moves = changes.map((change) => ({ change, ...conditionOf(byName.get(assignmentName(change))) }));
    return (await this.move(moves, at, transaction)) === changes.length;
  }

  /** @returns how many assignments were found */
  private async move(
    moves: readonly ({ change: AccountChange } & Record<string, unknown>)[],
    at: Date,
    transaction: Transaction,
  ): Promise<number> {
    const updates = moves.map(({ change, ...q }) => ({ q, u: [{ $set: afterReports(change, at) }] }));
    return (await updateTogether(this.model, updates, transaction)).count;
  }

  /** @param among of these alone. @returns of how many operations a probe has still something to do */
  async countRunning(now: Date, among?: readonly ObjectId[]): Promise<number> {
    const isOpen = { $lt: [{ $add: ['$received', '$failed'] }, '$due'] };
    const [counted] = await this.model.aggregate<{ count: number }>([
      {
        $match: {
          ...(among && { operation: { $in: among } }),
          ...{ state: { $in: LIVE }, ends_at: { $gt: now }, $expr: isOpen },
        },
      },
      { $group: { _id: '$operation' } },
      { $count: 'count' },
    ]);
    return counted?.count ?? 0;
  }

  /** @returns ids of those of the operations of which a probe has still something to do */
  async findOpen(operations: readonly ObjectId[], now: Date): Promise<Set<string>> {
    const isOpen = { $lt: [{ $add: ['$received', '$failed'] }, '$due'] };
    const found = await this.model.collection
      .aggregate<Pick<AssignmentEntity, '_id'>>([
        {
          $match: {
            operation: { $in: [...operations] },
            ...{ state: { $in: LIVE }, ends_at: { $gt: now }, $expr: isOpen },
          },
        },
        { $group: { _id: '$operation' } },
      ])
      .toArray();
    return new Set(found.map(({ _id }) => _id.toHexString()));
  }

  async progressOf(operations: readonly ObjectId[], now: Date): Promise<Progress[]> {
    const missing = { $lt: [{ $add: ['$received', '$failed'] }, '$due'] };
    const isOpen = { $and: [{ $in: ['$state', LIVE] }, { $gt: ['$ends_at', now] }, missing] };
    const groups = await this.model.aggregate<{
      _id: { operation: ObjectId; state: AssignmentState };
      count: number;
      due: number;
      received: number;
      failed: number;
      open: number;
    }>([
      { $match: { operation: { $in: operations } } },
      {
        $group: {
          _id: { operation: '$operation', state: '$state' },
          count: { $sum: 1 },
          due: { $sum: '$due' },
          received: { $sum: '$received' },
          failed: { $sum: '$failed' },
          open: { $sum: { $cond: [isOpen, 1, 0] } },
        },
      },
    ]);
    const progress = new Map(operations.map((operation) => [operation.toHexString(), noProgress(operation)]));
    for (const { _id, count, due, received, failed, open } of groups) {
      const own = progress.get(_id.operation.toHexString());
      if (own === undefined) continue;
      own.due += due;
      own.received += received;
      own.failed += failed;
      own.open += open;
      own.states[_id.state] = count;
    }
    return [...progress.values()];
  }
}

function ofOperation(operation: ObjectId, only: readonly ObjectId[] | undefined): Record<string, unknown> {
  return { operation, ...(only && { probe: { $in: [...only] } }) };
}

/** @returns a condition that an assignment meets whose account says just this; what is absent is null in it */
function conditionOf(standing: Standing | undefined): Record<string, unknown> {
  if (standing === undefined) throw new Error('An account is moved that nobody knows');
  const names = Object.keys(STANDING).filter((name) => name !== '_id') as (keyof Standing)[];
  return Object.fromEntries(names.map((name) => [name, standing[name] ?? null]));
}

function noProgress(operation: ObjectId): Progress {
  return { operation, due: 0, received: 0, failed: 0, open: 0, states: {} };
}

/** An update pipeline's `$set`: the counters that move, and what they make of the state. */
function afterReports(
  { operation: _o, probe: _p, failure, last_run, completed, ...counts }: AccountChange,
  at: Date,
) {
  const moved = Object.entries(counts).filter(([, count]) => count !== 0);
  const ends = { $and: [completed, { $in: ['$state', LIVE] }] };
  return {
    // earlier releases did not have all of them
    ...Object.fromEntries(
      moved.map(([name, count]) => [name, { $add: [{ $ifNull: [`$${name}`, 0] }, count] }]),
    ),
    last_result_at: at,
    ...(failure !== undefined && { failure: { $literal: failure } }),
    ...(last_run !== undefined && { last_run: { $max: ['$last_run', last_run] } }),
    ...(completed && {
      state: { $cond: [ends, 'done', '$state'] },
      ended_at: { $cond: [ends, at, '$ended_at'] },
    }),
  };
}
