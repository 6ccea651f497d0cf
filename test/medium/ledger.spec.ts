import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { TransactionsService } from '../../src/platform/database/transactions.service.js';
import { DomainError } from '../../src/platform/errors/domain.error.js';
import { LedgerService } from '../../src/core/ledger/ledger.service.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { sized } from '../support/size.js';

const booking = fc.record({
  server: fc.integer({ min: 0, max: 1 }),
  user: fc.integer({ min: 0, max: 1 }),
  charge: fc.boolean(),
  amount: fc.integer({ min: 0, max: 40 }),
  inTurn: fc.boolean(),
});

/** The ledger of two servers on one database. */
describe('ledger', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let servers: AppContext[];
  beforeAll(async () => {
    mongo = await testMongo();
    servers = [await AppContext.start(mongo.uri), await AppContext.start(mongo.uri)];
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    await mongo.stop();
  });

  /** One change in a transaction of its own. @returns false where there were not enough credits */
  async function book(server: AppContext, user: ObjectId, charge: boolean, amount: number, inTurn: boolean) {
    const ledger = server.get(LedgerService);
    const reference = `test:${new ObjectId().toHexString()}`;
    try {
      await server.get(TransactionsService).run(
        async (transaction) => {
          if (charge) await ledger.charge([{ user, amount, reference }], transaction);
          else await ledger.pay(user, amount, 'refund', reference, transaction);
        },
        ...(inTurn ? [user.toHexString()] : []),
      );
      return true;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'not_enough_credits') return false;
      throw error;
    }
  }

  it('never falls below zero, and its sum is the balance, whatever happens at once', async () => {
    const bookings = fc.array(booking, { minLength: 1, maxLength: 16 });
    const property = fc.asyncProperty(bookings, async (changes) => {
      const users = [await servers[0]!.user(50), await servers[0]!.user(0)];
      const done = await Promise.all(
        changes.map(({ server, user, charge, amount, inTurn }) =>
          book(servers[server]!, users[user]!._id, charge, amount, inTurn),
        ),
      );
      for (const [index, user] of users.entries()) {
        const entries = await servers[1]!.get(LedgerService).statement(user._id, 100);
        const balance = await servers[0]!.balance(user);
        const own = changes.filter((change, n) => change.user === index && done[n]);
        const granted = index === 0 ? 50 : 0;
        const expected = own.reduce((sum, { charge, amount }) => sum + (charge ? -amount : amount), granted);
        expect(balance).toBe(expected);
        expect(entries.reduce((sum, { amount }) => sum + amount, 0)).toBe(balance);
        expect(entries).toHaveLength(own.length + (granted > 0 ? 1 : 0));
        expect(entries.every(({ balance_after }) => balance_after >= 0)).toBe(true);
      }
    });
    await fc.assert(property, { numRuns: sized(12, 6) });
  });

  it('takes nothing in a transaction that fails after it', async () => {
    const [server] = servers;
    const user = await server!.user(30);
    const failing = server!.get(TransactionsService).run(async (transaction) => {
      await server!
        .get(LedgerService)
        .charge([{ user: user._id, amount: 10, reference: 'test:undone' }], transaction);
      throw new Error('and then the roof fell in');
    });
    await expect(failing).rejects.toThrow('the roof');
    expect(await server!.balance(user)).toBe(30);
    expect(await server!.get(LedgerService).statement(user._id, 10)).toHaveLength(1);
  });

  it('books a reference once', async () => {
    const [server] = servers;
    const user = await server!.user(30);
    const charge = () =>
      server!
        .get(TransactionsService)
        .run((transaction) =>
          server!
            .get(LedgerService)
            .charge([{ user: user._id, amount: 10, reference: 'operation:x' }], transaction),
        );
    const outcomes = await Promise.allSettled([charge(), charge(), charge()]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await server!.balance(user)).toBe(20);
  });

  it('takes several charges of an account at once, or none of them', async () => {
    const [server] = servers;
    const user = await server!.user(30);
    const charge = (amounts: number[]) =>
      server!.get(TransactionsService).run((transaction) => {
        const charges = amounts.map((amount, n) => {
          return { user: user._id, amount, reference: `test:${String(user._id)}:${n}` };
        });
        return server!.get(LedgerService).charge(charges, transaction);
      });
    await expect(charge([20, 11])).rejects.toMatchObject({ code: 'not_enough_credits' });
    await charge([10, 0, 15]);
    expect(await server!.balance(user)).toBe(5);
    const entries = await server!.get(LedgerService).statement(user._id, 3);
    expect(entries.map(({ balance_after }) => balance_after)).toEqual([5, 20, 20]);
  });

  it('pays nobody who is not there', async () => {
    const [server] = servers;
    const nobody = new ObjectId();
    await expect(server!.get(LedgerService).grant(nobody, 5)).rejects.toMatchObject({ code: 'not_found' });
    expect(await server!.get(LedgerService).statement(nobody, 10)).toEqual([]);
  });
});
