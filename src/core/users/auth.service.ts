import { Inject, Injectable } from '@nestjs/common';
import { isEmail } from 'class-validator';
import { availableParallelism } from 'node:os';
import { ObjectId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { type Credential } from '../../platform/http/permissions.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { Turnstile, TurnstileFullError } from '../../platform/limits/turnstile.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { type UserEntity } from './user.schema.js';
import { UsersRepository } from './users.repository.js';
import { AttemptsService } from './attempts.service.js';
import { hashPassword, passwordMatches, passwordViolation } from './passwords.js';
import { AccessWatch } from './access-watch.js';
import { digestOf, KeysService } from './keys.service.js';
import { TokensService } from './tokens.service.js';

/** A password costs a core some 50 ms: those who wait for theirs must not take the cores from everybody else. */
const MOST_WAITING = 1000;
const PATIENCE_MS = 15_000;

/** Registering, logging in, and whose token this is. */
/** Who logs out more often than this within the life of a token has the oldest of them come back to life. */
const MOST_ENDED = 1_000;

/** Owns nothing, and is nobody's id in the database. */
const VISITOR: UserEntity = Object.freeze({
  _id: new ObjectId('0'.repeat(24)),
  email: '',
  password_hash: '',
  credits: 0,
  is_superuser: false,
  created_at: new Date(0),
  is_visitor: true as const,
});

@Injectable()
export class AuthService {
  /** what a password for an unknown account is compared with: both answers cost the same time */
  private decoy: Promise<string> | undefined;
  private readonly hashing = new Turnstile(availableParallelism(), MOST_WAITING, PATIENCE_MS);

  constructor(
    private readonly users: UsersRepository,
    private readonly tokens: TokensService,
    private readonly keys: KeysService,
    private readonly watch: AccessWatch,
    private readonly attempts: AttemptsService,
    private readonly hits: LimitHits,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /**
   * @param address of the client
   * @throws DomainError invalid_request naming the field; email_taken; too_many_attempts
   */
  async register(email: string, password: string, address: string): Promise<UserEntity> {
    const normal = checkedAccount(email, password);
    await this.attempts.register(address);
    const user = await this.users.create(await this.newAccount(normal, password, false));
    if (user === undefined) throw new DomainError('email_taken');
    return user;
  }

  /** From a shell beside the server only. An account that exists becomes a superuser and gets this password. */
  async makeSuperuser(email: string, password: string): Promise<'created' | 'promoted'> {
    const account = await this.newAccount(checkedAccount(email, password), password, true);
    if ((await this.users.create(account)) !== undefined) return 'created';
    const existing = await this.users.findByEmail(account.email);
    if (existing === null) throw new DomainError('conflict', 'The account was deleted meanwhile; try again');
    await this.users.promote(existing._id, account.password_hash);
    return 'promoted';
  }

  /**
   * @param address of the client
   * @throws DomainError wrong_credentials: the same for an unknown account and for a wrong password, after the same time;
   *   too_many_attempts
   */
  async logIn(email: string, password: string, address: string): Promise<{ token: string; expiresAt: Date }> {
    const account = normaliseEmail(email);
    const user = await this.attempts.logIn(account, address, async () => {
      const found = await this.users.findByEmail(account);
      this.decoy ??= hashPassword('nobody has this password', this.env.passwordCost);
      const expected = found?.password_hash ?? (await this.decoy);
      const matches = await this.inTurn(() => passwordMatches(password, expected));
      return found !== null && matches ? found : undefined;
    });
    if (user === undefined) throw new DomainError('wrong_credentials');
    return this.tokens.userToken(user._id, user.token_version);
  }

  /**
   * One look into the database, as for every request: what was ended is over on all servers at once.
   * @param address of the client
   * @returns the account behind a token or key, or the visitor; undefined when it or the account is no good
   */
  async identify({ kind, text }: Credential, address: string): Promise<UserEntity | undefined> {
    return kind === 'key' ? this.keys.identify(text, address) : this.ofToken(text);
  }

  private async ofToken(token: string): Promise<UserEntity | undefined> {
    const session = this.tokens.readSession(token);
    if (session === undefined) return this.tokens.isVisitorToken(token) ? VISITOR : undefined;
    const user = await this.find(session.user);
    if (user === undefined || session.tokenVersion !== (user.token_version ?? 0)) return undefined;
    const digest = digestOf(token);
    if (user.ended_tokens?.some((ended) => ended.digest === digest) === true) return undefined;
    return { ...user, via: { id: `token:${digest}`, until: session.expiresAt } };
  }

  /** From now on this token is none; others of the same user stay. */
  async logOut(token: string): Promise<void> {
    const session = this.tokens.readSession(token);
    if (session === undefined) return;
    const ended = { digest: digestOf(token), expires_at: session.expiresAt };
    await this.users.endToken(session.user, ended, new Date(), MOST_ENDED);
    this.watch.ended({ user: session.user.toHexString(), via: `token:${ended.digest}` });
  }

  /** From now on all access tokens of the account are none, on all servers. Its keys stay. */
  async logOutEverywhere(user: ObjectId): Promise<void> {
    await this.users.raiseTokenVersion(user);
    this.watch.ended({ user: user.toHexString(), kind: 'token' });
  }

  /** @returns a token for one without an account, which reads what is public */
  visit(): { token: string; expiresAt: Date } {
    return this.tokens.visitorToken();
  }

  /** @returns whether anybody administers this platform yet */
  async hasSuperuser(): Promise<boolean> {
    return this.users.hasSuperuser();
  }

  /** @returns the account; undefined when there is none */
  async find(id: ObjectId): Promise<UserEntity | undefined> {
    return (await this.users.findById(id)) ?? undefined;
  }

  /** @param email checked */
  private async newAccount(
    email: string,
    password: string,
    superuser: boolean,
  ): Promise<Omit<UserEntity, '_id'>> {
    const password_hash = await this.inTurn(() => hashPassword(password, this.env.passwordCost));
    return { email, password_hash, credits: 0, is_superuser: superuser, created_at: new Date() };
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.hashing.pass(work);
    } catch (error) {
      if (!(error instanceof TurnstileFullError)) throw error;
      this.hits.note('passwords');
      throw new DomainError('busy', 'Too many are logging in or registering; try again shortly');
    }
  }
}

/** @returns the e-mail in its normal form */
function checkedAccount(email: string, password: string): string {
  const normal = normaliseEmail(email);
  const isAddress = isEmail(normal) && normal.length <= 254;
  const violations = [
    isAddress ? undefined : { field: 'email', message: 'must be an e-mail address' },
    passwordViolation(password),
  ].filter((violation) => violation !== undefined);
  if (violations.length > 0) throw DomainError.invalid(...violations);
  return normal;
}

/** One person, one account, however the address is typed. */
export function normaliseEmail(email: string): string {
  return email.normalize('NFC').trim().toLowerCase();
}
