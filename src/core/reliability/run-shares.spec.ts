import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Presence, type Stay } from '../presence/presence.js';
import { numberRuns, type RunNumbers } from '../../measurement/schedule/run-numbers.js';
import {
  type AssignmentFacts,
  explainMissing,
  type Fate,
  FATES,
  type LostTime,
  markArrived,
} from '../runs/fates.js';
import { MarkedRuns } from '../runs/marked-runs.js';
import { RunFates } from '../runs/run-fates.js';
import { type RunSheetEntity, RUNS_PER_SHEET, RUNS_PER_WORD } from '../runs/run-sheet.schema.js';
import { decidedUntil, runsBetween, shareOfRuns, singleRun } from './run-shares.js';
import { asRead } from '../../../test/support/packed-sheets.js';

const MINUTE = 60_000;
const ids = { operation: null as never, probe: null as never };
const job: AssignmentFacts = { refused: false, anyTime: false, deliveredAt: 0, offsetMs: 0 };
const HERE = new Presence([{ from: -Infinity, to: Infinity }]);

function everyMinute(count: number): RunNumbers {
  return numberRuns({ type: 'interval', every_s: 60, start: new Date(0), stop: new Date(count * MINUTE) });
}

/** Sheets as ingest writes them. @param marks what came of runs: `came`, or a reason */
function sheetsOf(marks: Iterable<readonly [run: number, mark: string]>): RunSheetEntity[] {
  const sheets = new Map<number, RunSheetEntity>();
  for (const [run, mark] of marks) {
    const number = Math.floor(run / RUNS_PER_SHEET);
    const sheet = sheets.get(number) ?? { ...ids, sheet: number, stored: 0, came: {}, failed: {} };
    sheets.set(number, sheet);
    const place = run % RUNS_PER_SHEET;
    const bits = mark === 'came' ? sheet.came : (sheet.failed![mark] ??= {});
    const word = String(Math.floor(place / RUNS_PER_WORD));
    bits![word] = (bits![word] ?? 0) | (1 << (place % RUNS_PER_WORD));
    if (mark === 'came') sheet.stored += 1;
  }
  return [...sheets.values()].sort((a, b) => a.sheet - b.sheet);
}

function share(
  numbers: RunNumbers,
  sheets: RunSheetEntity[],
  [from, to]: [number, number],
  facts: Partial<AssignmentFacts> = {},
  presence = HERE,
  lost: LostTime[] = [],
) {
  const all = { ...job, ...facts };
  const range = runsBetween(numbers, all, from, to);
  return shareOfRuns(range, MarkedRuns.onSheets(range.from, range.to, sheets), numbers, all, presence, lost);
}

describe('the share of runs that came', () => {
  const numbers = everyMinute(100);
  const hour: [number, number] = [0, 60 * MINUTE];

  it('counts those that came and those that are missing, by the time at which they were due', () => {
    const sheets = sheetsOf(new Map([0, 1, 2, 59, 60, 61].map((run) => [run, 'came'])));
    expect(share(numbers, sheets, hour)).toEqual({ due: 60, came: 4 });
    expect(share(numbers, sheets, [59 * MINUTE, 62 * MINUTE])).toEqual({ due: 3, came: 3 });
    expect(share(numbers, sheets, [59 * MINUTE + 1, 60 * MINUTE])).toEqual({ due: 0, came: 0 });
    expect(share(numbers, sheets, [-5 * MINUTE, 500 * MINUTE])).toEqual({ due: 100, came: 6 });
    expect(share(numbers, sheets, hour, { offsetMs: 1 })).toEqual({ due: 60, came: 4 });
    expect(share(numbers, sheets, [1, 60 * MINUTE + 1], { offsetMs: 1 })).toEqual({ due: 60, came: 4 });
  });

  it('counts failures against the probe, but for its host’s policy and for what was asked', () => {
    const sheets = sheetsOf(
      new Map([
        [0, 'missed'],
        [1, 'tool_failed'],
        [2, 'refused'],
        [3, 'unresolved'],
        [4, 'bad_params'],
        [5, 'came'],
        [6, 'no_family'],
        [7, 'resolver_failed'],
        [8, 'nothing_sent'],
      ]),
    );
    expect(share(numbers, sheets, [0, 6 * MINUTE])).toEqual({ due: 3, came: 1 });
    expect(share(numbers, sheets, [6 * MINUTE, 9 * MINUTE])).toEqual({ due: 2, came: 0 });
  });

  it('counts nothing that was due after a stop, and nothing missing of a refused operation', () => {
    const sheets = sheetsOf(new Map([[5, 'came']]));
    expect(share(numbers, sheets, hour, { stoppedAt: 10 * MINUTE })).toEqual({ due: 10, came: 1 });
    expect(share(numbers, sheets, hour, { stoppedAt: 3 * MINUTE })).toEqual({ due: 4, came: 1 });
    expect(share(numbers, sheets, hour, { refused: true })).toEqual({ due: 1, came: 1 });
  });

  it('counts a run without a job only where the probe was away', () => {
    const presence = new Presence([
      { from: 10 * MINUTE, to: 20 * MINUTE },
      { from: 30 * MINUTE, to: Infinity },
    ]);
    expect(share(numbers, [], hour, { deliveredAt: 40 * MINUTE }, presence)).toEqual({ due: 40, came: 0 });
    const gone = new Presence([{ from: 10 * MINUTE, to: 20 * MINUTE }]);
    expect(share(numbers, [], hour, { deliveredAt: undefined }, gone)).toEqual({ due: 52, came: 0 });
    expect(share(numbers, [], hour, { deliveredAt: undefined })).toEqual({ due: 0, came: 0 });
    // a run may begin 5 s late
    expect(share(numbers, [], hour, { deliveredAt: 30 * MINUTE + 5_000 }).due).toBe(30);
    expect(share(numbers, [], hour, { deliveredAt: 30 * MINUTE + 5_001 }).due).toBe(29);
  });

  it('lays results that name no run beside the last before them, the others before it', () => {
    const sheets = sheetsOf(
      new Map([
        [50, 'came'],
        [49, 'missed'],
      ]),
    );
    sheets[0]!.stored = 21;
    expect(share(numbers, sheets, hour)).toEqual({ due: 60, came: 21 });
    expect(share(numbers, sheets, [30 * MINUTE, 60 * MINUTE])).toEqual({ due: 30, came: 20 });
  });

  it('lays them beside runs of an earlier sheet, too', () => {
    const many = everyMinute(3 * RUNS_PER_SHEET);
    const sheets = sheetsOf(new Map([[RUNS_PER_SHEET + 1, 'came']]));
    sheets[0]!.stored = 4;
    const marked = MarkedRuns.onSheets(0, many.count, sheets);
    const came = (from: number, to: number) => marked.count(RUNS_PER_SHEET + from, RUNS_PER_SHEET + to).came;
    expect([came(-2, 0), came(0, 2), came(-RUNS_PER_SHEET, -2), came(2, 9)]).toEqual([2, 2, 0, 0]);
  });

  it('leaves out what may be under way', () => {
    expect(decidedUntil(100 * MINUTE, false)).toBe(98 * MINUTE);
    expect(decidedUntil(100 * MINUTE, true)).toBe(40 * MINUTE);
  });

  it.each([
    [
      { received: 1, failed: 0 },
      { due: 1, came: 1 },
    ],
    [
      { received: 2, failed: 0 },
      { due: 1, came: 1 },
    ],
    [
      { received: 0, failed: 1, failure: 'timeout' },
      { due: 1, came: 0 },
    ],
    [
      { received: 0, failed: 1, failure: 'unresolved' },
      { due: 0, came: 0 },
    ],
    [
      { received: 0, failed: 0 },
      { due: 1, came: 0 },
    ],
  ])('knows of a single run by its counters: %j', (counters, expected) => {
    const one = singleRun(MINUTE, job);
    const range = runsBetween(one, job, 0, 2 * MINUTE);
    expect(shareOfRuns(range, MarkedRuns.single(counters), one, job, HERE)).toEqual(expected);
  });

  it('counts a single run that waited for its probe from its delivery on, and as not come until then', () => {
    const due = (facts: Partial<AssignmentFacts>, window: [number, number], presence = HERE) => {
      const all = { ...job, anyTime: true, ...facts };
      const one = singleRun(MINUTE, all);
      const range = runsBetween(one, all, ...window);
      return shareOfRuns(range, MarkedRuns.single({ received: 0, failed: 0 }), one, all, presence).due;
    };
    const late = { deliveredAt: 30 * MINUTE, offsetMs: 7 };
    expect(due(late, [0, 30 * MINUTE])).toBe(0);
    expect(due(late, [30 * MINUTE, 31 * MINUTE])).toBe(1);
    expect(due({ deliveredAt: 0, offsetMs: 7 }, [MINUTE + 7, MINUTE + 8])).toBe(1);
    expect(due({ deliveredAt: undefined }, [0, 30 * MINUTE], new Presence([]))).toBe(1);
    expect(due({ deliveredAt: undefined }, [0, 30 * MINUTE])).toBe(0);
  });
});

describe('the share of runs that came, against the fates of runs', () => {
  const OWN: readonly Fate[] = ['received', 'failed', 'held', 'not_connected', 'unexplained'];
  const COUNT = 2_200;
  const span = COUNT * MINUTE;
  const time = fc.integer({ min: -2 * MINUTE, max: span });
  const stays = fc.array(
    fc
      .tuple(time, fc.oneof(fc.integer({ min: 1, max: span }), fc.constant(Infinity)))
      .map(([from, length]): Stay => ({ from, to: from + length })),
    { maxLength: 5 },
  );
  const facts = fc.record({
    refused: fc.boolean(),
    // often within seconds of a run
    deliveredAt: fc.option(
      fc.oneof(
        time,
        fc
          .tuple(fc.nat(COUNT), fc.integer({ min: -6_000, max: 6_000 }))
          .map(([run, ms]) => run * MINUTE + ms),
      ),
      { nil: undefined },
    ),
    stoppedAt: fc.option(time, { nil: undefined }),
    offsetMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3 * MINUTE })),
  });
  const marks = fc
    .array(fc.tuple(fc.nat(COUNT - 1), fc.constantFrom('came', 'came', 'came', 'missed', 'timeout')), {
      maxLength: 60,
    })
    .map((list) => [...new Map(list.map((mark) => [mark.join(), mark] as const)).values()]);
  const losses = fc
    .array(
      fc.tuple(time, fc.nat(200)).map(([from, minutes]) => ({ from, to: from + minutes * MINUTE })),
      { maxLength: 2 },
    )
    .map((list) => list.sort((a, b) => a.from - b.from));
  const schedule = fc.constantFrom(
    everyMinute(COUNT),
    numberRuns({
      type: 'cron',
      cron: '*/3 * * * *',
      times_per_minute: 4,
      start: new Date(-1),
      stop: new Date(span),
    }),
  );

  it('is the same whichever way it is counted', () => {
    const property = fc.property(
      schedule,
      marks,
      facts,
      stays,
      time,
      time,
      fc.nat(10),
      losses,
      (numbers, some, own, here, from, end, backlog, lost) => {
        const all: AssignmentFacts = { ...own, anyTime: false };
        const presence = new Presence(here);
        const sheets = sheetsOf(some.filter(([run]) => run < numbers.count));
        const now = end + 2 * MINUTE;
        const fates = new RunFates(numbers.count);
        markArrived(fates, asRead(sheets));
        const report = { at: now, backlog, running: 0 };
        explainMissing(fates, numbers, [all], { presence, connected: presence.end > now, report }, now, lost);
        const due = fates.codes().filter((code, run) => {
          const at = numbers.timeOf(run) + all.offsetMs;
          return at >= from && at < end && OWN.includes(FATES[code - 1]!);
        });
        const came = due.filter((code) => FATES[code - 1] === 'received').length;
        expect(share(numbers, sheets, [from, end], all, presence, lost)).toEqual({ due: due.length, came });
      },
    );
    fc.assert(property, { numRuns: 500 });
  });
});
