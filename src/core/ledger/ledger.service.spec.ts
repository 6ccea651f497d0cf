import { describe, expect, it } from '@jest/globals';
import { ObjectId } from '../../platform/database/object-id.js';
import { type Transaction, type TransactionsService } from '../../platform/database/transactions.service.js';
import { type UsersRepository } from '../users/index.js';
import { type LedgerRepository } from './ledger.repository.js';
import { LedgerService } from './ledger.service.js';

const nobody = {} as Transaction;
const user = new ObjectId();

/** @returns what a platform writes that charges 5 credits and pays 7 for a result */
async function writtenWith(credits: boolean): Promise<string[]> {
  const written: string[] = [];
  const users = {
    spend: (_id: ObjectId, credits: number) => {
      written.push(`spend ${credits}`);
      return Promise.resolve({ credits: 0 });
    },
    addCreditsToMany: (payments: { amount: number }[]) => {
      written.push(`add ${payments[0]?.amount ?? 0}`);
      return Promise.resolve(new Map([[user.toHexString(), 7]]));
    },
  } as unknown as UsersRepository;
  const ledger = {
    appendAll: (entries: object[]) => Promise.resolve(written.push(`${entries.length} entries`)),
  } as unknown as LedgerRepository;
  const service = new LedgerService(users, ledger, {} as TransactionsService, { credits });
  await service.charge([{ user, amount: 5, reference: 'x' }], nobody);
  await service.payResults([{ user, amount: 7 }], 'y', nobody);
  return written;
}

describe('LedgerService', () => {
  it('charges and pays', async () => {
    expect(await writtenWith(true)).toEqual(['spend 5', '1 entries', 'add 7', '1 entries']);
  });

  it('does neither without credits (CREDITS=off)', async () => {
    expect(await writtenWith(false)).toEqual([]);
  });
});
