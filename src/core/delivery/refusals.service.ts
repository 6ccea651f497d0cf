import { Injectable } from '@nestjs/common';
import { GroupCommit } from '../../platform/batching/group-commit.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type Transaction, TransactionsService } from '../../platform/database/transactions.service.js';
import {
  type AssignmentEntity,
  AssignmentsRepository,
  type OperationEntity,
  OperationsRepository,
  runsLeftByRefusal,
} from '../assignments/index.js';
import { LedgerService } from '../ledger/index.js';
import { ReleasesService } from '../quotas/index.js';

/** Assignments that are refused in one transaction. */
const MOST_REFUSED = 500;

export interface Refusal {
  assignment: AssignmentEntity;
  reason: string;
  /** the probe never got the job: it cannot be told it */
  isUntold: boolean;
}

/** Ends assignments that their probes will not do, and pays back the runs that will not be done. */
@Injectable()
export class RefusalsService {
  private readonly refused = new GroupCommit<Refusal>((refusals) => this.refuseAll(refusals), {
    most: MOST_REFUSED,
    keyOf: ({ assignment }) => assignment._id.toHexString(),
  });

  constructor(
    private readonly assignments: AssignmentsRepository,
    private readonly operations: OperationsRepository,
    private readonly ledger: LedgerService,
    private readonly releases: ReleasesService,
    private readonly transactions: TransactionsService,
    private readonly clock: PlatformClock,
  ) {}

  /** @returns when it is durable; one that is over already stays as it is */
  async refuse(refusal: Refusal): Promise<void> {
    await this.refused.add(refusal);
    this.releases.scheduleCompletionCheck(refusal.assignment.operation);
  }

  private async refuseAll(refusals: readonly Refusal[]): Promise<undefined[]> {
    const ids = new Map(
      refusals.map(({ assignment: { operation } }) => [operation.toHexString(), operation]),
    );
    const operations = await this.operations.findByIds([...ids.values()]);
    const owners = new Set(operations.map(({ owner }) => owner.toHexString()));
    const work = async (transaction: Transaction): Promise<void> => {
      for (const operation of operations) {
        const own = refusals.filter(({ assignment }) => assignment.operation.equals(operation._id));
        await this.refuseOf(operation, own, transaction);
      }
    };
    await this.transactions.run(work, ...owners);
    return refusals.map(() => undefined);
  }

  private async refuseOf(
    operation: OperationEntity,
    refusals: readonly Refusal[],
    transaction: Transaction,
  ): Promise<void> {
    const at = this.clock.now();
    const byId = new Map(refusals.map((refusal) => [refusal.assignment._id.toHexString(), refusal]));
    const live = await this.assignments.findLiveByIds(
      refusals.map(({ assignment }) => assignment._id),
      transaction,
    );
    const ends = live.map((assignment) => {
      const { reason = '', isUntold = false } = byId.get(assignment._id.toHexString()) ?? {};
      return { assignment, reason, owed: runsLeftByRefusal(operation, assignment, isUntold, at) };
    });
    const [first] = live;
    if (first === undefined) return;
    await this.assignments.markRefused(ends, at, transaction);
    const saved = ends.reduce((sum, { assignment, owed }) => sum + assignment.due - owed, 0);
    const refund = operation.credits === 0 ? 0 : saved * operation.cost_per_run;
    if (refund === 0) return;
    await this.operations.addRefund(operation._id, refund, transaction);
    const reference = `refused:${operation._id.toHexString()}:${first._id.toHexString()}`;
    await this.ledger.pay(operation.owner, refund, 'refund', reference, transaction);
  }
}
