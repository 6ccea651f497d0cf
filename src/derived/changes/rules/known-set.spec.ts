import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Random } from '../../../../test/chaos/random.js';
import {
  type KnownSet,
  LEARNED_RUNS,
  LEAST_ROW,
  LONGEST_ROW,
  MOST_RUNS,
  MOST_VALUES,
  newSet,
  observe,
  rowOf,
  type SetChange,
} from './known-set.js';

const moment = (n: number) => ({ time: n * 60_000, result: `r${n}` });

/** What one after the other of these makes of a set. */
function changesOf(values: readonly (string | string[])[], set: KnownSet = newSet()): SetChange[] {
  return values.flatMap((value, n) => {
    const change = observe(
      set,
      typeof value === 'string' ? [value] : value,
      moment(n),
      n > 0 ? moment(n - 1) : undefined,
    );
    return change === undefined ? [] : [change];
  });
}
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('a set of known values', () => {
  it('changes when what is unknown comes three times in a row after a long time, and says since when', () => {
    const set = newSet();
    const changes = changesOf([...times(150, 'a'), 'b', 'b', 'b', 'b', 'b'], set);
    expect(changes).toEqual([{ before: ['a'], after: ['b'], since: moment(150), prior: moment(149) }]);
    expect(set.known.map(([value]) => value)).toEqual(['b']);
  });

  it('needs more in a row while it knows little', () => {
    // (1/9)^n, (1/31)^n, (1/151)^n are one in a million or less
    expect([8, 30, 150].map((runs) => rowOf({ runs, odd: 0 }))).toEqual([7, 5, 3]);
    expect(rowOf({ runs: 100, odd: 50 })).toBe(21);
    expect(rowOf({ runs: 100, odd: 100 })).toBe(Infinity);
  });

  it.each([1, 2])('is deaf to %i losses or strays', (strays) => {
    expect(changesOf([...times(200, 'a'), ...times(strays, 'x'), ...times(50, 'a')])).toEqual([]);
  });

  it('knows again what alternates, and that is no change', () => {
    const rotation = Array.from({ length: 400 }, (_, n) => (n % 2 === 0 ? 'a' : 'b'));
    expect(changesOf([...times(100, 'a'), ...rotation])).toEqual([]);
  });

  it('tells of a return', () => {
    const changes = changesOf([...times(150, 'a'), ...times(150, 'b'), ...times(20, 'a')]);
    expect(changes.map(({ before, after }) => [before, after])).toEqual([
      [['a'], ['b']],
      [['b'], ['a']],
    ]);
  });

  it('tells of a return to what was seen long ago, though it alternated then', () => {
    const both = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? 'a' : 'b'));
    const changes = changesOf([...both, ...times(300, 'a'), ...times(8, 'b')]);
    expect(changes.map(({ before, after }) => [before, after])).toEqual([[['a'], ['b']]]);
  });

  it('learns a set in which everything is always new, and says nothing', () => {
    const set = newSet();
    expect(
      changesOf(
        Array.from({ length: 1000 }, (_, n) => `v${n}`),
        set,
      ),
    ).toEqual([]);
    expect(set.known.length).toBeLessThanOrEqual(MOST_VALUES);
    expect(set.pending?.runs ?? 0).toBeLessThan(LONGEST_ROW);
  });

  it('says nothing where a changing part of a large set comes each time', () => {
    const random = new Random(7);
    const pool = Array.from({ length: 12 }, (_, n) => `a${n}`);
    const few = () => [0, 1, 2].map(() => pool[Math.floor(random.next() * pool.length)]!);
    expect(changesOf(Array.from({ length: 2000 }, few))).toEqual([]);
  });

  it('gives no change for 2 to 8 values in any drawn order, and one when all of them are replaced', () => {
    const orders = fc.record({ branches: fc.integer({ min: 2, max: 8 }), seed: fc.nat() });
    fc.assert(
      fc.property(orders, ({ branches, seed }) => {
        const random = new Random(seed);
        const draw = (prefix: string) => () => `${prefix}${Math.floor(random.next() * branches)}`;
        const set = newSet();
        const before = Array.from({ length: 200 }, draw('a'));
        const after = Array.from({ length: 100 }, draw('b'));
        expect(changesOf(before, set)).toEqual([]);
        expect(changesOf(after, set)).toHaveLength(1);
      }),
      { numRuns: 60, seed: 11 },
    );
  });

  it('stays within its bounds, and is plain data, whatever comes', () => {
    const anything = fc.array(fc.array(fc.integer({ min: 0, max: 100 }).map(String), { minLength: 1 }), {
      maxLength: 600,
    });
    fc.assert(
      fc.property(anything, (values) => {
        const set = newSet();
        changesOf(values, set);
        expect(set.known.length).toBeLessThanOrEqual(MOST_VALUES);
        expect(set.pending?.values.length ?? 0).toBeLessThanOrEqual(MOST_VALUES);
        expect(set.runs).toBeLessThan(MOST_RUNS + LONGEST_ROW);
        expect(set.odd).toBeLessThanOrEqual(set.runs);
        expect(JSON.parse(JSON.stringify(set))).toEqual(set);
      }),
      { numRuns: 50 },
    );
  });

  it('takes for granted what the first runs bring', () => {
    const first = Array.from({ length: LEARNED_RUNS }, (_, n) => `v${n}`);
    expect(changesOf(first)).toEqual([]);
    expect(rowOf({ runs: 1e6, odd: 0 })).toBe(LEAST_ROW);
  });
});
