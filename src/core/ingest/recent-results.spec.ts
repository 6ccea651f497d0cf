import { beforeEach, describe, expect, it } from '@jest/globals';
import { type FreshResult, RecentResults } from './recent-results.js';
import { type ResultEntity } from './result.schema.js';

const EPOCH = 'a'.repeat(24);
const MB = 1024 * 1024;

const fresh = (bytes = 1_000, early = false): FreshResult => ({
  result: (early ? { early: {} } : {}) as ResultEntity,
  bytes,
});
const several = (count: number, bytes?: number) => Array.from({ length: count }, () => fresh(bytes));

describe('recent results', () => {
  let recent: RecentResults;
  const numbers = (after: number, most: number, head: number) =>
    recent.after(after, most, head)?.map(({ number }) => number);

  beforeEach(() => {
    recent = new RecentResults();
    recent.add(3, EPOCH, several(3));
    recent.add(5, EPOCH, several(2));
  });

  it('follow each other over appends, as many as are asked for', () => {
    expect(numbers(1, 10, 5)).toEqual([2, 3, 4, 5]);
    expect(numbers(1, 3, 5)).toEqual([2, 3, 4]);
    expect(recent.after(4, 1, 5)?.[0]?.position).toBe(`5-${EPOCH}`);
  });

  it('end where nothing follows', () => {
    expect(numbers(5, 10, 5)).toBeUndefined();
  });

  it('have to be read where others have appended between or behind them', () => {
    expect(numbers(3, 10, 6)).toBeUndefined();
    recent.add(8, EPOCH, several(2));
    expect(numbers(3, 10, 8)).toBeUndefined();
    expect(numbers(3, 2, 8)).toEqual([4, 5]);
    expect(numbers(6, 10, 8)).toEqual([7, 8]);
    expect(recent.get(6, EPOCH)).toBeUndefined();
    expect(recent.get(7, EPOCH)?.number).toBe(7);
  });

  it('leave out what came early, is very large, or is not at hand', () => {
    recent.add(9, EPOCH, [fresh(1, true), fresh(MB), undefined, fresh()]);
    expect([6, 7, 8, 9].map((number) => recent.get(number, EPOCH)?.number)).toEqual([
      undefined,
      undefined,
      undefined,
      9,
    ]);
    expect(numbers(5, 10, 9)).toBeUndefined();
  });

  it('are forgotten when all consumers of this server have passed them', () => {
    recent.passed('slow', 2);
    recent.passed('fast', 5);
    expect(numbers(2, 10, 5)).toEqual([3, 4, 5]);
    recent.passed('slow', 3);
    expect(recent.get(3, EPOCH)).toBeUndefined();
    expect(recent.get(4, EPOCH)?.number).toBe(4);
    recent.left('slow');
    recent.passed('fast', 5);
    expect(recent.get(4, EPOCH)).toBeUndefined();
  });

  it('are 32 MB at the most, the oldest first', () => {
    recent.passed('slow', 0);
    for (let last = 6; last < 1_000; last += 1) recent.add(last, EPOCH, several(1, 60_000));
    expect(recent.get(5, EPOCH)).toBeUndefined();
    expect(recent.get(999, EPOCH)?.number).toBe(999);
    expect(numbers(400, 1_000, 999)).toBeUndefined();
    expect(numbers(450, 1_000, 999)).toHaveLength(549);
  });

  it('of a log that began anew are others', () => {
    recent.add(2, 'b'.repeat(24), several(2));
    expect(recent.get(2, EPOCH)).toBeUndefined();
    expect(numbers(0, 10, 2)).toEqual([1, 2]);
    expect(numbers(2, 10, 2)).toBeUndefined();
  });
});
