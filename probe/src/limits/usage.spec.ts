import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FakeClock } from '../../test/support/fake.clock.js';
import { RunJournal } from '../store/run-journal.js';
import { UsageState } from '../store/usage.state.js';
import { parseRate } from './rates.js';
import { Usage, type UsageLimits } from './usage.js';

const NOON = Date.parse('2026-05-01T12:00:00Z');
const MIB = 1024 * 1024;
const settle = (): Promise<void> => new Promise(setImmediate);

describe('the limits of the host', () => {
  let folder: string;
  let runJournal: RunJournal;
  let clock: FakeClock;
  let limits: UsageLimits;
  let usage: Usage;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'usage-'));
    clock = new FakeClock(NOON);
    limits = { bytesPerDay: 0, rates: [] };
    await open();
  });
  afterEach(async () => {
    await runJournal.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(): Promise<void> {
    runJournal = await RunJournal.open(folder);
    usage = new Usage(clock, runJournal, () => limits);
  }
  async function reopen(): Promise<void> {
    await runJournal.close();
    await open();
  }
  const pass = (ms: number): Promise<void> => clock.pass(ms, settle);

  describe('bytes of a day', () => {
    beforeEach(() => {
      limits.bytesPerDay = 10 * MIB;
    });

    test('are taken before a run, and a run over them is refused with the rule and the time', () => {
      usage.admit('ping', 5 * MIB);
      usage.admit('ping', 3 * MIB);
      expect(() => usage.admit('ping', 1)).toThrow(
        expect.objectContaining({
          reason: 'refused',
          message:
            "the host's limit of 10 MiB a day (mib-per-day) is used up for measurements: free again at 2026-05-02T00:00:00.000Z",
        }),
      );
    });

    test('a run that no day could hold is told so', () => {
      expect(() => usage.admit('ping', 9 * MIB)).toThrow('is less than this run may take');
    });

    test('are those that really went in the end', () => {
      usage.admit('dns', 8 * MIB).end(1 * MIB);
      usage.admit('dns', 7 * MIB).cancel(0);
      usage.admit('dns', 7 * MIB).end(2);
      expect(usage.shown.bytes).toBe(MIB + 2);
    });

    test('are the same after a restart', async () => {
      usage.admit('ping', 5 * MIB);
      usage.count(70_000);
      await reopen();
      expect(usage.shown).toMatchObject({ day: '2026-05-01', bytes: 5 * MIB + 70_000 });
      expect(() => usage.admit('ping', 4 * MIB)).toThrow('free again');
    });

    test('begin anew at midnight in UTC', async () => {
      const before = usage.admit('ping', 8 * MIB);
      expect(() => usage.admit('ping', 1)).toThrow('free again');
      await pass(12 * 3_600_000);
      expect(usage.shown).toMatchObject({ day: '2026-05-02', bytes: 0 });
      usage.admit('ping', 1);
      before.end(0);
      expect(usage.shown.bytes).toBe(1);
    });

    test('are not begun anew by a clock that goes ahead and comes back', () => {
      usage.admit('ping', 8 * MIB);
      clock.set(NOON + 48 * 3_600_000);
      usage.admit('ping', MIB);
      clock.set(NOON);
      expect(() => usage.admit('ping', 1)).toThrow('free again');
    });

    test('leave room for results when runs have none, and for reports when results have none', () => {
      const allowed = (): boolean[] =>
        (['runs', 'results', 'reports', 'link'] as const).map((purpose) => usage.allows(purpose));
      expect(allowed()).toEqual([true, true, true, true]);
      usage.count(8 * MIB);
      expect(allowed()).toEqual([false, true, true, true]);
      usage.count(MIB);
      expect(allowed()).toEqual([false, false, true, true]);
      usage.count(MIB);
      expect(allowed()).toEqual([false, false, false, true]);
      usage.count(MIB);
      expect(allowed()).toEqual([false, false, false, false]);
    });
  });

  describe('the rate of a kind', () => {
    beforeEach(() => {
      limits.rates = [parseRate('ping=3/min')];
    });

    test('is no matter of another kind', () => {
      for (let run = 0; run < 10; run++) usage.admit('dns', 1);
      expect(usage.shown.rates).toEqual([{ rate: 'ping=3/min', runs: 0 }]);
    });

    test('is told when it is used up, with the time', () => {
      for (let run = 0; run < 3; run++) usage.admit('ping', 1);
      expect(() => usage.admit('ping', 1)).toThrow(
        expect.objectContaining({
          reason: 'refused',
          message: "the host's rate ping=3/min is used up: free again at 2026-05-01T12:01:00.000Z",
        }),
      );
    });

    test('does not count a run that sent nothing', () => {
      usage.admit('ping', 1).cancel(0);
      for (let run = 0; run < 3; run++) usage.admit('ping', 1);
      expect(() => usage.admit('ping', 1)).toThrow('used up');
    });

    test('is not forgotten over a restart', async () => {
      for (let run = 0; run < 3; run++) usage.admit('ping', 1);
      await reopen();
      expect(() => usage.admit('ping', 1)).toThrow('used up');
    });

    test('of none is none', () => {
      limits.rates = [parseRate('ping=0/hour')];
      expect(() => usage.admit('ping', 1)).toThrow('does none of them');
    });

    test('holds in every minute, and is used to the full', async () => {
      const begun: number[] = [];
      for (let second = 0; second < 600; second++) {
        try {
          usage.admit('ping', 1);
          begun.push(clock.now());
        } catch {
          // Refused.
        }
        await pass(1_000);
      }
      expect(begun).toHaveLength(30);
      for (const at of begun) {
        expect(begun.filter((each) => each > at - 60_000 && each <= at).length).toBeLessThanOrEqual(3);
      }
    });
  });

  test.each(['ping', 'ping=60', 'ping=60/day', 'ping=-1/min', 'ping=10001/min', 'PING=1/min', ''])(
    '%j is no rate',
    (text) => {
      expect(() => parseRate(text)).toThrow('is no rate');
    },
  );
});

test('what was used is the same when it is read again', () => {
  const record = fc.oneof(
    fc.record({
      t: fc.constant('bytes' as const),
      day: fc.constantFrom('2026-05-01', '2026-05-02', '2026-05-03', '2026-05-04'),
      bytes: fc.nat(),
    }),
    fc.record({
      t: fc.constantFrom('start' as const, 'unstart' as const),
      kind: fc.constantFrom('ping', 'dns'),
      at: fc.integer({ min: NOON, max: NOON + 7_200_000 }),
    }),
  );
  fc.assert(
    fc.property(fc.array(record, { maxLength: 50 }), (records) => {
      const state = new UsageState();
      for (const each of records) state.apply(each);
      const again = new UsageState();
      for (const each of state.snapshot()) again.apply(each);
      expect(again.snapshot()).toEqual(state.snapshot());
    }),
  );
});
