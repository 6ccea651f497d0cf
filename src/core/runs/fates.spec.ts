import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Presence } from '../presence/presence.js';
import { numberRuns } from '../../measurement/schedule/run-numbers.js';
import {
  type AssignmentFacts,
  explainMissing,
  type Fate,
  FATES,
  hasMissing,
  markArrived,
  markSingle,
  type ProbeFacts,
} from './fates.js';
import { NOT_DUE, RunFates, WordPool } from './run-fates.js';
import { type RunSheetEntity, RUNS_PER_SHEET } from './run-sheet.schema.js';
import { Buckets, bucketWidth, sumOf } from './tally.js';
import { asRead } from '../../../test/support/packed-sheets.js';

const MINUTE = 60_000;
const RUNS = 100;
/** A run each minute, for 100 minutes. */
const numbers = numberRuns({
  type: 'interval',
  every_s: 60,
  start: new Date(0),
  stop: new Date(RUNS * MINUTE),
});
const RECEIVED = FATES.indexOf('received') + 1;
const ids = { operation: null as never, probe: null as never };
const job: AssignmentFacts = { refused: false, anyTime: false, deliveredAt: 0, offsetMs: 0 };
const here: ProbeFacts = { presence: new Presence([{ from: -MINUTE, to: Infinity }]), connected: true };

/** A sheet on which these runs came, `stored` results in all. */
function sheetOf(
  runs: readonly number[],
  stored = runs.length,
  failed?: RunSheetEntity['failed'],
): RunSheetEntity {
  const came: Record<string, number> = {};
  for (const run of runs) came[run >> 5] = (came[run >> 5] ?? 0) | (1 << (run & 31));
  return { ...ids, sheet: 0, stored, came, ...(failed && { failed }) };
}

function fatesAfter(
  now: number,
  {
    sheets = [],
    facts = {},
    probe = here,
  }: { sheets?: RunSheetEntity[]; facts?: Partial<AssignmentFacts>; probe?: ProbeFacts | null } = {},
) {
  const fates = new RunFates(RUNS);
  const marked = markArrived(fates, asRead(sheets));
  explainMissing(fates, numbers, [{ ...job, ...facts }], probe ?? undefined, now);
  const named = fates.codes().map((code): Fate | undefined => FATES[code - 1]);
  return { ...marked, named };
}

describe('the fates of runs', () => {
  it('of a probe that was taken away and added again', () => {
    const fates = new RunFates(RUNS);
    markArrived(fates, asRead([sheetOf([0, 12])]));
    const stretches = [
      { ...job, firstRun: 0, endRun: 10, stoppedAt: 5 * MINUTE },
      { ...job, firstRun: 10, deliveredAt: 11 * MINUTE },
    ];
    const probe = { ...here, report: { at: 200 * MINUTE, backlog: 1, running: 0 } };
    const missing = stretches.map((stretch) => hasMissing(fates, numbers, stretch, 20 * MINUTE));
    explainMissing(fates, numbers, stretches, probe, 20 * MINUTE);
    const named = fates.codes().map((code): Fate | undefined => FATES[code - 1]);
    expect(missing).toEqual([true, true]);
    expect(named.slice(0, 13)).toEqual([
      ...['received', 'unexplained', 'unexplained', 'unexplained', 'unexplained'],
      ...['stopped', 'stopped', 'stopped', 'stopped', 'stopped'],
      ...['not_delivered', 'unexplained', 'received'],
    ]);
    // the newest is the one that the probe says that it keeps
    expect(named.slice(18, 22)).toEqual(['unexplained', 'awaited', 'held', undefined]);
  });

  it('that came, that failed, that are not due yet', () => {
    const failed = { missed: { '0': 1 << 2 }, refused: { '0': 1 << 3 } };
    const { named, reasons, extra } = fatesAfter(5 * MINUTE, {
      sheets: [sheetOf([0, 1, 4, 5, 40], 5, failed)],
    });
    expect(named.slice(0, 7)).toEqual([
      'received',
      'received',
      'failed',
      'refused',
      'received',
      'received',
      undefined,
    ]);
    expect(named[40]).toBe('received');
    expect([reasons, extra]).toEqual([{ missed: 1, refused: 1 }, 0]);
  });

  it('that are missing from a probe that was there and had the job: under way, then unexplained', () => {
    const { named } = fatesAfter(10 * MINUTE + 1);
    expect(named.slice(0, 12)).toEqual([
      ...Array<Fate>(9).fill('unexplained'),
      'awaited',
      'awaited',
      undefined,
    ]);
    const measuring = { ...here, report: { at: 0, backlog: 0, running: 1 } };
    expect(fatesAfter(10 * MINUTE, { probe: measuring }).named[1]).toBe('awaited');
  });

  it('that were due while the probe was away, or before it left for good', () => {
    const away = new Presence([
      { from: -MINUTE, to: 2.5 * MINUTE },
      { from: 5.5 * MINUTE, to: 30 * MINUTE },
    ]);
    const { named } = fatesAfter(90 * MINUTE, { probe: { presence: away, connected: false } });
    const expected = (run: number): Fate =>
      (run >= 3 && run <= 5) || run >= 28 ? 'not_connected' : 'unexplained';
    expect(named.slice(0, 91)).toEqual(Array.from({ length: 91 }, (_, run) => expected(run)));
    expect(fatesAfter(2 * MINUTE, { probe: null }).named[0]).toBe('not_connected');
  });

  it('that the server sends: under way while they have begun, however long, else the probe was not ready', () => {
    const probe = { ...here, begun: new Set([2, 5]) };
    const facts = { serverKept: true };
    const { named } = fatesAfter(10 * MINUTE + 1, { facts, probe, sheets: [sheetOf([3])] });
    expect(named.slice(0, 12)).toEqual([
      ...['not_connected', 'not_connected', 'awaited', 'received', 'not_connected', 'awaited'],
      ...['not_connected', 'not_connected', 'not_connected', 'not_connected', 'awaited', undefined],
    ]);
  });

  it('that were due before the job was delivered', () => {
    const { named } = fatesAfter(50 * MINUTE, { facts: { deliveredAt: 3 * MINUTE + 4_000 } });
    expect(named.slice(0, 5)).toEqual([
      'not_delivered',
      'not_delivered',
      'not_delivered',
      'unexplained',
      'unexplained',
    ]);
    expect(
      new Set(fatesAfter(40 * MINUTE, { facts: { deliveredAt: undefined } }).named.slice(0, 38)),
    ).toEqual(new Set(['not_delivered']));
  });

  it('that the probe says it holds: the newest, as many as it says, and none after it said so', () => {
    const probe = { ...here, report: { at: 20 * MINUTE, backlog: 3, running: 0 } };
    const { named } = fatesAfter(30 * MINUTE, { probe });
    expect(named.slice(16, 24)).toEqual([
      'unexplained',
      'unexplained',
      'held',
      'held',
      'held',
      'unexplained',
      'unexplained',
      'unexplained',
    ]);
  });

  it('of an operation that was stopped, or refused: decided to the end', () => {
    const stopped = fatesAfter(30 * MINUTE, {
      facts: { stoppedAt: 10 * MINUTE },
      sheets: [sheetOf([10])],
    }).named;
    expect(stopped[9]).toBe('unexplained');
    expect(stopped[10]).toBe('received');
    expect(new Set(stopped.slice(11))).toEqual(new Set(['stopped']));
    expect(new Set(fatesAfter(0, { facts: { refused: true } }).named)).toEqual(new Set(['refused']));
  });

  it('of classic results, which name no run: laid beside the last before them, the others before it', () => {
    const { named, extra } = fatesAfter(10 * MINUTE, { sheets: [sheetOf([2, 7], 5)] });
    expect(named.slice(0, 9).map((fate) => fate === 'received')).toEqual([
      false,
      false,
      true,
      false,
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(extra).toBe(0);
    expect(fatesAfter(10 * MINUTE, { sheets: [sheetOf([1], 5)] }).extra).toBe(3);
  });

  it('of a single run that may be done at any time count from its delivery', () => {
    const single = numberRuns({ type: 'once', at: new Date(0) });
    const fateAt = (now: number, facts: Partial<AssignmentFacts>, probe: ProbeFacts) => {
      const fates = new RunFates(1);
      explainMissing(fates, single, [{ ...job, anyTime: true, ...facts }], probe, now);
      return FATES[(fates.codes()[0] ?? 0) - 1];
    };
    const late = { presence: new Presence([{ from: 60 * MINUTE, to: Infinity }]), connected: true };
    expect(
      fateAt(30 * MINUTE, { deliveredAt: undefined }, { presence: new Presence([]), connected: false }),
    ).toBe('not_connected');
    expect(fateAt(61 * MINUTE, { deliveredAt: 60 * MINUTE + 50 }, late)).toBe('awaited');
    expect(fateAt(80 * MINUTE, { deliveredAt: 60 * MINUTE + 50 }, late)).toBe('unexplained');
    const done = new RunFates(1);
    expect(markSingle(done, { received: 0, failed: 1, failure: 'timeout' })).toEqual({
      extra: 0,
      reasons: { timeout: 1 },
    });
    expect(FATES[(done.codes()[0] ?? 0) - 1]).toBe('failed');
    expect(markSingle(new RunFates(1), { received: 3, failed: 0 })).toEqual({ extra: 2, reasons: {} });
  });

  it('add up to the runs due, whatever came and whatever is known', () => {
    const run = fc.integer({ min: 0, max: RUNS - 1 });
    const stays = fc.array(
      fc.record({ from: fc.integer({ min: -9, max: 99 }), length: fc.integer({ min: 0, max: 50 }) }),
    );
    const time = fc.option(fc.integer({ min: 0, max: RUNS * MINUTE }), { nil: undefined });
    const probe = fc.record({
      stays,
      connected: fc.boolean(),
      backlog: fc.integer({ min: 0, max: 30 }),
      at: fc.integer({ min: 0, max: 99 }),
    });
    const facts = fc.record({
      refused: fc.boolean(),
      anyTime: fc.boolean(),
      deliveredAt: time,
      stoppedAt: time,
      offsetMs: fc.constantFrom(0, 17_000),
    });
    const property = fc.property(
      fc.uniqueArray(run),
      fc.nat(20),
      fc.option(probe, { nil: undefined }),
      facts,
      fc.integer({ min: 0, max: 120 * MINUTE }),
      fc.integer({ min: 1, max: 100 }),
      (came, more, known, given, now, widthMinutes) => {
        const stored = came.length + (came.length > 0 ? more : 0);
        const fates = new RunFates(RUNS);
        const { extra } = markArrived(fates, asRead([sheetOf(came, stored)]));
        const expectsMissing = hasMissing(fates, numbers, given, now);
        const facts_: ProbeFacts | undefined = known && {
          presence: new Presence(
            known.stays.map(({ from, length }) => ({ from: from * MINUTE, to: (from + length) * MINUTE })),
          ),
          connected: known.connected,
          report: { at: known.at * MINUTE, backlog: known.backlog, running: 0 },
        };
        const arrived = fates.codes().filter((code) => code !== NOT_DUE).length;
        explainMissing(fates, numbers, [given], facts_, now);
        const buckets = new Buckets(widthMinutes * MINUTE, 0, RUNS * MINUTE);
        const tally = buckets.add(fates, numbers, given.offsetMs);
        const byFate = Object.values(tally.fates).reduce((sum, count) => sum + count, 0);
        expect(byFate).toBe(tally.due);
        expect(tally.fates.received + extra).toBe(stored);
        expect(sumOf(buckets.list())).toEqual(tally);
        const dueByTime = numbers.lastUntil(now - given.offsetMs) + 1;
        expect(tally.due).toBeGreaterThanOrEqual(Math.max(dueByTime, arrived));
        if (!given.refused && given.stoppedAt === undefined) {
          const after = fates.codes().filter((code, n) => code !== NOT_DUE && n >= dueByTime).length;
          expect(tally.due).toBe(dueByTime + after);
        }
        const explained = tally.due - arrived - tally.fates.refused - tally.fates.stopped;
        if (!expectsMissing) expect(explained).toBe(0);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });
});

describe('the fates of missing runs', () => {
  const minutes = (least: number, most: number) =>
    fc.integer({ min: least * MINUTE, max: most * MINUTE }).map(Math.round);
  const known = fc.record({
    stays: fc.array(fc.record({ from: minutes(-9, 99), length: minutes(0, 50) })),
    connected: fc.boolean(),
    at: minutes(0, 99),
    running: fc.nat(1),
    begun: fc.option(fc.uniqueArray(fc.nat(RUNS - 1), { maxLength: 4 }), { nil: undefined }),
  });
  const stretch = fc.record({
    refused: fc.boolean(),
    anyTime: fc.boolean(),
    deliveredAt: fc.option(minutes(0, 99), { nil: undefined }),
    stoppedAt: fc.option(minutes(0, 110), { nil: undefined }),
    offsetMs: fc.constantFrom(0, 17_000),
    serverKept: fc.boolean(),
  });
  const lost = fc.array(fc.record({ from: minutes(0, 99), to: minutes(0, 99) }), { maxLength: 2 });

  it('are those that each of them has alone', () => {
    const property = fc.property(
      fc.option(known, { nil: undefined }),
      stretch,
      stretch,
      fc.nat(RUNS),
      minutes(0, 120),
      lost,
      (of, earlier, later, firstRun, now, lostTimes) => {
        const probe: ProbeFacts | undefined = of && {
          presence: new Presence(of.stays.map(({ from, length }) => ({ from, to: from + length }))),
          connected: of.connected,
          report: { at: of.at, backlog: 0, running: of.running },
          begun: of.begun && new Set(of.begun),
        };
        const stretches = [
          { ...earlier, endRun: firstRun },
          { ...later, firstRun },
        ];
        const all = new RunFates(RUNS);
        explainMissing(all, numbers, stretches, probe, now, lostTimes);
        const alone = Array.from({ length: RUNS }, (_, run) => {
          const others = new RunFates(RUNS);
          others.fill(0, run, RECEIVED);
          others.fill(run + 1, RUNS, RECEIVED);
          explainMissing(others, numbers, stretches, probe, now, lostTimes);
          return others.codes()[run];
        });
        expect(all.codes()).toEqual(alone);
      },
    );
    fc.assert(property, { numRuns: 60 });
  });
});

describe('marks on sheets', () => {
  it('are at their place, on whichever sheet', () => {
    const fates = new RunFates(3 * RUNS_PER_SHEET);
    const sheet = (n: number, word: number, bits: number): RunSheetEntity => ({
      ...ids,
      sheet: n,
      stored: 1,
      came: { [word]: bits },
    });
    markArrived(fates, asRead([sheet(0, 31, 1 << 31), sheet(2, 0, 1)]));
    expect([...fates.codes().entries()].filter(([, code]) => code !== NOT_DUE).map(([run]) => run)).toEqual([
      1023, 2048,
    ]);
  });
});

describe('fates by words', () => {
  const change = fc.record({
    isMark: fc.boolean(),
    code: fc.integer({ min: 1, max: FATES.length }),
    runs: fc.uniqueArray(fc.nat(200)),
    from: fc.nat(200),
    to: fc.nat(200),
  });
  const lengths = fc.integer({ min: 1, max: 170 });

  it('are those of a list with one place for each run', () => {
    const property = fc.property(lengths, fc.array(change, { maxLength: 6 }), (length, changes) => {
      const fates = new RunFates(length);
      let list = new Array<number>(length).fill(NOT_DUE);
      for (const { isMark, code, runs, from, to } of changes) {
        if (isMark) {
          const marked = fates.mark(0, asRead([sheetOf(runs)])[0]!.came, code);
          expect(marked).toBe(runs.filter((run) => run < length).length);
          list = list.map((before, run) => (runs.includes(run) ? code : before));
        } else {
          fates.fill(Math.min(from, length), Math.min(to, length), code);
          const isFilled = (run: number) => list[run] === NOT_DUE && run >= from && run < to;
          list = list.map((before, run) => (isFilled(run) ? code : before));
        }
      }
      expect(fates.codes()).toEqual(list);
    });
    fc.assert(property, { numRuns: 100 });
  });

  it('of assignments that share their memory do not meet', () => {
    const property = fc.property(fc.array(lengths, { maxLength: 9 }), fc.nat(40), (all, block) => {
      const words = new WordPool(block);
      const fates = all.map((length) => new RunFates(length, words));
      for (const [n, each] of fates.entries()) each.fill(0, each.length, 1 + (n % FATES.length));
      expect(fates.map((each) => each.codes())).toEqual(
        all.map((length, n) => new Array<number>(length).fill(1 + (n % FATES.length))),
      );
    });
    fc.assert(property, { numRuns: 50 });
  });

  it('are counted and looked for as in such a list', () => {
    const codes = fc.array(fc.nat(FATES.length), { minLength: 1, maxLength: 170 });
    const places = fc.array(fc.nat(170), { minLength: 2, maxLength: 6 });
    const property = fc.property(codes, places, (list, drawn) => {
      const fates = new RunFates(list.length);
      for (const [run, code] of list.entries()) if (code !== NOT_DUE) fates.fill(run, run + 1, code);
      const [from = 0, ...ends] = drawn.map((run) => Math.min(run, list.length)).sort((a, b) => a - b);
      const [to = 0] = ends;
      const part = list.slice(from, to);
      const width = FATES.length + 1;
      const counts = new Uint32Array(ends.length * width);
      fates.countStretches({ from, ends: Uint32Array.from(ends), counts, width });
      const stretches = ends.map((end, n) => list.slice(ends[n - 1] ?? from, end));
      expect([...counts]).toEqual(
        stretches.flatMap((stretch) =>
          Array.from({ length: width }, (_, each) => stretch.filter((code) => code === each).length),
        ),
      );
      const undecided = part.lastIndexOf(NOT_DUE);
      expect(fates.lastUndecided(from, to)).toBe(undecided < 0 ? -1 : from + undecided);
      expect(fates.hasUndecided(from, to)).toBe(undecided >= 0);
      expect(fates.lastDecided()).toBe(list.findLastIndex((code) => code !== NOT_DUE));
      expect(fates.lastOf(RECEIVED, to)).toBe(list.slice(0, to).lastIndexOf(RECEIVED));
    });
    fc.assert(property, { numRuns: 100 });
  });
});

describe('time buckets', () => {
  it('are few, whatever the span', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 * 366 * 86_400_000 }), (span) => {
        expect(span / (bucketWidth(span) * 1000)).toBeLessThanOrEqual(200);
      }),
    );
  });
});
