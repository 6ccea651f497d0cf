import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import AsyncLock from 'async-lock';
import { type ClientSession, type Connection } from 'mongoose';

/** A transaction in progress; repositories take it, services only hand it on. */
export type Transaction = ClientSession;

@Injectable()
export class TransactionsService {
  private readonly lock = new AsyncLock({ maxPending: 10_000 });

  constructor(@InjectConnection() private readonly connection: Connection) {}

  /**
   * Runs `work` in one transaction: majority, journaled, all or nothing. It may run more than once (write conflicts), so it
   * must have no effect outside the database.
   * @param account serialises the transactions of one account within this server: hundreds at once would otherwise
   *   conflict and repeat each other's work. Correctness does not rest on it; the transaction alone gives that.
   */
  async run<T>(work: (transaction: Transaction) => Promise<T>, account?: string): Promise<T> {
    const attempt = () =>
      this.connection.getClient().withSession((session) =>
        session.withTransaction(() => work(session), {
          readConcern: { level: 'snapshot' },
          writeConcern: { w: 'majority', journal: true },
        }),
      );
    return account === undefined ? attempt() : this.lock.acquire(account, attempt);
  }
}
