import { describe, expect, it } from '@jest/globals';
import { ObjectId } from '../../platform/database/object-id.js';
import { type TransactionsService } from '../../platform/database/transactions.service.js';
import { type AssignmentsRepository, type OperationsRepository } from '../assignments/index.js';
import { type LedgerService } from '../ledger/index.js';
import { type QuotasService } from '../quotas/index.js';
import { type NewOperation, OperationStore } from './operation-store.js';

type Entity = NewOperation['operation'];

/** A store whose database is an array: a transaction that fails leaves nothing in it, and some operations are refused. */
function storeRefusing(isRefused: (operation: Entity) => boolean) {
  const transactions: Entity[][] = [];
  let written: Entity[] = [];
  const parts = {
    operations: {
      insertAll: (all: Entity[]) => {
        if (all.some(isRefused)) return Promise.reject(new Error('refused'));
        written = all;
        return Promise.resolve();
      },
    },
    nothing: { insertAll: () => Promise.resolve(), charge: () => Promise.resolve() },
    quotas: {
      admitting: (_all: unknown, store: (admit: unknown) => Promise<void>) => store(() => undefined),
    },
    transactions: {
      run: async (work: (transaction: unknown) => Promise<void>, ...serialised: string[]) => {
        expect(new Set(serialised).size).toBe(serialised.length);
        await work(undefined);
        transactions.push(written);
      },
    },
  };
  const store = new OperationStore(
    parts.operations as unknown as OperationsRepository,
    parts.nothing as unknown as AssignmentsRepository,
    parts.nothing as unknown as LedgerService,
    parts.quotas as unknown as QuotasService,
    parts.transactions as unknown as TransactionsService,
  );
  return { store, transactions };
}

function creationOf(owner: ObjectId): NewOperation {
  const operation = { _id: new ObjectId(), owner, credits: 1, accepted_params: '{}' };
  const admission = { addition: [], serialised: [owner.toHexString(), '#target-1'] };
  return { operation, assignments: [], admission } as unknown as NewOperation;
}

describe('OperationStore', () => {
  it('stores what one user creates at once in one transaction, and others in theirs', async () => {
    const { store, transactions } = storeRefusing(() => false);
    const [ann, bob] = [new ObjectId(), new ObjectId()];
    await Promise.all([ann, ann, bob, ann].map((owner) => store.store(creationOf(owner))));
    expect(transactions.map((all) => all.map(({ owner }) => owner))).toEqual([[ann, ann, ann], [bob]]);
  });

  it('takes no other with one that is refused', async () => {
    const owner = new ObjectId();
    const creations = Array.from({ length: 7 }, () => creationOf(owner));
    const bad = creations[4]?.operation;
    const { store, transactions } = storeRefusing((operation) => operation === bad);
    const outcomes = await Promise.allSettled(creations.map((creation) => store.store(creation)));
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(
      creations.map(({ operation }) => operation !== bad),
    );
    expect(transactions.flat()).toEqual(
      creations.map(({ operation }) => operation).filter((operation) => operation !== bad),
    );
  });
});
