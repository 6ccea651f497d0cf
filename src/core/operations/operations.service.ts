import { Inject, Injectable, Logger } from '@nestjs/common';
import { handled } from '../../platform/batching/handled.js';
import { createOnce, idempotencyMembers } from '../../platform/database/idempotency.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { isNumberTaken, NumbersService } from '../../platform/database/numbers/numbers.service.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { TransactionsService } from '../../platform/database/transactions.service.js';
import { type Seen, wasSeen } from '../../platform/database/revision.js';
import { ChangedMeanwhileError, DomainError } from '../../platform/errors/domain.error.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { LedgerService } from '../ledger/index.js';
import { type ProbeEntity, ProbesService } from '../probes/index.js';
import { type UserEntity } from '../users/index.js';
import {
  type AssignmentEntity,
  AssignmentsRepository,
  leavingsOf,
  OPERATION_NUMBERS,
  type OperationEntity,
  type FoundOperation,
  type OperationFilter,
  type OperationLabels,
  type OperationSearch,
  type OperationState,
  type SearchPage,
  type OperationName,
  OperationsRepository,
  phaseOf,
  type Progress,
  type Retention,
  unusedCredits,
} from '../assignments/index.js';
import {
  QuotasService,
  ProbeLoadsService,
  ReleasesService,
  type Reservation,
  stopped as stoppedAt,
} from '../quotas/index.js';
import { DispatchService } from '../delivery/index.js';
import { KINDS } from '../../measurement/kinds/index.js';
import { checkTogether } from '../../measurement/params/invalid-params.error.js';
import { valueOf } from '../../measurement/params/reading.js';
import { assignmentsOf, bytesOf, deliveryEnd, namingFields, refuseTooMany } from './new-operation.js';
import { type OperationRequest } from './operation-request.js';
import { Foresight } from './foresight.js';
import { OperationStore } from './operation-store.js';
import { ProbeChoiceService } from './probe-choice.service.js';
import { firstRun, runsOf } from '../../measurement/schedule/run-numbers.js';

export interface CreatedOperation {
  operation: OperationEntity;
  probes: ProbeEntity[];
}

/** What an operation would be. */
export interface QuotedOperation {
  operation: Omit<OperationEntity, 'number'>;
  probes: ProbeEntity[];
}

/** The way of an operation out: validate, select, price, charge and store in one transaction, dispatch. */
@Injectable()
export class OperationsService {
  private readonly logger = new Logger('operations');
  private readonly foresight: Foresight;

  constructor(
    private readonly operations: OperationsRepository,
    private readonly assignments: AssignmentsRepository,
    private readonly probes: ProbesService,
    private readonly choice: ProbeChoiceService,
    private readonly ledger: LedgerService,
    private readonly transactions: TransactionsService,
    private readonly dispatch: DispatchService,
    private readonly store: OperationStore,
    private readonly quotas: QuotasService,
    private readonly releases: ReleasesService,
    private readonly loads: ProbeLoadsService,
    private readonly numbers: NumbersService,
    private readonly clock: PlatformClock,
    @Inject(ENV) private readonly env: Pick<Env, 'credits'>,
  ) {
    this.foresight = new Foresight(env.credits);
  }

  /**
   * @throws DomainError invalid_request (each wrong field is named), not_found (an id is no probe of ours),
   *   no_available_probe, too_few_probes, too_many_runs, not_enough_credits, limit_reached, idempotency_key_reused, forbidden
   *   (who chooses a number is no superuser), conflict (the number is taken); nothing has changed then
   */
  async create(owner: UserEntity, request: OperationRequest): Promise<CreatedOperation> {
    if (request.number !== undefined && !owner.is_superuser)
      throw new DomainError('forbidden', 'Only a superuser may choose the number of an operation');
    return createOnce<OperationEntity, CreatedOperation>(request.idempotency, {
      find: (key) => this.operations.findByIdempotencyKey(owner._id, key),
      show: async (operation) => ({ operation, probes: await this.probesOf(operation) }),
      create: () => this.createNew(owner, request),
    });
  }

  /**
   * @returns what an operation would be, without making it: on the probes that are there now, and before the bounds of users and
   *   targets are asked
   * @throws DomainError as create()
   */
  async quote(owner: UserEntity, request: OperationRequest): Promise<QuotedOperation> {
    return this.plan(owner, request);
  }

  /** Stores a new operation and begins it. */
  private async createNew(owner: UserEntity, request: OperationRequest): Promise<CreatedOperation> {
    const { operation: planned, probes, strikes, bytes } = await this.plan(owner, request);
    const admission = this.quotas.prepare({ owner, operation: planned, strikes });
    const assignments = assignmentsOf(planned, probes, bytes);
    const room = handled(this.loads.reserve(probes, bytes));
    // the rest waits for it only where it has to be looked up
    if (!this.loads.seemFree(probes, bytes)) await room;
    this.dispatch.claim(assignments);
    const told = this.foresight.isLikely(owner, planned)
      ? this.dispatch.expect(planned, assignments)
      : undefined;
    let operation: OperationEntity;
    try {
      operation = await this.numbers.give(OPERATION_NUMBERS, request.number, async (number) => {
        const numbered = { ...planned, number };
        await this.store.store({ operation: numbered, assignments, admission, room });
        return numbered;
      });
      (await room).keep();
    } catch (error) {
      told?.(false);
      this.foresight.noteRefusal(owner);
      await room.then(
        (taken) => taken.giveBack(),
        () => undefined,
      );
      if (request.number !== undefined && isNumberTaken(error))
        throw new DomainError('conflict', `number ${request.number} is another operation's`);
      throw error;
    }
    this.dispatch.start(operation, assignments);
    told?.(true);
    this.logger.log(
      {
        operation_id: String(operation._id),
        kind: operation.kind,
        probes: probes.length,
        credits: operation.credits,
      },
      'operation created',
    );
    return { operation, probes };
  }

  /**
   * Makes several operations, or none of them: they are charged and stored in one transaction.
   * @returns them in the order of the requests
   * @throws DomainError as create(); nothing has changed then
   */
  async createAll(owner: UserEntity, requests: readonly OperationRequest[]): Promise<CreatedOperation[]> {
    const [only, ...others] = requests;
    if (only !== undefined && others.length === 0) return [await this.create(owner, only)];
    const plans = [];
    for (const request of requests) plans.push(await this.plan(owner, request));
    const drafts = plans.map(({ operation, probes, strikes, bytes }) => ({
      ...{ operation, probes, bytes, assignments: assignmentsOf(operation, probes, bytes) },
      admission: this.quotas.prepare({ owner, operation, strikes }),
    }));
    const rooms: Reservation[] = [];
    let numbers: number[] = [];
    try {
      for (const { probes, bytes } of drafts) rooms.push(await this.loads.reserve(probes, bytes));
      for (const { assignments } of drafts) this.dispatch.claim(assignments);
      numbers = await this.numbers.give(OPERATION_NUMBERS, undefined, async (first) => {
        const all = [first, ...(await this.numbers.takeMany(OPERATION_NUMBERS, drafts.length - 1))];
        await this.store.storeTogether(
          drafts.map(({ operation, assignments, admission }, index) => ({
            ...{ operation: { ...operation, number: all[index] as number }, assignments, admission },
          })),
        );
        return all;
      });
      for (const room of rooms) room.keep();
    } catch (error) {
      for (const room of rooms) await room.giveBack();
      throw error;
    }
    return drafts.map(({ operation: draft, assignments, probes }, index) => {
      const operation = { ...draft, number: numbers[index] as number };
      this.dispatch.start(operation, assignments);
      this.logger.log({ operation_id: String(operation._id), kind: operation.kind }, 'operation created');
      return { operation, probes };
    });
  }

  /** Validates, chooses probes and prices: nothing is stored. */
  private async plan(owner: UserEntity, request: OperationRequest) {
    const now = this.clock.now();
    const kind = KINDS[request.kind];
    const [params, schedule, resultFormat] = namingFields(() =>
      checkTogether(
        () => kind.check(request.params, request.unknownParams),
        () => valueOf(request.schedule),
        () => kind.resultFormat(request.resultFormat),
      ),
    );
    const costPerRun = kind.unitCost * params.destinations.length;
    const named = { _id: request.id ?? new ObjectId(), kind: request.kind };
    const bytes = bytesOf({ ...named, params: params.wire, schedule, cost_per_run: costPerRun });
    const { probes, selection } = await this.choice.choose({
      probes: request.probes,
      availability: request.availability,
      kind: request.kind,
      params: params.wire,
      schedule,
      costPerRun,
      bytes,
      owner: owner._id,
      idempotencyKey: request.idempotency?.key,
    });
    const rule = selection ?? request.selection;
    const runsPerProbe = runsOf(schedule);
    refuseTooMany(runsPerProbe, probes.length);

    const operation: Omit<OperationEntity, 'number'> = {
      ...named,
      owner: owner._id,
      accepted_params: JSON.stringify(params.accepted),
      params: params.wire,
      schedule,
      result_format: resultFormat,
      visibility: request.visibility,
      ...(request.retention && { retention: request.retention }),
      ...(request.wording && { wording: request.wording }),
      ...(request.told && { told: request.told }),
      ...(request.progress !== undefined && {
        progress_of: probes.slice(0, request.progress).map(({ _id }) => _id),
      }),
      cost_per_run: costPerRun,
      runs_per_probe: runsPerProbe,
      credits: this.env.credits ? costPerRun * runsPerProbe * probes.length : 0,
      probe_count: probes.length,
      ...(request.description !== undefined &&
        request.description !== '' && { description: request.description }),
      ...(request.tags !== undefined && request.tags.length > 0 && { tags: [...new Set(request.tags)] }),
      ...(rule && { selection: rule }),
      created_at: now,
      ends_at: request.until ?? deliveryEnd(schedule, now),
      revision: 1,
      ...idempotencyMembers(request.idempotency),
    };
    return { operation, probes, strikes: kind.strikes(params.wire, params.destinations), bytes };
  }

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
    return this.assignments.countRunning(this.clock.now(), among);
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

  /** In order of creation, for listings without pages. */
  stream(filter: OperationFilter): AsyncIterable<OperationEntity> {
    return this.operations.stream(filter);
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
    const ids = new Map([...assigned.values()].flat().map((id) => [id.toHexString(), id]));
    const known = await this.probes.getKnown([...ids.values()]);
    const byId = new Map(known.map((probe) => [probe._id.toHexString(), probe]));
    return operations.map(({ _id }) =>
      (assigned.get(_id.toHexString()) ?? []).flatMap((id) => byId.get(id.toHexString()) ?? []),
    );
  }

  async assignmentsOf(
    operation: Pick<OperationEntity, '_id'>,
    limit: number,
    afterProbe?: ObjectId,
  ): Promise<AssignmentEntity[]> {
    return this.assignments.findByOperation(operation._id, limit, afterProbe);
  }

  async progressOf(operation: OperationEntity): Promise<Progress> {
    const [progress] = await this.progressOfAll([operation]);
    if (progress === undefined) throw new Error('no progress for an operation');
    return progress;
  }

  /** In the order of the operations. */
  async progressOfAll(operations: readonly OperationEntity[]): Promise<Progress[]> {
    return this.assignments.progressOf(
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
    const changed = await this.operations.setRetention(operation._id, seen, retention, this.clock.now());
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
