import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cover, type Coverage, emptyCoverage, type Stretch, uncover } from '../schedule/coverage.js';
import { decide, LATEST_START_MS } from './decide.js';
import { type Occurrences, occurrences } from '../schedule/schedule.js';

const START = Date.parse('2026-05-01T00:00:00Z');
const HOUR = 3_600_000;

function within(runs: Occurrences, { after, until }: Stretch): number[] {
  const found: number[] = [];
  for (let at = runs.nextAfter(after); at !== null && at <= until; at = runs.nextAfter(at)) found.push(at);
  return found;
}

/** A probe's memory of one operation, driven by a clock that does what it likes. */
class Walk {
  readonly done: number[] = [];
  gaps: Stretch[] = [];
  coverage: Coverage = emptyCoverage();
  private last = Number.NEGATIVE_INFINITY;

  constructor(readonly runs: Occurrences) {}

  look(now: number): void {
    if (now < this.last - 1000) this.retract(now - LATEST_START_MS - 1);
    this.last = now;
    const decision = decide(this.runs, this.coverage, now);
    for (const stretch of decision.missed) {
      this.gaps.push(stretch);
      this.coverage = cover(this.coverage, stretch);
    }
    if (decision.run !== null) {
      this.done.push(decision.run.until);
      this.coverage = cover(this.coverage, decision.run);
    }
  }

  private retract(now: number): void {
    this.gaps = this.gaps.flatMap((gap) => {
      if (gap.until <= now) return [gap];
      this.coverage = uncover(this.coverage, { after: Math.max(gap.after, now), until: gap.until });
      return gap.after < now ? [{ after: gap.after, until: now }] : [];
    });
  }
}

const schedule = fc.oneof(
  fc.record({ type: fc.constant('interval' as const), every_s: fc.integer({ min: 1, max: 600 }) }),
  fc.record({
    type: fc.constant('cron' as const),
    cron: fc.constantFrom('* * * * *', '*/5 * * * *', '17 * * * *'),
    times_per_minute: fc.integer({ min: 1, max: 60 }),
  }),
);
/** Steps of the clock: small ones as it goes, and jumps ahead and back. */
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 6_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -HOUR / 3, max: HOUR / 3 }) },
  ),
  { maxLength: 60 },
);

describe('decide', () => {
  test('late runs are missed, the newest is done', () => {
    const runs = occurrences({
      type: 'interval',
      every_s: 1,
      start: new Date(START).toISOString(),
      stop: new Date(START + HOUR).toISOString(),
    });
    const decision = decide(runs, emptyCoverage(), START + 60_400);
    expect(decision.run?.until).toBe(START + 60_000);
    expect(decision.missed.flatMap((stretch) => within(runs, stretch)).length).toBe(60);
    expect(decision.next).toBe(START + 61_000);
  });

  test('a single run is done however late', () => {
    const runs = occurrences({ type: 'once', at: new Date(START).toISOString() });
    expect(decide(runs, emptyCoverage(), START + 100 * HOUR).run?.until).toBe(START);
  });

  test('a clock that goes ahead, back, and ahead again: what was done in between is not called missed', () => {
    const bounds = { start: new Date(START).toISOString(), stop: new Date(START + 9 * HOUR).toISOString() };
    const walk = new Walk(occurrences({ type: 'interval', every_s: 60, ...bounds }));
    for (const now of [START, START + HOUR, START + 60_000, START + 2 * HOUR]) walk.look(now);
    expect(walk.done).toEqual([START, START + HOUR, START + 60_000, START + 2 * HOUR]);
    const missed = walk.gaps.flatMap((gap) => within(walk.runs, gap));
    expect(missed).toHaveLength(121 - walk.done.length);
    expect(missed.filter((at) => walk.done.includes(at))).toEqual([]);
  });

  test('no run twice, none both done and missed, none left out: whatever the clock does', () => {
    fc.assert(
      fc.property(schedule, steps, (part, moves) => {
        const bounds = {
          start: new Date(START - HOUR / 6).toISOString(),
          stop: new Date(START + 1000 * HOUR).toISOString(),
        };
        const walk = new Walk(occurrences({ ...part, ...bounds }));
        let now = START;
        for (const move of moves) {
          now += move;
          walk.look(now);
        }
        walk.look(now);
        // From here on the clock behaves: nothing may starve.
        const calm = now;
        for (let step = 0; step < 150; step++) walk.look((now += 900));
        expect(new Set(walk.done).size).toBe(walk.done.length);
        const missed = walk.gaps.flatMap((gap) => within(walk.runs, gap));
        expect(new Set(missed).size).toBe(missed.length);
        const done = new Set(walk.done);
        expect(missed.filter((at) => done.has(at))).toEqual([]);
        expect(within(walk.runs, { after: calm, until: now }).filter((at) => !done.has(at))).toEqual([]);
        const explained = new Set([...missed, ...walk.done]);
        expect(
          within(walk.runs, { after: START - HOUR / 6 - 1, until: now }).filter((at) => !explained.has(at)),
        ).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('coverage', () => {
  const stretch = fc
    .tuple(fc.nat(200), fc.integer({ min: 1, max: 40 }))
    .map(([after, length]) => ({ after, until: after + length }));

  test('holds exactly what was added and not taken away', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), stretch), { maxLength: 20 }), (changes) => {
        let coverage = emptyCoverage();
        const expected = new Set<number>();
        for (const [isAdded, each] of changes) {
          coverage = isAdded ? cover(coverage, each) : uncover(coverage, each);
          for (let ms = each.after + 1; ms <= each.until; ms++) {
            if (isAdded) expected.add(ms);
            else expected.delete(ms);
          }
        }
        const held: number[] = [];
        for (const { after, until } of coverage) for (let ms = after + 1; ms <= until; ms++) held.push(ms);
        expect(held).toEqual([...expected].sort((a, b) => a - b));
      }),
    );
  });
});
