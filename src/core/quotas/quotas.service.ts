import { Inject, Injectable } from '@nestjs/common';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { isDuplicateKey } from '../../platform/errors/database-errors.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { type UserEntity } from '../users/index.js';
import { type Strike } from '../../measurement/kinds/kind.js';
import { impossibleError, type Load, metered, reachedError } from './limit-errors.js';
import { freeAt } from './free-at.js';
import { type Amounts, type HoldEntity, METERED_BOUNDS, type MeteredBound } from './hold.schema.js';
import { HoldsRepository } from './holds.repository.js';
import { type MeterEntity } from './meter.schema.js';
import { MetersRepository } from './meters.repository.js';
import { holdsOf, type Loading, targetMeter, targetOfMeter, userMeter } from './operation-load.js';
import { stripesOf } from './stripes.js';
import { added, additionOf, type MeterChange } from './sums.js';

/** Operations of a target that are named to a superuser. */
const MOST_NAMED = 100;
/** Meters that are raised without a look at them: each is a write of its own then. */
const MOST_UNSEEN = 100;

const USER_BOUNDS = ['user_operations', 'user_running', 'user_results'] as const;

/** Takes the quotas of one creation, in its transaction. */
export type Admit = (transaction: Transaction) => Promise<void>;

/** A meter may have no room: whether it has, a look at what is over will tell. */
class NearQuotaError extends Error {
  override readonly name = 'NearQuotaError';
}

export interface Creation {
  owner: Pick<UserEntity, '_id' | 'is_superuser'>;
  operation: Loading;
  /** of one run of one probe */
  strikes: readonly Strike[];
}

/** What a new operation asks of the quotas: possible as such, and not granted yet. */
export interface Admission {
  readonly owner: Creation['owner'];
  readonly holds: readonly HoldEntity[];
  /** those of a running operation that grow; absent: none */
  readonly grown?: { before: readonly HoldEntity[]; after: readonly HoldEntity[] };
  /** what they add to each meter */
  readonly addition: readonly MeterChange[];
  /** what its transaction names, to be done in turn with others (TransactionsService) */
  readonly serialised: readonly string[];
}

/** How far a quota is used; in the units of the meter. */
export interface Usage {
  bound: MeteredBound;
  /** undefined: none */
  limit: number | undefined;
  used: number;
  /** when one more has room; undefined: now */
  freeAt: Date | undefined;
}

export interface TargetUse {
  /** operations that strike it now */
  operations: number;
  usage: Usage[];
  strongest: Omit<HoldEntity, 'meters'>[];
}

/** What a user may ask of the platform, and what all users together may send to one target. */
@Injectable()
export class QuotasService {
  /** as meters count; 0: no quota */
  private readonly limits: Readonly<Record<MeteredBound, number>>;

  constructor(
    private readonly meters: MetersRepository,
    private readonly holds: HoldsRepository,
    private readonly hits: LimitHits,
    private readonly clock: PlatformClock,
    @Inject(ENV) env: Env,
  ) {
    this.limits = {
      user_operations: env.userMaxOperationsPerDay,
      user_running: env.userMaxRunningOperations,
      user_results: env.userMaxResultsPerDay,
      target_probes: env.targetMaxProbes,
      target_packets: metered('target_packets', env.targetMaxPacketsPerS),
    };
  }

  /** @throws DomainError invalid_request where the operation alone asks for more than the quotas allow */
  prepare({ owner, operation, strikes }: Creation): Admission {
    const holds = holdsOf(operation, strikes);
    const addition = additionOf(holds);
    const impossible = this.loadsOf(addition, owner).filter(({ asked, limit }) => asked > limit);
    if (impossible.length > 0) throw impossibleError(impossible, operation);
    const meters = holds.flatMap((hold) => hold.meters);
    return { owner, holds, addition, serialised: [owner._id.toHexString(), ...stripesOf(meters)] };
  }

  /**
   * Likewise for probes that are added to a running operation.
   * @param creation with as many probes as are added
   * @throws DomainError invalid_request where they alone ask for more than the quotas allow
   */
  async prepareMore({ owner, operation, strikes }: Creation): Promise<Admission> {
    const before = await this.holds.findOfOperations([operation._id]);
    const standing = new Map(before.map((hold) => [hold._id, hold]));
    // it is one operation still
    const more = holdsOf(operation, strikes).filter(
      ({ amounts: { user_operations, user_running } }) =>
        user_operations === undefined && user_running === undefined,
    );
    const isStanding = ({ _id }: HoldEntity) => standing.has(_id);
    const addition = [
      ...additionOf(more.filter(isStanding)).map((change) => ({ ...change, holds: 0 })),
      ...additionOf(more.filter((hold) => !isStanding(hold))),
    ];
    const impossible = this.loadsOf(addition, owner).filter(({ asked, limit }) => asked > limit);
    if (impossible.length > 0) throw impossibleError(impossible, operation);
    const after = more.flatMap(({ _id, amounts }) => {
      const hold = standing.get(_id);
      return hold === undefined ? [] : [{ ...hold, amounts: added(hold.amounts, amounts) }];
    });
    return {
      ...{ owner, addition, grown: { before, after }, holds: more.filter((hold) => !isStanding(hold)) },
      serialised: [owner._id.toHexString(), ...stripesOf(more.flatMap((hold) => hold.meters))],
    };
  }

  /**
   * Takes what new operations use of every quota, or nothing. Exact whatever happens at once: of two transactions that
   * change one meter one is repeated.
   * @param store runs their transaction; a second time for a single one where a quota is nearly used up
   * @param isWhole several are stored together or not at all
   * @throws LimitReachedError for a single one, or a whole; others are to be tried one by one, whatever the error
   */
  async admitting(
    admissions: readonly Admission[],
    store: (admit: Admit) => Promise<void>,
    isWhole = false,
  ): Promise<void> {
    const [first, ...others] = admissions;
    if (first === undefined) return;
    const looking = () =>
      store(async (transaction) => {
        for (const each of admissions) await this.admitLooking(each, transaction);
      });
    const isOne = others.length === 0 || isWhole;
    if (isOne && admissions.some((each) => metersOf(each) > MOST_UNSEEN)) return looking();
    try {
      await store((transaction) => this.admitUnseen(admissions, transaction));
    } catch (error) {
      if (!isOne || !(error instanceof NearQuotaError)) throw error;
      await looking();
    }
  }

  /**
   * Far from every bound: the sums of the meters, which are no less than what is used, have room in any case.
   * @throws NearQuotaError
   */
  private async admitUnseen(admissions: readonly Admission[], transaction: Transaction): Promise<void> {
    const all = admissions.flatMap(({ owner, addition }) => addition.map((change) => ({ owner, change })));
    const changes = all.map(({ owner, change }) => {
      const loads = this.loadsOf([change], owner);
      return {
        change,
        most: Object.fromEntries(loads.map(({ bound, limit, asked }) => [bound, limit - asked])),
      };
    });
    const holds = admissions.flatMap((admission) => admission.holds);
    try {
      await this.meters.take(changes, holds, transaction);
    } catch (error) {
      if (isDuplicateKey(error)) throw new NearQuotaError();
      throw error;
    }
    await this.growHolds(admissions, transaction);
  }

  /** Of a running operation that gets more probes. @throws DomainError busy */
  private async growHolds(admissions: readonly Admission[], transaction: Transaction): Promise<void> {
    for (const { grown } of admissions) {
      if (grown === undefined) continue;
      const ids = grown.before.map(({ _id }) => _id);
      const now = await this.holds.findByIds(ids, transaction);
      // a release came between: the sum of both is another one
      if (!isSame(now, grown.before))
        throw new DomainError('busy', 'The operation is being changed; try again');
      await this.holds.change(grown.after, transaction);
    }
  }

  private async admitLooking(admission: Admission, transaction: Transaction): Promise<void> {
    const { owner, addition } = admission;
    const now = this.clock.now();
    const meters = addition.flatMap((change) => change.meters);
    const { used, known } = await this.usedOf(meters, now, transaction);
    const full = this.loadsOf(addition, owner, used).filter((load) => load.used + load.asked > load.limit);
    if (full.length > 0) throw await this.refusal(full, now, transaction);
    await this.meters.add(addition, known, transaction);
    if (admission.holds.length > 0) await this.holds.insertAll(admission.holds, transaction);
    await this.growHolds([admission], transaction);
  }

  async usageOfUser(user: Pick<UserEntity, '_id' | 'is_superuser'>): Promise<Usage[]> {
    const meter = userMeter(user._id);
    const now = this.clock.now();
    const used = (await this.usedOf([meter], now)).used.get(meter);
    return this.usages(meter, USER_BOUNDS, user.is_superuser, used?.sums ?? {}, now);
  }

  /** @param target as targetOf() gives it */
  async usageOfTarget(target: string): Promise<TargetUse> {
    const meter = targetMeter(target);
    const now = this.clock.now();
    const used = (await this.usedOf([meter], now)).used.get(meter);
    return {
      operations: used?.holds ?? 0,
      usage: await this.usages(meter, ['target_probes', 'target_packets'], false, used?.sums ?? {}, now),
      strongest: await this.holds.strongest(meter, 'target_packets', now, MOST_NAMED),
    };
  }

  /** @returns targets that live operations strike, those with the most packets a second first; what ended lately may still count */
  async busiestTargets(limit: number): Promise<{ target: string; operations: number; amounts: Amounts }[]> {
    const meters = await this.meters.busiestTargets(limit);
    return meters.map(({ _id, holds, sums }) => ({
      target: targetOfMeter(_id) ?? _id,
      operations: holds,
      amounts: sums,
    }));
  }

  private async usages(
    meter: string,
    bounds: readonly MeteredBound[],
    unbounded: boolean,
    amounts: Amounts,
    now: Date,
  ): Promise<Usage[]> {
    return Promise.all(
      bounds.map(async (bound) => {
        const limit = this.limits[bound] === 0 || unbounded ? undefined : this.limits[bound];
        const used = amounts[bound] ?? 0;
        const missing = limit === undefined ? 0 : used + 1 - limit;
        const free =
          missing > 0 ? await freeAt(this.holds.ending(meter, bound, now), bound, missing) : undefined;
        return { bound, limit, used, freeAt: free };
      }),
    );
  }

  /** Of a request that several quotas refuse: the one that does so for longest. */
  private async refusal(full: readonly Load[], now: Date, transaction: Transaction) {
    let last: { load: Load; at: Date | undefined } | undefined;
    for (const load of full) {
      const { bound, meter, used, asked, limit } = load;
      this.hits.note(bound);
      const ending = this.holds.ending(meter, bound, now, transaction);
      const at = await freeAt(ending, bound, used + asked - limit);
      if (last?.at === undefined || (at !== undefined && at > last.at)) last = { load, at };
    }
    if (last === undefined) throw new Error('no quota is reached');
    return reachedError(last.load, last.at, now);
  }

  /** Each quota that applies. @param used absent: nothing is */
  private loadsOf(
    addition: readonly MeterChange[],
    owner: Creation['owner'],
    used?: ReadonlyMap<string, MeterEntity>,
  ): Load[] {
    return addition.flatMap(({ meters, amounts }) =>
      METERED_BOUNDS.flatMap((bound) => {
        const asked = amounts[bound];
        const limit = this.limits[bound];
        if (asked === undefined || limit === 0) return [];
        if (owner.is_superuser && bound.startsWith('user_')) return [];
        return meters.map((meter) => ({
          bound,
          meter,
          limit,
          used: used?.get(meter)?.sums[bound] ?? 0,
          asked,
        }));
      }),
    );
  }

  /**
   * What is used now: the sums of the meters, less what is over and was not taken off them yet.
   * @returns also which meters there are
   */
  private async usedOf(
    meters: readonly string[],
    now: Date,
    transaction?: Transaction,
  ): Promise<{ used: ReadonlyMap<string, MeterEntity>; known: ReadonlySet<string> }> {
    const found = await this.meters.find(meters, transaction);
    const used = new Map(found.map((meter) => [meter._id, meter]));
    const known = new Set(used.keys());
    for (const over of await this.holds.sumOver(meters, now, transaction)) {
      const meter = used.get(over._id);
      if (meter !== undefined) used.set(over._id, less(meter, over));
    }
    return { used, known };
  }
}

function isSame(some: readonly HoldEntity[], others: readonly HoldEntity[]): boolean {
  const text = (holds: readonly HoldEntity[]) =>
    JSON.stringify(
      [...holds].sort((a, b) => a._id.localeCompare(b._id)).map(({ _id, amounts }) => [_id, amounts]),
    );
  return text(some) === text(others);
}

/** Meters that it changes. */
export function metersOf({ addition }: Admission): number {
  return addition.reduce((sum, { meters }) => sum + meters.length, 0);
}

function less({ _id, holds, sums }: MeterEntity, over: MeterEntity): MeterEntity {
  const left = METERED_BOUNDS.map((bound) => [bound, (sums[bound] ?? 0) - (over.sums[bound] ?? 0)] as const);
  return { _id, holds: holds - over.holds, sums: Object.fromEntries(left) };
}
