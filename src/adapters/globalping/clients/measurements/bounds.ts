import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ENV } from '../../../../config/config.module.js';
import { type Env } from '../../../../config/env.js';
import { LimitReachedError } from '../../../../platform/errors/domain.error.js';
import { LimitHits } from '../../../../platform/limits/limit-hits.js';
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

/** What is left of the tests of an hour. */
export interface TestsLeft {
  limit: number;
  consumed: number;
  remaining: number;
  /** seconds until all are there again */
  reset: number;
}

/** How many tests may be asked for in an hour, and how often somebody may look. Of this server process. */
@Injectable()
export class DoorBounds {
  private readonly tests: Record<Asker['type'], RateLimiterMemory>;
  private readonly readers = new LRUCache<string, TokenBucket>({ max: READERS });

  constructor(
    private readonly hits: LimitHits,
    @Inject(ENV) env: Pick<Env, 'globalpingTestsPerHour' | 'globalpingAnonymousTestsPerHour'>,
  ) {
    this.tests = {
      user: new RateLimiterMemory({ points: env.globalpingTestsPerHour, duration: HOUR_S }),
      ip: new RateLimiterMemory({ points: env.globalpingAnonymousTestsPerHour, duration: HOUR_S }),
    };
  }

  /** @returns undefined where there are not so many left: none is taken then */
  async takeTests({ type, key }: Asker, tests: number): Promise<TestsLeft | undefined> {
    try {
      return leftOf(this.tests[type].points, tests, await this.tests[type].consume(key, tests));
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      await this.tests[type].reward(key, tests);
      this.hits.note('door_tests');
      return undefined;
    }
  }

  /** They were not made after all. */
  async giveTestsBack({ type, key }: Asker, tests: number): Promise<void> {
    await this.tests[type].reward(key, tests);
  }

  async testsLeft({ type, key }: Asker): Promise<TestsLeft> {
    const limiter = this.tests[type];
    const found = await limiter.get(key);
    if (found === null) return { limit: limiter.points, consumed: 0, remaining: limiter.points, reset: 0 };
    return leftOf(limiter.points, 0, found);
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

function leftOf(limit: number, consumed: number, found: RateLimiterRes): TestsLeft {
  return {
    limit,
    consumed,
    remaining: Math.max(0, found.remainingPoints),
    reset: Math.ceil(found.msBeforeNext / 1000),
  };
}
