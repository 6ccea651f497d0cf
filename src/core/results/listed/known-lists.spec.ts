import { describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { ObjectId } from '../../../platform/database/object-id.js';
import { KnownLists, type KnownResult, resultsOf } from './known-lists.js';

const KILOBYTE = 1024;

function listOf(texts: readonly (string | undefined)[], operation = new ObjectId()) {
  const list = {
    _id: operation,
    ids: texts.map(() => new ObjectId()),
    received_at: texts.map((_, n) => new Date(n)),
  };
  const known = texts.map((text, n): KnownResult | undefined =>
    text === undefined ? undefined : { probe: 'f'.repeat(24), text, received_at: new Date(n), isShown: true },
  );
  const bytes = Buffer.from(mongoose.mongo.BSON.serialize(list)).toString('latin1');
  return { operation: operation.toHexString(), bytes, as: 'json' as const, parts: [], known };
}

describe('KnownLists', () => {
  it('holds no more than its memory allows, however many lists and texts there are', () => {
    const lists = new KnownLists(200 * KILOBYTE);
    for (let n = 0; n < 200; n += 1) {
      lists.set(listOf(Array.from({ length: n % 20 }, () => 'x'.repeat(10 * n))), 0);
      expect(lists.bytes).toBeLessThanOrEqual(200 * KILOBYTE);
    }
    expect(lists.bytes).toBeGreaterThan(50 * KILOBYTE);
  });

  it('counts each character four times, and what stands around it', () => {
    const lists = new KnownLists(200 * KILOBYTE);
    lists.set(listOf(['x'.repeat(1_000), 'ü'.repeat(1_000)]), 0);
    expect(lists.bytes).toBeGreaterThan(8_000);
  });

  it('knows lists of an operation apart by their numbers', () => {
    const lists = new KnownLists(200 * KILOBYTE);
    const [operation, other] = [new ObjectId(), new ObjectId()];
    const [first, second] = [listOf(['a'], operation), listOf(['b'], operation)];
    lists.set(first, 0);
    lists.set(second, 1);
    const hex = operation.toHexString();
    expect([lists.get(hex, 0), lists.get(hex, 1), lists.get(hex, 2)]).toEqual([first, second, undefined]);
    expect(lists.get(other.toHexString(), 0)).toBeUndefined();
  });
});

describe('resultsOf', () => {
  it('names each by its id and the time when it came, and leaves out what is not known', () => {
    const results = resultsOf(listOf(['a', undefined, 'c']));
    expect([...results.values()].map(({ text }) => text)).toEqual(['a', 'c']);
    expect([...results.keys()].map((name) => name.slice(24))).toEqual(['0', '2']);
  });
});
