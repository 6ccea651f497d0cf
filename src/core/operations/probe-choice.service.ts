import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { randomBytes } from 'node:crypto';
import { requestHash } from '../../platform/database/idempotency.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import {
  type ChosenProbe,
  ProbesService,
  type Selection,
  type SelectionRule,
  SelectionService,
} from '../probes/index.js';
import { type KindName } from '../../measurement/kinds/index.js';
import { ProbeProtocols } from '../presence/index.js';
import { ProbeLoadsService } from '../quotas/index.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';
import { type Availability, type OperationRequest } from './operation-request.js';

const SEED_DIGITS = 16;
const REMEMBERED = 1_000;

/** What has to be known of an operation to choose its probes. */
export interface ProbesWanted {
  /** named ones, or a rule */
  probes: OperationRequest['probes'];
  availability: Availability;
  kind: KindName;
  params: Record<string, unknown>;
  schedule: Schedule;
  costPerRun: number;
  /** of the operation as a probe is told it */
  bytes: number;
  owner: ObjectId;
  idempotencyKey: string | undefined;
}

export interface ChosenProbes {
  probes: ChosenProbe[];
  /** where they were chosen by a rule */
  selection?: Selection;
}

/** Which probes an operation is for. */
@Injectable()
export class ProbeChoiceService {
  /** by id: those that operations of one probe were for lately, as they were read last */
  private readonly remembered = new LRUCache<string, ChosenProbe>({ max: REMEMBERED });

  constructor(
    private readonly probes: ProbesService,
    private readonly selections: SelectionService,
    private readonly loads: ProbeLoadsService,
    private readonly protocols: ProbeProtocols,
  ) {}

  /**
   * @param remembered the one that is named, as it was read lately: it is not read anew
   * @throws DomainError not_found, no_available_probe, too_few_probes; invalid_request when one of the named probes would run at
   *   other times than those that are charged
   */
  async choose(wanted: ProbesWanted, remembered?: ChosenProbe): Promise<ChosenProbes> {
    if (remembered !== undefined) return { probes: this.chosenOf(wanted, [remembered]) };
    return 'count' in wanted.probes ? this.byRule(wanted, wanted.probes) : this.named(wanted, wanted.probes);
  }

  /** @returns the only one that is named, as it was read lately; undefined: it was not, or there are more */
  recall(probes: OperationRequest['probes']): ChosenProbe | undefined {
    if ('count' in probes) return undefined;
    const [only, ...others] = probes;
    return only && others.length === 0 ? this.remembered.get(only.toHexString()) : undefined;
  }

  /** @returns whether an operation that was planned for a probe as it was remembered may be stored for it as it is */
  isStillChosen(wanted: ProbesWanted, remembered: ChosenProbe, probe: ChosenProbe): boolean {
    this.remembered.set(probe._id.toHexString(), probe);
    if (!probe.owner.equals(remembered.owner)) return false;
    try {
      return this.chosenOf(wanted, [probe]).length === 1;
    } catch (error) {
      if (error instanceof DomainError) return false;
      throw error;
    }
  }

  private async byRule(wanted: ProbesWanted, rule: SelectionRule): Promise<ChosenProbes> {
    // a member that was not asked for is absent in the database as well, not null
    const asked = JSON.parse(JSON.stringify(rule)) as SelectionRule;
    const selection = { ...asked, seed: seedFor(wanted) };
    const kind = { name: wanted.kind, notOver: this.protocols.unableToTell(wanted) };
    await this.loads.countFull(wanted.bytes);
    const room = { operations: 1, bytes: wanted.bytes };
    return { probes: await this.selections.choose(selection, { kind, room }), selection };
  }

  private async named(wanted: ProbesWanted, ids: readonly (ObjectId | undefined)[]): Promise<ChosenProbes> {
    const probes = await this.probes.chosen(ids);
    const [only, ...others] = probes;
    if (only && others.length === 0) this.remembered.set(only._id.toHexString(), only);
    return { probes: this.chosenOf(wanted, probes) };
  }

  /** @param probes those that are named @throws DomainError */
  private chosenOf(
    { availability, costPerRun, schedule }: ProbesWanted,
    probes: readonly ChosenProbe[],
  ): ChosenProbe[] {
    const imported = probes.find((probe) => probe.imported);
    if (imported) {
      const message = `must have no probe that was imported: ${String(imported._id)} cannot measure`;
      throw DomainError.invalid({ field: 'probes', message });
    }
    const suspended = probes.find((probe) => probe.suspended !== undefined);
    if (availability === 'whenever' && suspended)
      throw new DomainError('conflict', `${String(suspended._id)} in probes is suspended: it gets no work`);
    const chosen =
      availability === 'whenever'
        ? [...probes]
        : probes.filter((probe) => this.probes.isAvailable(probe, costPerRun));
    if (availability === 'now' && chosen.length === 0) {
      throw new DomainError(
        'no_available_probe',
        'No available probes: none of them is connected and has room for this',
      );
    }
    this.refuseOtherTimes(schedule, chosen);
    return chosen;
  }

  /** @throws DomainError invalid_request */
  private refuseOtherTimes(schedule: Schedule, probes: readonly ChosenProbe[]): void {
    for (const label of new Set(probes.map(({ capabilities }) => capabilities?.protocol))) {
      const message = this.protocols.whyOtherTimes(label, schedule);
      if (message !== undefined) throw DomainError.invalid({ field: 'schedule.cron', message });
    }
  }
}

/** The same for a request that is repeated, so that two servers that have it at once choose the same. */
function seedFor({ owner, idempotencyKey }: ProbesWanted): string {
  if (idempotencyKey === undefined) return randomBytes(SEED_DIGITS / 2).toString('hex');
  return requestHash([String(owner), idempotencyKey]).slice(0, SEED_DIGITS);
}
