import { Injectable, Logger } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { TransactionsService } from '../../platform/database/transactions.service.js';
import { type Seen, wasSeen } from '../../platform/database/revision.js';
import { ChangedMeanwhileError, DomainError } from '../../platform/errors/domain.error.js';
import { LedgerService } from '../ledger/index.js';
import { type ProbeEntity, ProbesService } from '../probes/index.js';
import { type UserEntity } from '../users/index.js';
import {
  type AssignmentEntity,
  AssignmentsRepository,
  leavingsOf,
  type OperationEntity,
  AcknowledgementsRepository,
  type FoundOperation,
  type OperationFilter,
  type OperationLabels,
  type OperationSearch,
  type OperationState,
  type SearchPage,
  type OperationName,
  OperationRetentionRepository,
  OperationsRepository,
  RunAccountsRepository,
  phaseOf,
  type Progress,
  type Retention,
  unusedCredits,
} from '../assignments/index.js';
import { ProbeLoadsService, ReleasesService, stopped as stoppedAt } from '../quotas/index.js';
import { DispatchService } from '../delivery/index.js';
import { bytesOf } from './new-operation.js';
import { probesOfEach } from './probes-of-each.js';
import { firstRun } from '../../measurement/schedule/run-numbers.js';

/** Operations that there are: who may see them, their probes and progress, and how they end. */
@Injectable()
export class OperationsService {
  private readonly logger = new Logger('operations');

  constructor(
    private readonly operations: OperationsRepository,
    private readonly retentions: OperationRetentionRepository,
    private readonly assignments: AssignmentsRepository,
    private readonly acknowledgements: AcknowledgementsRepository,
    private readonly accounts: RunAccountsRepository,
    private readonly probes: ProbesService,
    private readonly ledger: LedgerService,
    private readonly transactions: TransactionsService,
    private readonly dispatch: DispatchService,
    private readonly releases: ReleasesService,
    private readonly loads: ProbeLoadsService,
    private readonly clock: PlatformClock,
  ) {}

  /**
   * @param reader nobody in particular, if absent; a superuser runs the platform, and sees everything
   * @throws DomainError not_found: also for somebody else's private one
   */
  async get(
    id: ObjectId | undefined,
    reader?: Pick<UserEntity, '_id' | 'is_superuser'>,
  ): Promise<OperationEntity> {
    const operation = id && (await this.operations.findById(id));
    if (!operation || !isVisible(operation, reader))
      throw new DomainError('not_found', "The operation doesn't exist");
    return operation;
  }

  /**
   * The same by its number.
   * @throws DomainError not_found: also for somebody else's private one
   */
  async byNumber(
    number: number,
    reader?: Pick<UserEntity, '_id' | 'is_superuser'>,
  ): Promise<OperationEntity> {
    const [operation] = await this.byNumbers([number], reader);
    if (operation === undefined) throw new DomainError('not_found', "The operation doesn't exist");
    return operation;
  }

  /** @returns those of the numbers that exist and may be seen, in order of creation */
  async byNumbers(
    numbers: readonly number[],
    reader?: Pick<UserEntity, '_id' | 'is_superuser'>,
  ): Promise<OperationEntity[]> {
    const found = await this.operations.findByNumbers(numbers);
    return found.filter((operation) => isVisible(operation, reader));
  }

  /** @throws DomainError not_found where one of them is none, or somebody else's private one */
  async getAll(
    ids: readonly (ObjectId | undefined)[],
    reader: Pick<UserEntity, '_id' | 'is_superuser'>,
  ): Promise<OperationName[]> {
    const known = ids.filter((id) => id !== undefined);
    const visible = { ids: known, visibleTo: readerOf(reader) };
    const found = known.length === 0 ? [] : await this.operations.findNames(visible, known.length);
    if (found.length < new Set(ids.map(String)).size)
      throw new DomainError('not_found', "One of the operations doesn't exist");
    return found;
  }

  /** In no order. */
  async namesOf(filter: OperationFilter, limit: number): Promise<OperationName[]> {
    return this.operations.findNames(filter, limit);
  }

  /** @returns of how many operations a probe has still something to do */
  async countRunning(among?: readonly ObjectId[]): Promise<number> {
    return this.accounts.countRunning(this.clock.now(), among);
  }

  /** @returns ids of a user's operations whose time is not over, the newest first, `limit` at most */
  async unendedOf(owner: ObjectId, limit: number): Promise<ObjectId[]> {
    return this.operations.findUnended(owner, this.clock.now(), limit);
  }

  /** @returns a page by number, and how many match in all */
  async search(
    search: OperationSearch,
    page: SearchPage,
  ): Promise<{ found: FoundOperation[]; count: number }> {
    const [found, count] = await Promise.all([
      page.limit === 0 ? [] : this.operations.search(search, page),
      this.operations.countFound(search),
    ]);
    return { found, count };
  }

  /** @returns ids of the operations that some probes are in, and were not taken away from, the newest first, `limit` at most */
  async idsOfProbes(probes: readonly ObjectId[], limit: number): Promise<ObjectId[]> {
    return this.assignments.findOperationsOf(probes, limit);
  }

  async probesOf(operation: OperationEntity): Promise<ProbeEntity[]> {
    const [probes = []] = await this.probesOfAll([operation]);
    return probes;
  }

  /**
   * @param which current: without those that were taken away while it ran
   * @returns for each operation its probes, in order of creation
   */
  async probesOfAll(
    operations: readonly Pick<OperationEntity, '_id' | 'stopped_at'>[],
    which: 'ever' | 'current' = 'ever',
  ): Promise<ProbeEntity[][]> {
    const assigned = await this.assignments.findProbesOfOperations(operations, which);
    return probesOfEach(operations, assigned, (ids) => this.probes.getKnown(ids));
  }

  /** A page of them, by probe, with the times at which probes acknowledged theirs. */
  async assignmentsOf(
    operation: Pick<OperationEntity, '_id'>,
    limit: number,
    afterProbe?: ObjectId,
  ): Promise<AssignmentEntity[]> {
    const found = await this.assignments.findByOperation(operation._id, limit, afterProbe);
    return this.acknowledgements.addTo(operation._id, found);
  }

  async progressOf(operation: OperationEntity): Promise<Progress> {
    const [progress] = await this.progressOfAll([operation]);
    if (progress === undefined) throw new Error('no progress for an operation');
    return progress;
  }

  /** In the order of the operations. */
  async progressOfAll(operations: readonly OperationEntity[]): Promise<Progress[]> {
    return this.accounts.progressOf(
      operations.map(({ _id }) => _id),
      this.clock.now(),
    );
  }

  /**
   * Ends an operation now. Paid back: the runs that were not due yet, of every probe that can still be told (some
   * that have the job cannot be, and go on until the end).
   * @param seen by the caller
   * @throws DomainError not_found, forbidden, changed_meanwhile, conflict when it is over already
   */
  async stop(
    id: ObjectId | undefined,
    user: Pick<UserEntity, '_id' | 'is_superuser'>,
    seen: Seen = 'any',
  ): Promise<OperationEntity> {
    const operation = await this.get(id, user);
    refuseOthers(operation, user);
    if (!wasSeen(seen, operation.revision))
      throw new ChangedMeanwhileError('The operation', operation.revision);
    const now = this.clock.now();
    const state = stateOf(operation, await this.progressOf(operation), now);
    if (state === 'stopped' || state === 'done')
      throw new DomainError('conflict', `The operation is ${state} already`);
    const serialised = await this.releases.serialisedBy([operation._id]);
    let live: AssignmentEntity[] = [];
    const stopped = await this.transactions.run(
      async (transaction) => {
        live = await this.assignments.findLiveOfOperation(operation._id, transaction);
        const refund = live.reduce((sum, assignment) => sum + unusedCredits(operation, assignment, now), 0);
        const after = await this.operations.markStopped(operation._id, seen, now, refund, transaction);
        if (after === null) throw await this.stoppedMeanwhile(operation._id, user, seen);
        await this.releases.release([operation._id], stoppedAt(operation, live, now), transaction);
        await this.assignments.markStopped(operation._id, now, leavingsOf(operation, live, now), transaction);
        if (refund > 0) {
          await this.ledger.pay(
            operation.owner,
            refund,
            'refund',
            `stop:${String(operation._id)}`,
            transaction,
          );
        }
        return after;
      },
      String(operation.owner),
      ...serialised,
    );
    this.logger.log({ operation_id: String(operation._id), refunded: stopped.refunded }, 'operation stopped');
    this.dispatch.stop(stopped);
    await this.loads.release(
      live.map(({ probe }) => probe),
      bytesOf(operation),
    );
    return stopped;
  }

  /**
   * Changes what people know it by.
   * @param seen by the caller
   * @throws DomainError not_found, forbidden, changed_meanwhile
   */
  async setLabels(
    id: ObjectId | undefined,
    user: Pick<UserEntity, '_id' | 'is_superuser'>,
    seen: Seen,
    labels: OperationLabels,
  ): Promise<OperationEntity> {
    const operation = await this.get(id, user);
    refuseOthers(operation, user);
    const changed = await this.operations.setLabels(operation._id, seen, labels, this.clock.now());
    if (changed === null)
      throw new ChangedMeanwhileError('The operation', (await this.get(id, user)).revision);
    return changed;
  }

  /**
   * States for how long its data are kept. What was deleted stays deleted.
   * @param seen by the caller
   * @param retention undefined: the platform decides
   * @throws DomainError not_found, forbidden, changed_meanwhile
   */
  async setRetention(
    id: ObjectId | undefined,
    user: UserEntity,
    seen: Seen,
    retention: Retention | undefined,
  ): Promise<OperationEntity> {
    const operation = await this.get(id, user);
    refuseOthers(operation, user);
    const changed = await this.retentions.setRetention(operation._id, seen, retention, this.clock.now());
    if (changed === null) {
      const { retention_revision = 1 } = await this.get(id, user);
      throw new ChangedMeanwhileError('The retention', retention_revision);
    }
    this.logger.log({ operation_id: String(operation._id), retention }, 'retention of an operation changed');
    return changed;
  }

  /**
   * `stop` that may be repeated.
   * @returns the operation as it is: stopped now, or over before
   * @throws DomainError not_found, forbidden, changed_meanwhile
   */
  async end(
    id: ObjectId | undefined,
    user: Pick<UserEntity, '_id' | 'is_superuser'>,
    seen: Seen = 'any',
  ): Promise<OperationEntity> {
    try {
      return await this.stop(id, user, seen);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'conflict') return this.get(id, user);
      throw error;
    }
  }

  /**
   * `end` for doors where an operation goes on by the clock alone: one whose runs all came back is marked as stopped too.
   * @throws DomainError not_found, forbidden
   */
  async close(
    id: ObjectId | undefined,
    user: Pick<UserEntity, '_id' | 'is_superuser'>,
  ): Promise<OperationEntity> {
    const operation = await this.end(id, user);
    const now = this.clock.now();
    if (phaseOf(operation, now) === 'stopped') return operation;
    const marked = await this.transactions.run(
      (transaction) => this.operations.markStopped(operation._id, 'any', now, 0, transaction),
      String(operation.owner),
    );
    return marked ?? this.get(id, user);
  }

  /** @returns why an operation that was not stopped a moment ago cannot be */
  private async stoppedMeanwhile(
    id: ObjectId,
    user: Pick<UserEntity, '_id' | 'is_superuser'>,
    seen: Seen,
  ): Promise<DomainError> {
    const { revision } = await this.get(id, user);
    return wasSeen(seen, revision)
      ? new DomainError('conflict', 'The operation is stopped already')
      : new ChangedMeanwhileError('The operation', revision);
  }
}

/** @returns whose operations alone are visible beside the public ones; undefined: a superuser sees all */
export function readerOf({
  _id,
  is_superuser,
}: Pick<UserEntity, '_id' | 'is_superuser'>): ObjectId | undefined {
  return is_superuser ? undefined : _id;
}

/** What is somebody's is changed by its owner, and by superusers. @throws DomainError forbidden */
export function refuseOthers(
  { owner }: Pick<OperationEntity, 'owner'>,
  user: Pick<UserEntity, '_id' | 'is_superuser'>,
): void {
  if (!owner.equals(user._id) && !user.is_superuser)
    throw new DomainError('forbidden', 'The operation is not yours');
}

function isVisible(
  { visibility, owner }: OperationEntity,
  reader: Pick<UserEntity, '_id' | 'is_superuser'> | undefined,
): boolean {
  return visibility === 'public' || reader?.is_superuser === true || reader?._id.equals(owner) === true;
}

/** @param progress of this operation: how many probes have still something to do */
export function stateOf(
  operation: Pick<OperationEntity, 'schedule' | 'stopped_at'>,
  progress: Pick<Progress, 'open'>,
  now: Date,
): OperationState {
  if (operation.stopped_at !== undefined) return 'stopped';
  if (progress.open === 0) return 'done';
  return firstRun(operation.schedule) > now ? 'scheduled' : 'running';
}
