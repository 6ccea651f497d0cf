import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '../../test/support/fake.clock.js';
import { everySeconds, operation } from '../../test/support/operations.js';
import { ClockEstimator } from '../clock/estimate.js';
import { createLog } from '../platform/log.js';
import type { Operation } from '../protocol/protocol.js';
import type { Runner } from '../runs/runner.js';
import { RunJournal } from '../store/run-journal.js';
import { ResultStore } from '../store/result.store.js';
import { Scheduler } from './scheduler.js';

const START = Date.parse('2026-05-01T00:00:00Z');
const MINUTE = 60_000;

describe('the scheduler', () => {
  let folder: string;
  let runJournal: RunJournal;
  let clock: FakeClock;
  let scheduler: Scheduler;
  let begun: number[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scheduler-'));
    clock = new FakeClock(START);
    begun = [];
    await open();
    await runJournal.reconcile([operation({ schedule: everySeconds(10, 100_000, START) })], []);
  });
  afterEach(async () => {
    await close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(): Promise<void> {
    runJournal = await RunJournal.open(folder);
    const runner = {
      waiting: 0,
      begin: ({ operation_id }: Operation, at: number) => {
        begun.push(at);
        void runJournal.finished(operation_id, at);
      },
    } as unknown as Runner;
    const results = await ResultStore.open(folder, 1e9);
    const estimator = new ClockEstimator(clock);
    const log = createLog('error');
    scheduler = new Scheduler({
      clock,
      estimator,
      runJournal,
      results,
      runner,
      log,
      onSettled: () => undefined,
    });
  }

  async function close(): Promise<void> {
    await scheduler.stop();
    await runJournal.close();
  }

  const pass = (ms: number): Promise<void> => clock.pass(ms, () => scheduler.settled());
  const missed = (): number[] =>
    runJournal
      .nextFailed(Number.MAX_SAFE_INTEGER, 10_000)
      .items.map(({ scheduled_at }) => Date.parse(scheduled_at));
  const expected = (from: number, to: number): number[] =>
    Array.from({ length: (to - from) / 10_000 + 1 }, (_, index) => from + index * 10_000);

  test('begins each run at its time', async () => {
    scheduler.wake();
    await pass(MINUTE);
    expect(begun).toEqual(expected(START, START + MINUTE));
    expect(missed()).toEqual([]);
  });

  test('reports what was due while the machine slept', async () => {
    scheduler.wake();
    await pass(15_000);
    clock.set(START + 10 * MINUTE);
    await pass(15_000);
    expect(begun).toEqual([
      START,
      START + 10_000,
      ...expected(START + 10 * MINUTE, START + 10 * MINUTE + 10_000),
    ]);
    expect(missed()).toEqual(expected(START + 20_000, START + 10 * MINUTE - 10_000));
  });

  test('does what was due while it was off neither late nor twice', async () => {
    scheduler.wake();
    await pass(15_000);
    await close();
    clock.set(START + 5 * MINUTE + 3_000);
    await open();
    scheduler.wake();
    await pass(10_000);
    expect(begun.slice(2)).toEqual([START + 5 * MINUTE, START + 5 * MINUTE + 10_000]);
    expect(missed()).toEqual(expected(START + 20_000, START + 5 * MINUTE - 10_000));
  });

  test('a clock that goes ahead and comes back: none twice, none left out', async () => {
    scheduler.wake();
    await pass(15_000);
    clock.set(START + 60 * MINUTE);
    await pass(25_000);
    clock.set(START + 40_000);
    await pass(5 * MINUTE);
    expect(new Set(begun).size).toBe(begun.length);
    const explained = new Set([...begun, ...missed()]);
    expect(expected(START, START + 5 * MINUTE).filter((at) => !explained.has(at))).toEqual([]);
    expect(missed().every((at) => at < START + 40_000)).toBe(true);
  });

  test('begins nothing while the list of failed runs is full, and says so', async () => {
    const full = 'the list of failed runs holds its limit of 10000 stretches';
    runJournal.fullness = () => full;
    scheduler.wake();
    await pass(MINUTE);
    expect(begun).toEqual([]);
    expect(scheduler.heldBy).toBe(full);
    expect(runJournal.gapCount).toBe(1);
    expect(runJournal.nextFailed(START).items).toMatchObject([{ reason: 'given_up', detail: full }]);
    runJournal.fullness = () => null;
    await pass(10_000);
    expect(begun).toEqual([START + MINUTE + 10_000]);
    expect(scheduler.heldBy).toBeNull();
  });
});
