import { LRUCache } from 'lru-cache';
import { DomainError } from '../../platform/errors/domain.error.js';
import { Confirmation } from './confirmation.js';
import { type UserEntity } from './user.schema.js';

const MOST = 10_000;
const FOR_MS = 10 * 60_000;

/** A credential that is none of a visitor: whose it would be, and whether it is good for the account as it is. */
export interface AccountCredential {
  /** @returns the account that it names; undefined: there is none */
  find(): Promise<UserEntity | undefined>;
  /**
   * @param address of the client
   * @returns the account with the power that the credential has; undefined: it is no good for it
   * @throws DomainError forbidden, where the account is suspended
   */
  open(account: UserEntity | undefined, address: string): UserEntity | undefined;
}

interface Remembered {
  credential: AccountCredential;
  /** without what is large, and nobody needs */
  user: UserEntity;
}

/**
 * Accounts by their credentials, as this server has read them lately: a request may begin with one, and end with what is read for it.
 * Those of superusers are not remembered, so that nobody has more power than an account that was read for this request.
 */
export class RememberedAccounts {
  /** by the digest of a credential */
  private readonly accounts = new LRUCache<string, Remembered>({ max: MOST, ttl: FOR_MS });

  /**
   * @param digest of the credential
   * @param address of the client
   * @returns the account as it was read last, with what confirms it; undefined: none is remembered
   */
  find(digest: string, address: string): UserEntity | undefined {
    const known = this.accounts.get(digest);
    if (known === undefined) return undefined;
    const { credential, user } = known;
    const confirmation = new Confirmation<UserEntity>(
      () => credential.find(),
      (account) => {
        this.judge(digest, known, account, address);
      },
    );
    return { ...user, confirmation };
  }

  /** @param user as the credential has opened it */
  remember(digest: string, credential: AccountCredential, user: UserEntity): void {
    if (user.is_superuser) return;
    const { ended_tokens: _ended, keys: _keys, picture: _picture, ...account } = user;
    this.accounts.set(digest, { credential, user: { ...account, password_hash: '' } });
  }

  /** @throws DomainError unauthenticated, forbidden, busy */
  private judge(
    digest: string,
    { credential, user: known }: Remembered,
    account: UserEntity | undefined,
    address: string,
  ): void {
    try {
      const user = credential.open(account, address);
      if (user === undefined)
        throw new DomainError('unauthenticated', 'A valid access token or key is needed');
      if (user.is_superuser || user.via?.id !== known.via?.id)
        throw new DomainError('busy', 'The account was changed meanwhile; try again');
      this.remember(digest, credential, user);
    } catch (error) {
      this.accounts.delete(digest);
      throw error;
    }
  }
}
