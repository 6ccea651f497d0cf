import { LRUCache } from 'lru-cache';
import { handled } from '../../platform/batching/handled.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { type UserEntity } from './user.schema.js';

const MOST = 10_000;
const FOR_MS = 10 * 60_000;

/**
 * Accounts by their credentials, as this server has read them lately: a request may begin with one while it is read anew. Those of
 * superusers are not remembered, so that nobody has more power than an account that was read for this request.
 */
export class RememberedAccounts {
  /** by the digest of a credential; without what is large, and nobody needs */
  private readonly accounts = new LRUCache<string, UserEntity>({ max: MOST, ttl: FOR_MS });

  /**
   * @param digest of the credential
   * @param read reads the account of the credential
   * @returns the account as it was read last, which `read` confirms; the one that it gives where none is remembered
   * @throws what `read` throws
   */
  async identify(
    digest: string,
    read: () => Promise<UserEntity | undefined>,
  ): Promise<UserEntity | undefined> {
    const known = this.accounts.get(digest);
    if (known === undefined) {
      const user = await read();
      this.remember(digest, user);
      return user;
    }
    return { ...known, confirmed: handled(this.confirm(digest, known, read)) };
  }

  /** @throws DomainError unauthenticated, busy; what `read` throws */
  private async confirm(
    digest: string,
    known: UserEntity,
    read: () => Promise<UserEntity | undefined>,
  ): Promise<void> {
    try {
      const user = await read();
      if (user === undefined)
        throw new DomainError('unauthenticated', 'A valid access token or key is needed');
      if (user.is_superuser || user.via?.id !== known.via?.id)
        throw new DomainError('busy', 'The account was changed meanwhile; try again');
      this.remember(digest, user);
    } catch (error) {
      this.accounts.delete(digest);
      throw error;
    }
  }

  private remember(digest: string, user: UserEntity | undefined): void {
    if (user === undefined || user.is_superuser || user.is_visitor === true) return;
    const { ended_tokens: _ended, keys: _keys, picture: _picture, ...account } = user;
    this.accounts.set(digest, { ...account, password_hash: '' });
  }
}
