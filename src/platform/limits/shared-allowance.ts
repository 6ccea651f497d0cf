import { LRUCache } from 'lru-cache';
import { type RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';

/** For so long this server goes by the count that it has seen last. */
const GOOD_FOR_MS = 5_000;
/** Up to this share of an allowance nobody waits for the database. */
const FAR_FROM_ALL = 0.5;
const REMEMBERED = 20_000;

/** How it stands with what somebody may take. */
export interface Allowance {
  limit: number;
  remaining: number;
  /** seconds until all of it is there again; 0: all of it is */
  reset: number;
}

/** A count of all servers, when this one saw it; times on the clock of performance.now(). */
interface Seen {
  used: number;
  endsAt: number;
  goodUntil: number;
}

/**
 * What somebody may take in a time, counted for all servers together. Where less than half is used, by what this server has seen in the last
 * seconds, it is counted behind the answer: whoever asks waits for nothing. Near the end the database decides.
 */
export class SharedAllowance {
  private readonly seen = new LRUCache<string, Seen>({ max: REMEMBERED });

  /** @param limiter that has the one count */
  constructor(private readonly limiter: RateLimiterAbstract) {}

  get limit(): number {
    return this.limiter.points;
  }

  /** @returns undefined where there is not so much left: nothing is taken then @throws what the database does */
  async take(key: string, amount: number): Promise<Allowance | undefined> {
    const known = this.seen.get(key);
    const now = performance.now();
    if (known !== undefined && this.isFar(known, amount, now)) {
      known.used += amount;
      this.count(key, amount).catch(() => {
        // the next one asks the database
        this.seen.delete(key);
      });
      return this.standing(known, now);
    }
    try {
      return this.note(key, await this.limiter.consume(key, amount));
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      await this.giveBack(key, amount);
      return undefined;
    }
  }

  /** It was not used after all. */
  async giveBack(key: string, amount: number): Promise<void> {
    this.note(key, await this.limiter.reward(key, amount));
  }

  async left(key: string): Promise<Allowance> {
    const found = await this.limiter.get(key);
    return found === null ? { limit: this.limit, remaining: this.limit, reset: 0 } : this.note(key, found);
  }

  private isFar({ used, endsAt, goodUntil }: Seen, amount: number, now: number): boolean {
    return now < goodUntil && now < endsAt && used + amount <= this.limit * FAR_FROM_ALL;
  }

  private async count(key: string, amount: number): Promise<void> {
    const found = await this.limiter.consume(key, amount).catch((error: unknown) => {
      // others have taken the rest meanwhile: it is counted all the same
      if (error instanceof RateLimiterRes) return error;
      throw error;
    });
    this.note(key, found);
  }

  private note(key: string, { consumedPoints, msBeforeNext }: RateLimiterRes): Allowance {
    const now = performance.now();
    const seen = { used: consumedPoints, endsAt: now + msBeforeNext, goodUntil: now + GOOD_FOR_MS };
    this.seen.set(key, seen);
    return this.standing(seen, now);
  }

  private standing({ used, endsAt }: Seen, now: number): Allowance {
    const { limit } = this;
    // given back may be more than was counted yet
    const remaining = Math.min(limit, Math.max(0, limit - used));
    return { limit, remaining, reset: Math.max(0, Math.ceil((endsAt - now) / 1000)) };
  }
}
