import { Inject, Injectable, Logger } from '@nestjs/common';
import { handled } from '../../platform/batching/handled.js';
import { createOnce, idempotencyMembers } from '../../platform/database/idempotency.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { isNumberTaken, NumbersService } from '../../platform/database/numbers/numbers.service.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { type ChosenProbe } from '../probes/index.js';
import { type UserEntity } from '../users/index.js';
import { OPERATION_NUMBERS, type OperationEntity, OperationsRepository } from '../assignments/index.js';
import { QuotasService, ProbeLoadsService, type Reservation } from '../quotas/index.js';
import { DispatchService } from '../delivery/index.js';
import { KINDS } from '../../measurement/kinds/index.js';
import { checkTogether } from '../../measurement/params/invalid-params.error.js';
import { valueOf } from '../../measurement/params/reading.js';
import { assignmentsOf, bytesOf, deliveryEnd, namingFields, refuseTooMany } from './new-operation.js';
import { type OperationRequest } from './operation-request.js';
import { Foresight } from './foresight.js';
import { OperationStore } from './operation-store.js';
import { OperationsService } from './operations.service.js';
import { ProbeChoiceService } from './probe-choice.service.js';
import { runsOf } from '../../measurement/schedule/run-numbers.js';

export interface CreatedOperation {
  operation: OperationEntity;
  probes: ChosenProbe[];
}

/** What an operation would be. */
export interface QuotedOperation {
  operation: Omit<OperationEntity, 'number'>;
  probes: ChosenProbe[];
}

/** The way of an operation out: validate, select, price, charge and store in one transaction, dispatch. */
@Injectable()
export class OperationCreationService {
  private readonly logger = new Logger('operations');
  private readonly foresight: Foresight;

  constructor(
    private readonly repository: OperationsRepository,
    private readonly operations: OperationsService,
    private readonly choice: ProbeChoiceService,
    private readonly dispatch: DispatchService,
    private readonly store: OperationStore,
    private readonly quotas: QuotasService,
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
      find: (key) => this.repository.findByIdempotencyKey(owner._id, key),
      show: async (operation) => ({ operation, probes: await this.operations.probesOf(operation) }),
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
}
