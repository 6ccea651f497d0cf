import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ENV } from '../../../../config/config.module.js';
import { type Env } from '../../../../config/env.js';
import { LimitReachedError } from '../../../../platform/errors/domain.error.js';
import { AllowancesService } from '../../../../platform/limits/allowances.service.js';
import { LimitHits } from '../../../../platform/limits/limit-hits.js';
import { type Allowance, type SharedAllowance } from '../../../../platform/limits/shared-allowance.js';
import { TokenBucket } from '../../../../platform/limits/token-bucket.js';

const HOUR_S = 3600;
/** Readings of one measurement from one address: clients ask twice a second, and once more at the beginning and the end. */
const READS_PER_S = 2;
const READ_BURST = 8;
/** Readings of all measurements from one address. */
const ADDRESS_READS_PER_S = 100;
const READERS = 50_000;

/** Who asks for tests: an account, or an address without one. */
export interface Asker {
  type: 'user' | 'ip';
  key: string;
}

/** What is left of the tests of an hour, and what a request has taken of them. */
export interface TestsLeft extends Allowance {
  consumed: number;
}

/** How many tests may be asked for in an hour, counted for all servers; and how often somebody may look, at this one. */
@Injectable()
export class DoorBounds {
  private readonly tests: Record<Asker['type'], SharedAllowance>;
  private readonly readers = new LRUCache<string, TokenBucket>({ max: READERS });

  constructor(
    private readonly hits: LimitHits,
    allowances: AllowancesService,
    @Inject(ENV) env: Pick<Env, 'globalpingTestsPerHour' | 'globalpingAnonymousTestsPerHour'>,
  ) {
    this.tests = {
      user: allowances.of('globalping-user', env.globalpingTestsPerHour, HOUR_S),
      ip: allowances.of('globalping-ip', env.globalpingAnonymousTestsPerHour, HOUR_S),
    };
  }

  /** @returns undefined where there are not so many left: none is taken then */
  async takeTests({ type, key }: Asker, tests: number): Promise<TestsLeft | undefined> {
    const left = await this.tests[type].take(key, tests);
    if (left !== undefined) return { ...left, consumed: tests };
    this.hits.note('door_tests');
    return undefined;
  }

  /** They were not made after all. */
  async giveTestsBack({ type, key }: Asker, tests: number): Promise<void> {
    await this.tests[type].giveBack(key, tests);
  }

  async testsLeft({ type, key }: Asker): Promise<TestsLeft> {
    return { ...(await this.tests[type].left(key)), consumed: 0 };
  }

  /** @throws LimitReachedError too_many_attempts */
  noteReading(address: string, measurement: string): void {
    const now = performance.now();
    const wait = Math.max(
      this.take(address, ADDRESS_READS_PER_S, ADDRESS_READS_PER_S, now),
      this.take(`${address} ${measurement}`, READS_PER_S, READ_BURST, now),
    );
    if (wait === 0) return;
    this.hits.note('door_reads');
    const freeAt = new Date(Date.now() + wait);
    throw new LimitReachedError(
      'too_many_attempts',
      `A measurement may be read ${READS_PER_S} times a second; wait ${Math.ceil(wait / 1000)} s`,
      { bound: 'door_reads', limit: READS_PER_S, used: READS_PER_S, freeAt },
    );
  }

  private take(key: string, perSecond: number, burst: number, now: number): number {
    const bucket = this.readers.get(key) ?? new TokenBucket(perSecond, burst, now);
    this.readers.set(key, bucket);
    const wait = bucket.wait(now);
    if (wait === 0) bucket.take(1, now);
    return wait;
  }
}
