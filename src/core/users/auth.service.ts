import { Injectable } from '@nestjs/common';
import { ObjectId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { type Credential } from '../../platform/http/permissions.js';
import { type UserEntity } from './user.schema.js';
import { UsersRepository } from './users.repository.js';
import { AttemptsService } from './attempts.service.js';
import { checkedAccount, normaliseEmail } from './passwords.js';
import { PasswordsService } from './passwords.service.js';
import { AccessWatch } from './access-watch.js';
import { digestOf, KeysService } from './keys.service.js';
import { type AccountCredential, RememberedAccounts } from './remembered-accounts.js';
import { TokensService, type UserSession } from './tokens.service.js';

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
  revision: 0,
  updated_at: new Date(0),
  is_visitor: true as const,
});

/** Registering, logging in, and whose token this is. */
@Injectable()
export class AuthService {
  private readonly remembered = new RememberedAccounts();

  constructor(
    private readonly users: UsersRepository,
    private readonly tokens: TokensService,
    private readonly keys: KeysService,
    private readonly watch: AccessWatch,
    private readonly attempts: AttemptsService,
    private readonly passwords: PasswordsService,
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
   *   too_many_attempts; forbidden, where the account is suspended
   */
  async logIn(email: string, password: string, address: string): Promise<{ token: string; expiresAt: Date }> {
    const account = normaliseEmail(email);
    const user = await this.attempts.logIn(account, address, async () => {
      const found = await this.users.findByEmail(account);
      const matches = await this.passwords.matches(password, found?.password_hash);
      return found !== null && matches ? found : undefined;
    });
    if (user === undefined) throw new DomainError('wrong_credentials');
    refuseSuspended(user);
    return this.tokens.userToken(user._id, user.token_version);
  }

  /**
   * One look into the database, as for every request: what was ended is over on all servers at once.
   * @param address of the client
   * @returns the account behind a token or key, or the visitor; undefined when it or the account is no good
   * @throws DomainError forbidden, where the account is suspended
   */
  async identify(shown: Credential, address: string): Promise<UserEntity | undefined> {
    const credential = this.read(shown);
    return credential === undefined ? this.visitor(shown) : credential.open(await credential.find(), address);
  }

  /**
   * As identify(), but without a look where this server has read the account lately: its `confirmation` looks then.
   * @throws as identify()
   */
  async identifyAhead(shown: Credential, address: string): Promise<UserEntity | undefined> {
    const digest = digestOf(`${shown.kind} ${shown.text}`);
    const known = this.remembered.find(digest, address);
    if (known !== undefined) return known;
    const credential = this.read(shown);
    if (credential === undefined) return this.visitor(shown);
    const user = credential.open(await credential.find(), address);
    if (user !== undefined) this.remembered.remember(digest, credential, user);
    return user;
  }

  private visitor({ kind, text }: Credential): UserEntity | undefined {
    return kind === 'token' && this.tokens.isVisitorToken(text) ? VISITOR : undefined;
  }

  /** @returns undefined: it is none of an account, or over */
  private read({ kind, text }: Credential): AccountCredential | undefined {
    return kind === 'key' ? this.readKey(text) : this.readToken(text);
  }

  private readKey(text: string): AccountCredential {
    const digest = digestOf(text);
    return {
      find: () => this.keys.findAccount(digest),
      open: (account, address) => {
        const user = this.keys.open(account, digest, address);
        refuseSuspended(user);
        return user;
      },
    };
  }

  private readToken(text: string): AccountCredential | undefined {
    const session = this.tokens.readSession(text);
    if (session === undefined) return undefined;
    return {
      find: () => this.find(session.user),
      open: (account) => {
        const user = openBySession(account, session);
        refuseSuspended(user);
        return user;
      },
    };
  }

  /** From now on this token is none; others of the same user stay. */
  async logOut(token: string): Promise<void> {
    const session = this.tokens.readSession(token);
    if (session === undefined) return;
    const ended = { digest: session.digest, expires_at: session.expiresAt };
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

  /** @returns the account that pays for those who have none; undefined: there is no such account @throws DomainError forbidden */
  async payer(email: string): Promise<UserEntity | undefined> {
    const user = (await this.users.findByEmail(normaliseEmail(email))) ?? undefined;
    refuseSuspended(user);
    return user;
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
    const password_hash = await this.passwords.hash(password);
    const now = new Date();
    return {
      ...{ email, password_hash, credits: 0, is_superuser: superuser },
      ...{ created_at: now, updated_at: now, revision: 1 },
    };
  }
}

/** @returns undefined: the session is over, or it is none of the account as it is */
function openBySession(
  account: UserEntity | undefined,
  { digest, tokenVersion, expiresAt }: UserSession,
): UserEntity | undefined {
  if (account === undefined || expiresAt.getTime() <= Date.now()) return undefined;
  if (tokenVersion !== (account.token_version ?? 0)) return undefined;
  if (account.ended_tokens?.some((ended) => ended.digest === digest) === true) return undefined;
  return { ...account, via: { id: `token:${digest}`, until: expiresAt } };
}

/** @throws DomainError forbidden */
function refuseSuspended(user: UserEntity | undefined): void {
  if (user?.suspended === undefined) return;
  throw new DomainError(
    'forbidden',
    `This account is suspended: ${user.suspended.reason}. Ask the operator of this platform`,
  );
}
