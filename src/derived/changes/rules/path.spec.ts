import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Random } from '../../../../test/chaos/random.js';
import { MOST_VALUES } from './known-set.js';
import { MOST_HOPS, newPath, observePath, type PathChange, type PathState } from './path.js';

type Path = (string | null)[];
const moment = (n: number) => ({ time: n * 60_000, result: `r${n}` });
const LONG = 150;

function changesOf(paths: readonly Path[], state: PathState = newPath()): PathChange[] {
  return paths.flatMap((path, n) => {
    const change = observePath(state, path, moment(n), n > 0 ? moment(n - 1) : undefined);
    return change === undefined ? [] : [change];
  });
}
const times = (count: number, path: Path): Path[] => Array.from({ length: count }, () => [...path]);
const PLAIN: Path = ['gw', 'isp', 'core1', 'core2', 'peer', 'dst'];
const withHop = (ttl: number, address: string | null, path = PLAIN): Path =>
  path.map((hop, index) => (index === ttl - 1 ? address : hop));

describe('a path that changes', () => {
  it('is one change for one hop, from the first run that showed it', () => {
    expect(changesOf([...times(LONG, PLAIN), ...times(20, withHop(4, 'core9'))])).toEqual([
      {
        hops: [{ ttl: 4, before: ['core2'], after: ['core9'] }],
        since: moment(LONG),
        prior: moment(LONG - 1),
      },
    ]);
  });

  it('is one change for several hops, also where some of them are silent at first', () => {
    const other: Path = ['gw', 'isp', 'x3', 'x4', 'x5', 'dst'];
    const partly = other.map((hop, index) => (index === 3 ? null : hop));
    const changes = changesOf([...times(LONG, PLAIN), ...times(5, partly), ...times(40, other)]);
    expect(changes.map(({ hops }) => hops.map(({ ttl }) => ttl))).toEqual([[3, 5]]);
  });

  it('is one change when it becomes shorter, and when it becomes longer', () => {
    const shorter: Path = ['gw', 'isp', 'peer', 'dst'];
    const changes = changesOf([...times(LONG, PLAIN), ...times(LONG, shorter), ...times(40, PLAIN)]);
    expect(changes.map(({ hops }) => hops.map(({ ttl }) => ttl))).toEqual([
      [3, 4],
      [3, 4],
    ]);
  });

  it('is none when hops are silent, at times or from now on', () => {
    const random = new Random(5);
    const silent = () => PLAIN.map((hop) => (random.chance(0.3) ? null : hop));
    expect(changesOf([...Array.from({ length: 300 }, silent), ...times(50, withHop(3, null))])).toEqual([]);
  });

  it('is none when traces end early', () => {
    const random = new Random(6);
    const cut = () => PLAIN.slice(0, random.whole(0, PLAIN.length));
    expect(changesOf(Array.from({ length: 400 }, cut))).toEqual([]);
  });

  it('is none when a hop says that the destination cannot be reached, or the destination falls silent', () => {
    const unreachable = PLAIN.slice(0, 4);
    const given: Path = [...PLAIN.slice(0, 5), null, null, null, null, null];
    const paths = [
      ...times(LONG, PLAIN),
      ...times(40, unreachable),
      ...times(40, given),
      ...times(40, PLAIN),
    ];
    expect(changesOf(paths)).toEqual([]);
  });

  it('is one change when packets go in a circle, and one when they do so no more', () => {
    const loop: Path = ['gw', 'isp', 'core1', 'isp', 'core1', 'isp', 'core1'];
    const changes = changesOf([...times(LONG, PLAIN), ...times(30, loop), ...times(60, PLAIN)]);
    expect(changes).toHaveLength(2);
  });

  it('is none for one stray path, as of one flow among many', () => {
    const random = new Random(8);
    const paths = Array.from({ length: 500 }, (_, n) =>
      random.chance(0.02) ? ['gw', 'isp', `stray${n}`, 'z', 'peer', 'dst'] : PLAIN,
    );
    expect(changesOf(paths)).toEqual([]);
  });

  it('is none for load balancing over 2 to 8 branches at several TTLs in any drawn order, one for a hop behind it', () => {
    const drawn = fc.record({
      seed: fc.nat(),
      branches: fc.array(fc.integer({ min: 2, max: 8 }), { minLength: 1, maxLength: 4 }),
      silent: fc.constantFrom(0, 0.05, 0.2),
      // each hop by itself, or all by the flow of the run
      byFlow: fc.boolean(),
    });
    fc.assert(
      fc.property(drawn, ({ seed, branches, silent, byFlow }) => {
        const random = new Random(seed);
        const path = (last: string): Path => {
          const flow = random.whole(0, 10_000);
          const middle = branches.map(
            (count, index) => `m${index}-${byFlow ? flow % count : random.whole(0, count - 1)}`,
          );
          return ['gw', ...middle, last, 'dst'].map((hop) => (random.chance(silent) ? null : hop));
        };
        const state = newPath();
        const balanced = Array.from({ length: 250 }, () => path('last'));
        expect(changesOf(balanced, state)).toEqual([]);
        const rerouted = Array.from({ length: 100 }, () => path('other'));
        const changes = changesOf(rerouted, state);
        expect(changes).toHaveLength(1);
        expect(changes[0]?.hops.at(-1)).toEqual({
          ttl: branches.length + 2,
          before: ['last'],
          after: ['other'],
        });
      }),
      { numRuns: 50, seed: 3 },
    );
  });

  it('is one change when balanced paths are replaced by other balanced ones', () => {
    const random = new Random(12);
    const via = (name: string): Path => [
      'gw',
      `${name}${random.whole(0, 3)}`,
      `${name}${random.whole(4, 7)}`,
      'dst',
    ];
    const changes = changesOf([
      ...Array.from({ length: 200 }, () => via('a')),
      ...Array.from({ length: 200 }, () => via('b')),
    ]);
    expect(changes.map(({ hops }) => hops.map(({ ttl }) => ttl))).toEqual([[2, 3]]);
  });

  it('stays within its bounds, and is plain data, whatever comes', () => {
    const hop = fc.option(fc.integer({ min: 0, max: 40 }).map(String), { nil: null });
    fc.assert(
      fc.property(fc.array(fc.array(hop, { maxLength: 100 }), { maxLength: 150 }), (paths) => {
        const state = newPath();
        changesOf(paths, state);
        expect(state.hops.length).toBeLessThanOrEqual(MOST_HOPS);
        for (const each of state.hops) expect(each?.known.length ?? 0).toBeLessThanOrEqual(MOST_VALUES);
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      }),
      { numRuns: 30 },
    );
  });
});
