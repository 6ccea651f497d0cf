import { Injectable } from '@nestjs/common';
import { GroupCommit } from '../../platform/batching/group-commit.js';
import { type Transaction, TransactionsService } from '../../platform/database/transactions.service.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import {
  type AssignmentEntity,
  AssignmentsRepository,
  type OperationEntity,
  OperationsRepository,
} from '../assignments/index.js';
import { LedgerService } from '../ledger/index.js';
import { type UserEntity } from '../users/index.js';
import { type Admission, type Admit, metersOf, QuotasService } from '../quotas/index.js';

/** All that a new operation writes. */
export interface NewOperation {
  operation: OperationEntity;
  assignments: readonly AssignmentEntity[];
  admission: Admission;
  /** the room of its probes, which may be taken meanwhile; rejects where they have none */
  room?: Promise<unknown>;
  /**
   * Hears of each attempt to charge the account, behind it; rejects where the account may not create anything.
   * @param account as it is now; undefined: nothing is charged on this platform
   */
  charged?: (account: UserEntity | undefined) => Promise<void>;
}

/** What one transaction stores at the most: more would keep other users of the same targets waiting. */
const MOST = 50;
const MOST_BYTES = 1024 * 1024;
/** About what a document of these weighs. */
const ASSIGNMENT_BYTES = 400;
const METER_BYTES = 1024;
/** Creations that wait for those before them, of all users. */
const MOST_WAITING = 5000;

interface Queue {
  commits: GroupCommit<NewOperation>;
  waiting: number;
}

/**
 * Charges and stores new operations. Those of one user change one account, so they are done one after the other; what comes
 * while one transaction is under way is the next one, all together. One that is refused takes no other with it (GroupCommit).
 */
@Injectable()
export class OperationStore {
  /** by owner; those of different users are not kept waiting for each other */
  private readonly queues = new Map<string, Queue>();
  private waiting = 0;

  constructor(
    private readonly operations: OperationsRepository,
    private readonly assignments: AssignmentsRepository,
    private readonly ledger: LedgerService,
    private readonly quotas: QuotasService,
    private readonly transactions: TransactionsService,
  ) {}

  /**
   * @returns when it is durable
   * @throws DomainError not_enough_credits, limit_reached, busy; a duplicate key error where its idempotency key was used
   *   before; nothing has changed then
   */
  async store(creation: NewOperation): Promise<void> {
    if (this.waiting >= MOST_WAITING)
      throw new DomainError('busy', 'Too many operations are created at once; try again');
    const owner = creation.operation.owner.toHexString();
    const queue = this.queues.get(owner) ?? this.newQueue();
    this.queues.set(owner, queue);
    this.waiting += 1;
    queue.waiting += 1;
    try {
      await queue.commits.add(creation);
    } finally {
      this.waiting -= 1;
      queue.waiting -= 1;
      if (queue.waiting === 0) this.queues.delete(owner);
    }
  }

  /**
   * Stores several creations of one owner, or none of them.
   * @throws as store(), of the first that is refused; nothing has changed then
   */
  async storeTogether(creations: readonly NewOperation[]): Promise<void> {
    await this.storeAll(creations, true);
  }

  private newQueue(): Queue {
    const commits = new GroupCommit<NewOperation>((creations) => this.storeAll(creations), {
      most: MOST,
      mostBytes: MOST_BYTES,
      bytesOf: weightOf,
    });
    return { commits, waiting: 0 };
  }

  /** @param creations of one owner */
  private async storeAll(creations: readonly NewOperation[], isWhole = false): Promise<undefined[]> {
    const admissions = creations.map(({ admission }) => admission);
    const serialised = new Set(admissions.flatMap((admission) => admission.serialised));
    const store = (admit: Admit) =>
      this.transactions.run((transaction) => this.write(creations, admit, transaction), ...serialised);
    await this.quotas.admitting(admissions, store, isWhole);
    return creations.map(() => undefined);
  }

  private async write(
    creations: readonly NewOperation[],
    admit: Admit,
    transaction: Transaction,
  ): Promise<void> {
    const operations = creations.map(({ operation }) => operation);
    const account = await this.ledger.charge(
      operations.map(({ _id, owner, credits }) => ({
        user: owner,
        amount: credits,
        reference: `operation:${String(_id)}`,
      })),
      transaction,
    );
    for (const { charged } of creations) await charged?.(account);
    await this.operations.insertAll(operations, transaction);
    // after the insert: a request that is repeated must run into its first one, not into a quota
    await admit(transaction);
    await this.assignments.insertAll(
      creations.flatMap(({ assignments }) => assignments),
      transaction,
    );
    for (const { room } of creations) await room;
  }
}

function weightOf({ operation, assignments, admission }: NewOperation): number {
  return (
    operation.accepted_params.length +
    ASSIGNMENT_BYTES * assignments.length +
    METER_BYTES * metersOf(admission)
  );
}
