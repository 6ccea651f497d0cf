import { Inject, Injectable } from '@nestjs/common';
import { isEmail } from 'class-validator';
import { DomainError } from '../../common/errors/domain.error.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { type UserEntity } from '../users/user.schema.js';
import { UsersRepository } from '../users/users.repository.js';
import { hashPassword, passwordMatches, passwordViolation } from './passwords.js';
import { TokensService } from './tokens.service.js';

/** Registering, logging in, and whose token this is. */
@Injectable()
export class AuthService {
  /** what a password for an unknown account is compared with: both answers cost the same time */
  private decoy: Promise<string> | undefined;

  constructor(
    private readonly users: UsersRepository,
    private readonly tokens: TokensService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** @throws DomainError invalid_request naming the field; email_taken */
  async register(email: string, password: string): Promise<UserEntity> {
    const user = await this.users.create(await this.newAccount(email, password, false));
    if (user === undefined) throw new DomainError('email_taken');
    return user;
  }

  /** From a shell beside the server only. An account that exists becomes a superuser and gets this password. */
  async makeSuperuser(email: string, password: string): Promise<'created' | 'promoted'> {
    const account = await this.newAccount(email, password, true);
    if ((await this.users.create(account)) !== undefined) return 'created';
    const existing = await this.users.findByEmail(account.email);
    if (existing === null) throw new DomainError('conflict', 'The account was deleted meanwhile; try again');
    await this.users.promote(existing._id, account.password_hash);
    return 'promoted';
  }

  /** @throws DomainError wrong_credentials: the same for an unknown account and for a wrong password, after the same time */
  async logIn(email: string, password: string): Promise<{ token: string; expiresAt: Date }> {
    const user = await this.users.findByEmail(normaliseEmail(email));
    this.decoy ??= hashPassword('nobody has this password', this.env.passwordCost);
    const matches = await passwordMatches(password, user?.password_hash ?? (await this.decoy));
    if (user === null || !matches) throw new DomainError('wrong_credentials');
    return this.tokens.userToken(user._id);
  }

  /** @returns the account behind a token; undefined when the token or the account is no good */
  async identify(token: string): Promise<UserEntity | undefined> {
    const id = this.tokens.readUserToken(token);
    return id && ((await this.users.findById(id)) ?? undefined);
  }

  private async newAccount(
    email: string,
    password: string,
    superuser: boolean,
  ): Promise<Omit<UserEntity, '_id'>> {
    const normal = normaliseEmail(email);
    if (!isEmail(normal) || normal.length > 254) {
      throw DomainError.invalid({ field: 'email', message: 'must be an e-mail address' });
    }
    const violation = passwordViolation(password);
    if (violation !== undefined) throw DomainError.invalid(violation);
    const password_hash = await hashPassword(password, this.env.passwordCost);
    return { email: normal, password_hash, credits: 0, is_superuser: superuser, created_at: new Date() };
  }
}

/** One person, one account, however the address is typed. */
export function normaliseEmail(email: string): string {
  return email.normalize('NFC').trim().toLowerCase();
}
