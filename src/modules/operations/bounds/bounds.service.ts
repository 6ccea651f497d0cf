import { Inject, Injectable } from '@nestjs/common';
import { type Transaction } from '../../../common/database/transactions.service.js';
import { LimitHits } from '../../../common/limits/limit-hits.js';
import { ENV } from '../../../config/config.module.js';
import { type Env } from '../../../config/env.js';
import { type UserEntity } from '../../users/user.schema.js';
import { type CallerMode, type Strike } from '../kinds/kind.js';
import { impossibleError, type Load, metered, reachedError } from './complaints.js';
import { freeAt } from './free-at.js';
import { type Amounts, type HoldEntity, METERED_BOUNDS, type MeteredBound } from './hold.schema.js';
import { HoldsRepository } from './holds.repository.js';
import { type MeterChange, MetersRepository } from './meters.repository.js';
import { holdsOf, type Loading, targetMeter, userMeter } from './operation-load.js';
import { stripesOf } from './stripes.js';
import { sumByMeter } from './sums.js';

/** Operations of a target that are named to a superuser. */
const MOST_NAMED = 100;

const USER_BOUNDS = ['user_operations', 'user_running', 'user_results'] as const;

export interface Admission {
  owner: Pick<UserEntity, '_id' | 'is_superuser'>;
  operation: Loading;
  /** of one run of one probe */
  strikes: readonly Strike[];
  mode: CallerMode;
}

/** How far a bound is used; in the units of the meter. */
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
  strongest: HoldEntity[];
}

/** What a user may ask of the platform, and what all users together may send to one target. */
@Injectable()
export class BoundsService {
  /** as meters count; 0: no bound */
  private readonly limits: Readonly<Record<MeteredBound, number>>;

  constructor(
    private readonly meters: MetersRepository,
    private readonly holds: HoldsRepository,
    private readonly hits: LimitHits,
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

  /** What the transaction of a new operation names, to be done in turn with others (TransactionsService). */
  serialisedBy({ owner, operation, strikes }: Admission): string[] {
    const meters = holdsOf(operation, strikes, operation.created_at).map(({ meter }) => meter);
    return [owner._id.toHexString(), ...stripesOf(meters)];
  }

  /**
   * Takes what a new operation uses of every bound, or nothing. Exact whatever happens at once: of two transactions that
   * change one meter one is repeated.
   * @throws LimitReachedError; DomainError invalid_request where it could never pass
   */
  async admit({ owner, operation, strikes, mode }: Admission, transaction: Transaction): Promise<void> {
    const now = new Date();
    const holds = holdsOf(operation, strikes, now);
    const asked = sumByMeter(holds);
    const impossible = this.loadsOf(asked, owner).filter((load) => load.asked > load.limit);
    if (impossible.length > 0) throw impossibleError(impossible, operation, mode);
    // first the write, which conflicts with others early; then what has become of it
    await this.meters.change(asked, transaction);
    const used = await this.usedOf(
      asked.map(({ meter }) => meter),
      now,
      transaction,
    );
    const full = this.loadsOf(asked, owner, used).filter((load) => load.used + load.asked > load.limit);
    if (full.length > 0) throw await this.refusal(full, now, transaction);
    await this.holds.insertAll(holds, transaction);
  }

  async usageOfUser(user: Pick<UserEntity, '_id' | 'is_superuser'>): Promise<Usage[]> {
    const meter = userMeter(user._id);
    const now = new Date();
    const used = (await this.usedOf([meter], now)).get(meter);
    return this.usages(meter, USER_BOUNDS, user.is_superuser, used?.amounts ?? {}, now);
  }

  /** @param target as targetOf() gives it */
  async usageOfTarget(target: string): Promise<TargetUse> {
    const meter = targetMeter(target);
    const now = new Date();
    const used = (await this.usedOf([meter], now)).get(meter);
    return {
      operations: used?.holds ?? 0,
      usage: await this.usages(meter, ['target_probes', 'target_packets'], false, used?.amounts ?? {}, now),
      strongest: await this.holds.strongest(meter, 'target_packets', now, MOST_NAMED),
    };
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

  /** Of a request that several bounds refuse: the one that does so for longest. */
  private async refusal(full: readonly Load[], now: Date, transaction: Transaction) {
    let last: { load: Load; at: Date | undefined } | undefined;
    for (const load of full) {
      const { bound, meter, used, asked, limit } = load;
      this.hits.note(bound);
      const ending = this.holds.ending(meter, bound, now, transaction);
      const at = await freeAt(ending, bound, used + asked - limit);
      if (last?.at === undefined || (at !== undefined && at > last.at)) last = { load, at };
    }
    if (last === undefined) throw new Error('no bound is reached');
    return reachedError(last.load, last.at);
  }

  /** Each bound that applies. @param used with what is asked for in it; absent: nothing is used */
  private loadsOf(
    asked: readonly MeterChange[],
    owner: Admission['owner'],
    used?: ReadonlyMap<string, MeterChange>,
  ): Load[] {
    return asked.flatMap(({ meter, amounts }) =>
      METERED_BOUNDS.flatMap((bound) => {
        const amount = amounts[bound];
        const limit = this.limits[bound];
        if (amount === undefined || limit === 0) return [];
        if (owner.is_superuser && bound.startsWith('user_')) return [];
        const before = used === undefined ? 0 : (used.get(meter)?.amounts[bound] ?? 0) - amount;
        return [{ bound, meter, limit, used: before, asked: amount }];
      }),
    );
  }

  /** What is used now: the sums of the meters, less what is over and was not taken off them yet. */
  private async usedOf(
    meters: readonly string[],
    now: Date,
    transaction?: Transaction,
  ): Promise<Map<string, MeterChange>> {
    const found = await this.meters.find(meters, transaction);
    const over = new Map(
      (await this.holds.sumOver(meters, now, transaction)).map((change) => [change.meter, change]),
    );
    return new Map(
      found.map(({ _id, holds, sums }) => {
        const gone = over.get(_id);
        const amounts = Object.fromEntries(
          METERED_BOUNDS.map((bound) => [bound, (sums[bound] ?? 0) - (gone?.amounts[bound] ?? 0)]),
        );
        return [_id, { meter: _id, holds: holds - (gone?.holds ?? 0), amounts }];
      }),
    );
  }
}
