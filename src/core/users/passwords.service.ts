import { Inject, Injectable } from '@nestjs/common';
import { availableParallelism } from 'node:os';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { Turnstile, TurnstileFullError } from '../../platform/limits/turnstile.js';
import { AttemptsService } from './attempts.service.js';
import { hashPassword, passwordMatches } from './passwords.js';
import { type UserEntity } from './user.schema.js';

/** A password costs a core some 50 ms: those who wait for theirs must not take the cores from everybody else. */
const MOST_WAITING = 1000;
const PATIENCE_MS = 15_000;

/** Hashes and compares passwords, a few at once. */
@Injectable()
export class PasswordsService {
  /** what a password for an unknown account is compared with: both answers cost the same time */
  private decoy: Promise<string> | undefined;
  private readonly turnstile = new Turnstile(availableParallelism(), MOST_WAITING, PATIENCE_MS);

  constructor(
    private readonly attempts: AttemptsService,
    private readonly hits: LimitHits,
    @Inject(ENV) private readonly env: Env,
  ) {}

  async hash(password: string): Promise<string> {
    return this.inTurn(() => hashPassword(password, this.env.passwordCost));
  }

  /** @param expected undefined: there is no such account; it takes as long */
  async matches(password: string, expected: string | undefined): Promise<boolean> {
    this.decoy ??= hashPassword('nobody has this password', this.env.passwordCost);
    const hash = expected ?? (await this.decoy);
    const matches = await this.inTurn(() => passwordMatches(password, hash));
    return expected !== undefined && matches;
  }

  /**
   * Who changes what an account rests on shows that it is theirs; failures count as attempts to log in.
   * @param address of the client
   * @throws DomainError forbidden: that is not the present password; too_many_attempts
   */
  async confirm(user: UserEntity, password: string, address: string): Promise<void> {
    const confirmed = await this.attempts.logIn(user.email, address, async () =>
      (await this.matches(password, user.password_hash)) ? true : undefined,
    );
    if (confirmed === true) return;
    const violation = { field: 'password', message: 'must be the present password of the account' };
    throw new DomainError('forbidden', `password ${violation.message}`, [violation]);
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.turnstile.pass(work);
    } catch (error) {
      if (!(error instanceof TurnstileFullError)) throw error;
      this.hits.note('passwords');
      throw new DomainError('busy', 'Too many are logging in or registering; try again shortly');
    }
  }
}
