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
import {
  type AssignmentEntity,
  OPERATION_NUMBERS,
  type OperationEntity,
  OperationsRepository,
} from '../assignments/index.js';
import { type Admission, QuotasService, ProbeLoadsService, type Reservation } from '../quotas/index.js';
import { DispatchService } from '../delivery/index.js';
import { KINDS } from '../../measurement/kinds/index.js';
import { type Strike } from '../../measurement/kinds/kind.js';
import { checkTogether } from '../../measurement/params/invalid-params.error.js';
import { valueOf } from '../../measurement/params/reading.js';
import { assignmentsOf, bytesOf, deliveryEnd, namingFields, refuseTooMany } from './new-operation.js';
import { type OperationRequest } from './operation-request.js';
import { Foresight } from './foresight.js';
import { OperationStore } from './operation-store.js';
import { OperationsService } from './operations.service.js';
import { ProbeChoiceService, type ProbesWanted } from './probe-choice.service.js';
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

/** An operation that could be stored. */
interface Plan extends QuotedOperation {
  strikes: readonly Strike[];
  /** as a probe is told it */
  bytes: number;
  wanted: ProbesWanted;
}

/** One that the quotas allow as such. */
interface Draft extends Plan {
  admission: Admission;
}

/** The probe is not as it was remembered. */
class ProbeChangedError extends Error {
  override readonly name = 'ProbeChangedError';
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
    const remembered = this.choice.recall(request.probes);
    const made = remembered && (await this.createAhead(owner, request, remembered));
    if (made !== undefined) return made;
    const draft = await this.draft(owner, request);
    const { probes, bytes } = draft;
    const room = handled(this.loads.reserve(probes, bytes));
    // the rest waits for it only where it has to be looked up
    if (!this.loads.seemFree(probes, bytes)) await room;
    return { operation: await this.storeAndBegin(owner, request, draft, room), probes };
  }

  /**
   * The same for the one probe that is named, as it was read lately. It is read by the write that takes its room, while the operation
   * is being stored, which is not committed before that (docs/adr/0057).
   * @returns undefined where it is not to be made for the probe as it was: nothing has changed then
   */
  private async createAhead(
    owner: UserEntity,
    request: OperationRequest,
    remembered: ChosenProbe,
  ): Promise<CreatedOperation | undefined> {
    const draft = await this.draft(owner, request, remembered).catch(whereRefused);
    if (draft === undefined || !this.loads.isFarFromFull(remembered, draft.bytes)) return undefined;
    const probes: ChosenProbe[] = [];
    const take = async () => {
      const taken = await this.loads.reserveOne(remembered._id, draft.bytes);
      if (taken === undefined) throw new ProbeChangedError();
      if (!this.choice.isStillChosen(draft.wanted, remembered, taken.probe)) {
        await taken.reservation.giveBack();
        throw new ProbeChangedError();
      }
      probes.push(taken.probe);
      return taken.reservation;
    };
    try {
      return { operation: await this.storeAndBegin(owner, request, draft, handled(take())), probes };
    } catch (error) {
      if (error instanceof ProbeChangedError) return undefined;
      throw error;
    }
  }

  /** @param room of its probes, which is being taken */
  private async storeAndBegin(
    owner: UserEntity,
    request: OperationRequest,
    { operation: planned, probes, bytes, admission }: Draft,
    room: Promise<Reservation>,
  ): Promise<OperationEntity> {
    const assignments = assignmentsOf(planned, probes, bytes);
    const { confirmation } = owner;
    let told: ((stored: boolean) => void) | undefined;
    const ask = () => (told ??= this.ask(owner, planned, assignments));
    let operation: OperationEntity;
    try {
      this.dispatch.claim(assignments);
      // nothing goes to a probe for one who may not be who they were
      if (confirmation === undefined) ask();
      // where nothing is charged, it is read beside
      else if (!this.env.credits) void handled(confirmation.confirm());
      const charged = async (account: UserEntity | undefined) => {
        if (account === undefined) await confirmation?.confirm();
        else confirmation?.confirmBy(account);
        ask();
      };
      operation = await this.numbers.give(OPERATION_NUMBERS, request.number, async (number) => {
        const numbered = { ...planned, number };
        await this.store.store({ operation: numbered, assignments, admission, room, charged });
        return numbered;
      });
      (await room).keep();
    } catch (error) {
      told?.(false);
      if (!(error instanceof ProbeChangedError)) this.foresight.noteRefusal(owner);
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
    return operation;
  }

  /** @returns what is to be called with whether it was stored, behind dispatch.start() */
  private ask(
    owner: UserEntity,
    planned: Plan['operation'],
    assignments: readonly AssignmentEntity[],
  ): (stored: boolean) => void {
    return this.foresight.isLikely(owner, planned)
      ? this.dispatch.expect(planned, assignments)
      : () => undefined;
  }

  /**
   * Makes several operations, or none of them: they are charged and stored in one transaction.
   * @returns them in the order of the requests
   * @throws DomainError as create(); nothing has changed then
   */
  async createAll(owner: UserEntity, requests: readonly OperationRequest[]): Promise<CreatedOperation[]> {
    await owner.confirmation?.confirm();
    const [only, ...others] = requests;
    if (only !== undefined && others.length === 0) return [await this.create(owner, only)];
    const drafts: (Draft & { assignments: AssignmentEntity[] })[] = [];
    for (const request of requests) {
      const draft = await this.draft(owner, request);
      drafts.push({ ...draft, assignments: assignmentsOf(draft.operation, draft.probes, draft.bytes) });
    }
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

  /** @param remembered as plan() */
  private async draft(
    owner: UserEntity,
    request: OperationRequest,
    remembered?: ChosenProbe,
  ): Promise<Draft> {
    const plan = await this.plan(owner, request, remembered);
    return { ...plan, admission: this.quotas.prepare({ owner, ...plan }) };
  }

  /** Validates, chooses probes and prices: nothing is stored. @param remembered the one that is named, which is not read then */
  private async plan(owner: UserEntity, request: OperationRequest, remembered?: ChosenProbe): Promise<Plan> {
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
    const wanted: ProbesWanted = {
      probes: request.probes,
      availability: request.availability,
      kind: request.kind,
      params: params.wire,
      schedule,
      costPerRun,
      bytes,
      owner: owner._id,
      idempotencyKey: request.idempotency?.key,
    };
    const { probes, selection } = await this.choice.choose(wanted, remembered);
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
    const strikes = kind.strikes(params.wire, params.destinations);
    return { operation, probes, strikes, bytes, wanted };
  }
}

/** What is refused of a probe as it was is judged by how it is. */
function whereRefused(error: unknown): undefined {
  if (error instanceof DomainError) return undefined;
  throw error;
}
