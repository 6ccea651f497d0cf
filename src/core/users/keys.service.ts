import { Injectable, Logger } from '@nestjs/common';
import { createHash, randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { ObjectId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { type KeyScope } from '../../platform/http/permissions.js';
import { AccessWatch } from './access-watch.js';
import { type KeyEntity, type UserEntity } from './user.schema.js';
import { UsersRepository } from './users.repository.js';

/** Of one account: enough to rotate those of several programs. */
export const MOST_KEYS = 20;
/** Last use is noted to the minute: it must cost the account's document nothing to speak of. */
const NOTED_EVERY_MS = 60_000;
const REMEMBERED_KEYS = 10_000;

export interface NewKey {
  name: string;
  scopes: readonly KeyScope[];
  /** in the future */
  expiresAt?: Date | undefined;
}

/** Secrets of programs: random, so that a plain SHA-256 of them is kept (docs/adr/0034). */
@Injectable()
export class KeysService {
  private readonly logger = new Logger('keys');
  /** when this server has noted the use of a key last: of many requests at once one writes */
  private readonly noted = new LRUCache<string, number>({ max: REMEMBERED_KEYS });

  constructor(
    private readonly users: UsersRepository,
    private readonly watch: AccessWatch,
  ) {}

  /**
   * @returns the key as it is stored, and its text, which is known nowhere from then on
   * @throws DomainError conflict: the account has as many as it may
   */
  async create(
    user: UserEntity,
    { name, scopes, expiresAt }: NewKey,
  ): Promise<{ key: KeyEntity; text: string }> {
    const now = new Date();
    if (scopes.includes('admin') && !user.is_superuser)
      throw DomainError.invalid({ field: 'scopes', message: 'must not have admin: only superusers give it' });
    if (expiresAt !== undefined && expiresAt <= now)
      throw DomainError.invalid({ field: 'expires_at', message: 'must be in the future' });
    // 122 random bits: nobody guesses one, with or without its digest
    const text = randomUUID();
    const key: KeyEntity = {
      _id: new ObjectId(),
      name,
      scopes: [...new Set(scopes)],
      digest: digestOf(text),
      created_at: now,
      ...(expiresAt && { expires_at: expiresAt }),
    };
    if (!(await this.users.addKey(user._id, key, MOST_KEYS))) {
      throw new DomainError('conflict', `An account has at most ${MOST_KEYS} keys: revoke one first`);
    }
    this.logger.log({ user_id: String(user._id), key_id: String(key._id), scopes: key.scopes }, 'key made');
    return { key, text };
  }

  /** In order of creation. */
  async list(user: ObjectId): Promise<KeyEntity[]> {
    return this.users.findKeys(user);
  }

  /** It is refused by all servers from now on. @throws DomainError not_found */
  async revoke(user: ObjectId, key: ObjectId | undefined): Promise<void> {
    if (key === undefined || !(await this.users.removeKey(user, key)))
      throw new DomainError('not_found', 'You have no such key');
    this.logger.log({ user_id: String(user), key_id: String(key) }, 'key revoked');
    this.watch.ended({ user: user.toHexString(), via: viaOf(key) });
  }

  /** @param digest of a key @returns the account that has it; undefined: there is no such key */
  async findAccount(digest: string): Promise<UserEntity | undefined> {
    return (await this.users.findByKey(digest)) ?? undefined;
  }

  /**
   * @param account with its keys, or this one of them
   * @param digest of the key
   * @param address of the client, noted as where it was used last
   * @returns the account, with no more power than the key has: without `admin` a superuser is a user; undefined: no such key, or
   *   it is over
   */
  open(account: UserEntity | undefined, digest: string, address: string): UserEntity | undefined {
    const key = account?.keys?.find((each) => each.digest === digest);
    if (!account || !key) return undefined;
    const now = new Date();
    if (key.expires_at !== undefined && key.expires_at <= now) return undefined;
    this.noteUsed(account._id, key, address, now);
    const { keys: _keys, ...user } = account;
    return {
      ...user,
      is_superuser: account.is_superuser && key.scopes.includes('admin'),
      via: { id: viaOf(key._id), until: key.expires_at, scopes: key.scopes },
    };
  }

  /** Nobody waits for it, and nothing rests on it. */
  private noteUsed(user: ObjectId, { _id, last_used_at }: KeyEntity, from: string, at: Date): void {
    const id = _id.toHexString();
    const before = at.getTime() - NOTED_EVERY_MS;
    const last = Math.max(this.noted.get(id) ?? 0, last_used_at?.getTime() ?? 0);
    if (last > before) return;
    this.noted.set(id, at.getTime());
    this.users.noteKeyUsed(user, _id, { at, from }, new Date(before)).catch((error: unknown) => {
      this.logger.warn({ err: error, key_id: id }, 'the use of a key could not be noted');
    });
  }
}

/** @returns SHA-256, in hexadecimal */
export function digestOf(secret: string | Buffer): string {
  return createHash('sha256').update(secret).digest('hex');
}

function viaOf(key: ObjectId): string {
  return `key:${key.toHexString()}`;
}
