import { Inject, Injectable } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { LimitReachedError } from '../../platform/errors/domain.error.js';
import { type Bound, LimitHits } from '../../platform/limits/limit-hits.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';

const LOGIN_WINDOW_S = 15 * 60;
const REGISTER_WINDOW_S = 3600;

interface Limited {
  bound: Bound;
  limiter: RateLimiterMemory;
  /** the sentence before "try again at" */
  sentence: string;
}

/**
 * How often somebody may try. Logging in is bounded for each account from each address, and for each address; never for an
 * account alone: others could lock its owner out. Of this server process; nginx keeps a client at one.
 */
@Injectable()
export class AttemptsService {
  private readonly account: Limited | undefined;
  private readonly address: Limited | undefined;
  private readonly registration: Limited | undefined;

  constructor(
    private readonly hits: LimitHits,
    @Inject(ENV) env: Env,
  ) {
    this.account = limited(
      'login_account',
      env.loginMaxFailures,
      LOGIN_WINDOW_S,
      'Too many failed attempts to log in to this account',
    );
    this.address = limited(
      'login_address',
      env.loginMaxFailuresPerAddress,
      LOGIN_WINDOW_S,
      'Too many failed attempts to log in from this address',
    );
    this.registration = limited(
      'register_address',
      env.registerMaxPerAddress,
      REGISTER_WINDOW_S,
      'Too many registrations from this address',
    );
  }

  /**
   * Counts an attempt as a failure until it is known to be none, so that many at once are counted too.
   * @param attempt gives undefined when it fails; an error is ours, and is not counted
   * @throws LimitReachedError, before the attempt
   */
  async logIn<T>(
    account: string,
    address: string,
    attempt: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const key = `${address} ${account}`;
    await this.count(this.address, address);
    try {
      await this.count(this.account, key);
    } catch (error) {
      // the address has not tried anything
      await this.address?.limiter.reward(address);
      throw error;
    }
    try {
      const outcome = await attempt();
      if (outcome === undefined) return undefined;
      await this.account?.limiter.delete(key);
      await this.address?.limiter.reward(address);
      return outcome;
    } catch (error) {
      await this.account?.limiter.reward(key);
      await this.address?.limiter.reward(address);
      throw error;
    }
  }

  /** @throws LimitReachedError */
  async register(address: string): Promise<void> {
    await this.count(this.registration, address);
  }

  private async count(limited: Limited | undefined, key: string): Promise<void> {
    if (limited === undefined) return;
    const { bound, limiter, sentence } = limited;
    try {
      await limiter.consume(key);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      this.hits.note(bound);
      const freeAt = new Date(Date.now() + refusal.msBeforeNext);
      throw new LimitReachedError('too_many_attempts', `${sentence}; try again at ${freeAt.toISOString()}`, {
        bound,
        limit: limiter.points,
        used: limiter.points,
        freeAt,
      });
    }
  }
}

/** @param points how many; 0: no bound */
function limited(bound: Bound, points: number, duration: number, sentence: string): Limited | undefined {
  if (points === 0) return undefined;
  return { bound, limiter: new RateLimiterMemory({ points, duration }), sentence };
}
