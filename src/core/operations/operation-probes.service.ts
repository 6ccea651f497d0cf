import { Inject, Injectable, Logger } from '@nestjs/common';
import { ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type Seen, wasSeen } from '../../platform/database/revision.js';
import { type Transaction, TransactionsService } from '../../platform/database/transactions.service.js';
import { ChangedMeanwhileError, DomainError } from '../../platform/errors/domain.error.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { isKindName, KINDS } from '../../measurement/kinds/index.js';
import {
  type AssignmentEntity,
  AssignmentsRepository,
  goesOnUntold,
  leavingsOf,
  MOST_STRETCHES,
  type OperationEntity,
  OperationsRepository,
  runsBegunBy,
  unusedCredits,
} from '../assignments/index.js';
import { DispatchService } from '../delivery/index.js';
import { LedgerService } from '../ledger/index.js';
import { type ChosenProbe, MAX_PROBES } from '../probes/index.js';
import {
  type Admission,
  type Admit,
  ProbeLoadsService,
  QuotasService,
  ReleasesService,
} from '../quotas/index.js';
import { type UserEntity } from '../users/index.js';
import { assignmentsOf, bytesOf, refuseTooMany } from './new-operation.js';
import { type Availability, type OperationRequest } from './operation-request.js';
import { OperationsService, refuseOthers, stateOf } from './operations.service.js';
import { ProbeChoiceService } from './probe-choice.service.js';

type User = Pick<UserEntity, '_id' | 'is_superuser'>;

/** An operation, and the probes that a request has added to it, or taken away. */
export interface ChangedProbes {
  operation: OperationEntity;
  probes: ObjectId[];
}

interface Addition {
  operation: OperationEntity;
  /** what is asked of each from now on, by the account of its own stretch */
  assignments: AssignmentEntity[];
  /** ids of those that were stopped, by the hexadecimal id of their probe: their accounts go on */
  reopened: ReadonlyMap<string, ObjectId>;
  /** of probes that were taken away and could not be told: nothing was paid back, and nothing is charged */
  untold: AssignmentEntity[];
  credits: number;
}

/** Probes that a request adds. */
interface Chosen {
  probes: ChosenProbe[];
  /** what they had of the operation before, by their hexadecimal ids */
  before: ReadonlyMap<string, AssignmentEntity>;
}

/** A request that names no revision is tried again so often when others change the operation meanwhile. */
const MOST_ATTEMPTS = 5;

/** Adds probes to a running operation, and takes them away: charged and paid back for the runs that are left. */
@Injectable()
export class OperationProbesService {
  private readonly logger = new Logger('operations');

  constructor(
    private readonly running: OperationsService,
    private readonly operations: OperationsRepository,
    private readonly assignments: AssignmentsRepository,
    private readonly choice: ProbeChoiceService,
    private readonly ledger: LedgerService,
    private readonly transactions: TransactionsService,
    private readonly dispatch: DispatchService,
    private readonly quotas: QuotasService,
    private readonly releases: ReleasesService,
    private readonly loads: ProbeLoadsService,
    private readonly clock: PlatformClock,
    @Inject(ENV) private readonly env: Pick<Env, 'credits'>,
  ) {}

  /**
   * Adds probes, from their next run on. Those that it has already stay as they are; one that was taken away begins anew, and the
   * account of its runs goes on.
   * @param user its owner, who pays @param seen by the caller
   * @param probes ids (undefined: one that is none), or a rule: of others than those that it has
   * @throws DomainError not_found, forbidden, changed_meanwhile, conflict (it is over, no run is left, or a probe
   *   has refused it), invalid_request, too_few_probes, too_many_runs, not_enough_credits, limit_reached; nothing has changed then
   */
  async add(
    id: ObjectId | undefined,
    user: User,
    seen: Seen,
    probes: OperationRequest['probes'],
    availability: Availability = 'whenever',
  ): Promise<ChangedProbes> {
    return this.unlessChanged(seen, async () => {
      const operation = await this.seenBy(id, user, seen);
      if (!operation.owner.equals(user._id)) throw new DomainError('forbidden', 'The operation is not yours');
      await this.refuseOver(operation);
      const chosen = await this.chosenFor(operation, probes, availability);
      if (chosen.probes.length === 0) return { operation, probes: [] };
      const changed = await this.store(this.additionOf(operation, chosen), user);
      return { operation: changed, probes: chosen.probes.map(({ _id }) => _id) };
    });
  }

  /**
   * Takes probes away: what each of them has not begun yet is paid back, as when the whole operation is stopped. Those that it
   * has not, or has no more, change nothing.
   * @param user its owner, or a superuser @param seen by the caller
   * @throws DomainError not_found, forbidden, changed_meanwhile
   */
  async remove(
    id: ObjectId | undefined,
    user: User,
    seen: Seen,
    probes: readonly ObjectId[],
  ): Promise<ChangedProbes> {
    return this.unlessChanged(seen, async () => {
      const operation = await this.seenBy(id, user, seen);
      refuseOthers(operation, user);
      if (operation.stopped_at !== undefined) return { operation, probes: [] };
      return this.takeAway(operation, new Set(probes.map(String)));
    });
  }

  private async seenBy(id: ObjectId | undefined, user: User, seen: Seen): Promise<OperationEntity> {
    const operation = await this.running.get(id, user);
    if (!wasSeen(seen, operation.revision))
      throw new ChangedMeanwhileError('The operation', operation.revision);
    return operation;
  }

  /** @throws DomainError conflict */
  private async refuseOver(operation: OperationEntity): Promise<void> {
    const now = this.clock.now();
    const state = stateOf(operation, await this.running.progressOf(operation), now);
    // one of which all probes were taken away has nothing to do, and goes on once there is another
    if (state === 'stopped' || (state === 'done' && operation.ends_at <= now))
      throw new DomainError('conflict', `The operation is ${state}: no probe can be added`);
  }

  private async chosenFor(
    operation: OperationEntity,
    probes: OperationRequest['probes'],
    availability: Availability,
  ): Promise<Chosen> {
    const { kind, params, schedule, cost_per_run: costPerRun, owner } = operation;
    if (!isKindName(kind))
      throw new DomainError('conflict', 'The operation was imported: nothing measures for it');
    const present = await this.assignments.findByOperation(operation._id);
    const wanted = 'count' in probes ? without(probes, present) : missingOf(probes, present);
    const before = new Map(present.map((each) => [each.probe.toHexString(), each]));
    if (!('count' in wanted) && wanted.length === 0) return { probes: [], before };
    const chosen = await this.choice.choose({
      ...{ probes: wanted, availability, kind, params, schedule, costPerRun, owner },
      ...{ bytes: bytesOf(operation), idempotencyKey: undefined },
    });
    const sum = present.length + chosen.probes.filter(({ _id }) => !before.has(_id.toHexString())).length;
    if (sum > MAX_PROBES)
      throw DomainError.invalid({
        field: 'probes',
        message: `must make no more than ${MAX_PROBES} probes of the operation; these would make ${sum}`,
      });
    refuseTooMany(operation.runs_per_probe, sum);
    return { probes: chosen.probes, before };
  }

  /** @throws DomainError conflict where a probe has no run left */
  private additionOf(operation: OperationEntity, { probes, before }: Chosen): Addition {
    const now = this.clock.now();
    const stoppedOf = ({ probe }: Pick<AssignmentEntity, 'probe'>) => before.get(probe.toHexString());
    const untold = probes.flatMap(({ _id }) => {
      const stopped = stoppedOf({ probe: _id });
      return stopped !== undefined && goesOnUntold(stopped) ? [stopped] : [];
    });
    const others = probes.filter(({ _id }) => !untold.some(({ probe }) => probe.equals(_id)));
    const assignments = assignmentsOf({ ...operation, created_at: now }, others, bytesOf(operation)).map(
      (assignment): AssignmentEntity => {
        const first_run = runsBegunBy(operation.schedule, assignment.probe, now);
        const due = operation.runs_per_probe - first_run;
        if (due <= 0)
          throw new DomainError(
            'conflict',
            `No run of the operation is left for ${String(assignment.probe)}`,
          );
        return { ...assignment, due, ...(first_run > 0 && { first_run }) };
      },
    );
    const runs = assignments.reduce((sum, { due }) => sum + due, 0);
    // one that cost nothing (CREDITS=off) goes on costing nothing: a stop of it pays nothing back
    const isFree = !this.env.credits || operation.credits === 0;
    return {
      ...{ operation, assignments, untold, credits: isFree ? 0 : runs * operation.cost_per_run },
      reopened: new Map(
        assignments.flatMap((assignment) => {
          const stopped = stoppedOf(assignment);
          return stopped === undefined ? [] : [[assignment.probe.toHexString(), stopped._id] as const];
        }),
      ),
    };
  }

  private async store(addition: Addition, user: User): Promise<OperationEntity> {
    const { operation, assignments } = addition;
    if (assignments.length === 0)
      return this.transactions.run((transaction) =>
        this.write(addition, () => Promise.resolve(), transaction),
      );
    const admission = await this.admissionOf(addition, user);
    const room = await this.loads.reserve(
      assignments.map(({ probe }) => ({ _id: probe })),
      bytesOf(operation),
    );
    this.dispatch.claim(assignments);
    let changed: OperationEntity | undefined;
    try {
      await this.quotas.admitting([admission], async (admit) => {
        changed = await this.transactions.run(
          (transaction) => this.write(addition, admit, transaction),
          ...admission.serialised,
        );
      });
      room.keep();
    } catch (error) {
      await room.giveBack();
      throw error;
    }
    if (changed === undefined) throw new Error('nothing was stored');
    this.dispatch.start(changed, assignments);
    this.logger.log(
      { operation_id: String(operation._id), probes: assignments.length, credits: addition.credits },
      'probes added to an operation',
    );
    return changed;
  }

  private async admissionOf({ operation, assignments }: Addition, owner: User): Promise<Admission> {
    const kind = KINDS[operation.kind as keyof typeof KINDS];
    const { wire, destinations } = kind.check(JSON.parse(operation.accepted_params), 'ignore');
    const strikes = kind.strikes(wire, destinations);
    return this.quotas.prepareMore({
      owner,
      operation: { ...operation, probe_count: assignments.length },
      strikes,
    });
  }

  private async write(addition: Addition, admit: Admit, transaction: Transaction): Promise<OperationEntity> {
    const { operation, assignments, reopened, untold, credits } = addition;
    const reference = `operation:${String(operation._id)}:${operation.revision}`;
    await this.ledger.charge([{ user: operation.owner, amount: credits, reference }], transaction);
    const change = {
      probe_count: assignments.length - reopened.size,
      probes_removed: 0 - reopened.size - untold.length,
      ...{ credits, refunded: 0 },
    };
    const changed = await this.operations.changeProbes(operation, change, this.clock.now(), transaction);
    if (changed === null) throw new ChangedMeanwhileError('The operation', operation.revision + 1);
    await admit(transaction);
    await this.writeAssignments(addition, transaction);
    return changed;
  }

  private async writeAssignments(
    { operation, assignments, reopened, untold }: Addition,
    transaction: Transaction,
  ): Promise<void> {
    const byProbe = new Map(assignments.map((each) => [each.probe.toHexString(), each]));
    const fresh = assignments.filter(({ probe }) => !reopened.has(probe.toHexString()));
    if (fresh.length > 0) await this.assignments.insertAll(fresh, transaction);
    const again = await this.assignments.reopenAll([...reopened.values()], byProbe, transaction);
    const goingOn = await this.assignments.resumeUntold(
      untold.map(({ _id }) => _id),
      transaction,
    );
    if (again !== reopened.size || goingOn !== untold.length)
      throw new ChangedMeanwhileError('The operation', operation.revision + 1);
  }

  private async takeAway(operation: OperationEntity, probes: ReadonlySet<string>): Promise<ChangedProbes> {
    const now = this.clock.now();
    const serialised = await this.releases.serialisedBy([operation._id]);
    const { changed, taken } = await this.transactions.run(
      async (transaction) => {
        const live = await this.assignments.findLiveOfOperation(operation._id, transaction);
        const own = live.filter(({ probe }) => probes.has(probe.toHexString()));
        if (own.length === 0) return { changed: operation, taken: own };
        return { changed: await this.writeRemoval(operation, own, now, transaction), taken: own };
      },
      String(operation.owner),
      ...serialised,
    );
    const ids = taken.map(({ probe }) => probe);
    if (ids.length === 0) return { operation: changed, probes: [] };
    this.logger.log(
      { operation_id: String(operation._id), probes: ids.length },
      'probes taken away from an operation',
    );
    this.dispatch.stopAt(changed, ids);
    await this.loads.release(ids, bytesOf(operation));
    this.releases.scheduleCompletionCheck(operation._id);
    return { operation: changed, probes: ids };
  }

  private async writeRemoval(
    operation: OperationEntity,
    taken: readonly AssignmentEntity[],
    now: Date,
    transaction: Transaction,
  ): Promise<OperationEntity> {
    const refunded = taken.reduce((sum, assignment) => sum + unusedCredits(operation, assignment, now), 0);
    const change = { probe_count: 0, probes_removed: taken.length, credits: 0, refunded };
    const changed = await this.operations.changeProbes(operation, change, now, transaction);
    if (changed === null) throw new ChangedMeanwhileError('The operation', operation.revision + 1);
    await this.releases.reduce(operation, taken, now, transaction);
    await this.assignments.markStopped(operation._id, now, leavingsOf(operation, taken, now), transaction);
    const reference = `removed:${String(operation._id)}:${operation.revision}`;
    if (refunded > 0) await this.ledger.pay(operation.owner, refunded, 'refund', reference, transaction);
    return changed;
  }

  /** Who names no revision does not mind what others do meanwhile. */
  private async unlessChanged<T>(seen: Seen, work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (seen !== 'any' || attempt === MOST_ATTEMPTS || !(error instanceof ChangedMeanwhileError))
          throw error;
      }
    }
  }
}

function without<Rule extends { exclude?: string[] }>(
  rule: Rule,
  present: readonly AssignmentEntity[],
): Rule {
  return { ...rule, exclude: [...(rule.exclude ?? []), ...present.map(({ probe }) => probe.toHexString())] };
}

/** @throws DomainError conflict */
function missingOf(
  ids: readonly (ObjectId | undefined)[],
  present: readonly AssignmentEntity[],
): (ObjectId | undefined)[] {
  const byProbe = new Map(present.map((each) => [each.probe.toHexString(), each]));
  return ids.filter((id) => {
    const known = id && byProbe.get(id.toHexString());
    if (known === undefined) return true;
    const { state, earlier = [] } = known;
    const why =
      state === 'refused'
        ? 'has refused the operation'
        : state === 'stopped' && earlier.length >= MOST_STRETCHES
          ? `was taken away from the operation ${MOST_STRETCHES} times`
          : undefined;
    if (why !== undefined)
      throw new DomainError('conflict', `${String(id)} in probes ${why}: it cannot be added again`);
    // of one that is done all that was asked is there
    return state === 'stopped';
  });
}
