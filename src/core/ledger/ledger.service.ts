import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Transaction, TransactionsService } from '../../platform/database/transactions.service.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { type UserEntity, UsersRepository } from '../users/index.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { LedgerRepository } from './ledger.repository.js';
import { type LedgerEntity, type LedgerReason } from './ledger.schema.js';

/** More than this in one account is a mistake of somebody's; sums stay exact far beyond it. */
export const MAX_GRANT = 1_000_000_000_000;

export interface Payment {
  user: ObjectId;
  /** credits, not less than 0 */
  amount: number;
}

export interface Charge extends Payment {
  /** of its entry */
  reference: string;
}

/** The only place where a balance changes: balance and ledger entry in one transaction, or neither. */
@Injectable()
export class LedgerService {
  constructor(
    private readonly users: UsersRepository,
    private readonly ledger: LedgerRepository,
    private readonly transactions: TransactionsService,
    @Inject(ENV) private readonly env: Pick<Env, 'credits'>,
  ) {}

  /**
   * @param charges of one account, with credits to take, at least 0
   * @returns the account as it is after them; undefined: nothing is charged on this platform
   * @throws DomainError not_enough_credits where there are not enough for all of them: nothing has changed
   */
  async charge(charges: readonly Charge[], transaction: Transaction): Promise<UserEntity | undefined> {
    const [first] = charges;
    if (first === undefined || !this.env.credits) return undefined;
    const { user } = first;
    const total = charges.reduce((sum, { amount }) => sum + amount, 0);
    const account = await this.users.spend(user, total, transaction);
    if (account === null)
      throw new DomainError('not_enough_credits', `Not enough credits: this costs ${total}`);
    const at = new Date();
    let left = account.credits + total;
    const entries = charges.map(({ amount, reference }) => {
      left -= amount;
      return { user, amount: -amount, balance_after: left, reason: 'operation' as const, reference, at };
    });
    await this.ledger.appendAll(entries, transaction);
    return account;
  }

  /** Adds credits to an account that exists; a vanished account (null) earns nothing. */
  async pay(
    user: ObjectId,
    amount: number,
    reason: 'grant' | 'refund',
    reference: string,
    transaction: Transaction,
  ): Promise<number | null> {
    return this.book(user, amount, { reason, reference }, transaction);
  }

  /**
   * Pays many accounts at once, in as many round trips as for one. Accounts that have vanished earn nothing.
   * @returns the reference of each account's entry, by account
   */
  async payResults(
    payments: readonly Payment[],
    batch: string,
    transaction: Transaction,
  ): Promise<Map<string, string>> {
    if (!this.env.credits) return new Map();
    const balances = await this.users.addCreditsToMany(payments, transaction);
    const at = new Date();
    const entries = payments.flatMap(({ user, amount }) => {
      const balance = balances.get(user.toHexString());
      const reference = `${batch}:${user.toHexString()}`;
      return balance === undefined
        ? []
        : [{ user, amount, balance_after: balance, reason: 'results' as const, reference, at }];
    });
    await this.ledger.appendAll(entries, transaction);
    return new Map(entries.map(({ user, reference }) => [user.toHexString(), reference]));
  }

  /**
   * A superuser gives credits.
   * @returns the balance after it
   * @throws DomainError not_found
   */
  async grant(user: ObjectId, amount: number, note?: string): Promise<number> {
    const reference = `grant:${randomUUID()}`;
    const balance = await this.transactions.run(
      (transaction) => this.book(user, amount, { reason: 'grant', reference, note }, transaction),
      user.toHexString(),
    );
    if (balance === null) throw new DomainError('not_found', 'There is no such user');
    return balance;
  }

  /**
   * A superuser takes credits away, no more than there are.
   * @returns the balance after it
   * @throws DomainError not_enough_credits
   */
  async take(user: ObjectId, amount: number, note: string): Promise<number> {
    const reference = `taken:${randomUUID()}`;
    const balance = await this.transactions.run(
      (transaction) => this.book(user, -amount, { reason: 'taken', reference, note }, transaction),
      user.toHexString(),
    );
    if (balance === null)
      throw new DomainError('not_enough_credits', `The account has fewer than ${amount} credits`);
    return balance;
  }

  /** What an account had when it was deleted: its entries add up to nothing then. */
  async lapse(user: ObjectId, credits: number, transaction: Transaction): Promise<void> {
    const [reference, at] = [`lapsed:${user.toHexString()}`, new Date()];
    const entry = { user, amount: -credits, balance_after: 0, reason: 'lapsed' as const, reference, at };
    await this.ledger.appendAll([entry], transaction);
  }

  async statement(
    user: ObjectId,
    limit: number,
    before?: { at: Date; _id: ObjectId },
  ): Promise<LedgerEntity[]> {
    return this.ledger.findByUser(user, limit, before);
  }

  private async book(
    user: ObjectId,
    amount: number,
    { reason, reference, note }: { reason: LedgerReason; reference: string; note?: string | undefined },
    transaction: Transaction,
  ): Promise<number | null> {
    const balance = await this.users.addCredits(user, amount, transaction);
    if (balance === null) return null;
    const said = note === undefined ? {} : { note };
    const entry = { user, amount, balance_after: balance, reason, reference, ...said, at: new Date() };
    await this.ledger.appendAll([entry], transaction);
    return balance;
  }
}
