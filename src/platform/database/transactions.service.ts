import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import AsyncLock from 'async-lock';
import { DomainError } from '../errors/domain.error.js';
import { type ClientSession, type Connection } from 'mongoose';

/** A transaction in progress; repositories take it, services only hand it on. */
export type Transaction = ClientSession;

/** Transactions of accounts that may wait for their turn, over all accounts. */
const MAX_WAITING = 5000;

@Injectable()
export class TransactionsService {
  private readonly lock = new AsyncLock({ maxPending: MAX_WAITING });
  private waiting = 0;

  constructor(@InjectConnection() private readonly connection: Connection) {}

  /**
   * Runs `work` in one transaction: majority, journaled, all or nothing. It may run more than once (write conflicts), so it
   * must have no effect outside the database.
   * @param serialised what it changes that others change too, an account above all: transactions that name the same are done one after
   *   the other within this server, since hundreds at once would conflict and repeat each other's work. Correctness does not
   *   rest on it; the transaction alone gives that.
   */
  async run<T>(work: (transaction: Transaction) => Promise<T>, ...serialised: string[]): Promise<T> {
    const attempt = () =>
      this.connection.getClient().withSession((session) =>
        session.withTransaction(() => work(session), {
          readConcern: { level: 'snapshot' },
          writeConcern: { w: 'majority', journal: true },
        }),
      );
    if (serialised.length === 0) return attempt();
    if (this.waiting >= MAX_WAITING)
      throw new DomainError('busy', 'Too many changes of balances at once; try again');
    this.waiting += 1;
    try {
      // in one order, so that no two wait for each other
      return await this.lock.acquire([...serialised].sort(), attempt);
    } finally {
      this.waiting -= 1;
    }
  }
}
