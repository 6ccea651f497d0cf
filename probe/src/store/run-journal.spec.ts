import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { everySeconds, operation } from '../../test/support/operations.js';
import type { Operation } from '../protocol/protocol.js';
import { Journal } from './journal.js';
import { RunJournal } from './run-journal.js';
import type { Cause } from './run-journal.state.js';

const clock = { offset_ms: null, error_ms: null, source: 'none', age_s: null } as const;
const missed: Cause = { reason: 'missed', detail: 'asleep', clock };
const START = Date.parse('2026-05-01T00:00:00Z');
const ALL = Number.MAX_SAFE_INTEGER;

describe('the run journal', () => {
  let folder: string;
  let runJournal: RunJournal;
  let op: Operation;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'run-journal-'));
    runJournal = await RunJournal.open(folder);
    op = operation({ schedule: everySeconds(1, 1_000_000, START) });
    await runJournal.reconcile([op], []);
  });
  afterEach(async () => {
    await runJournal.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function reopen(): Promise<void> {
    await runJournal.close();
    runJournal = await RunJournal.open(folder);
  }
  const begin = (at: number): Promise<void> =>
    runJournal.settle([{ id: op.operation_id, run: { after: at - 1, until: at } }], []);
  const miss = (after: number, until: number): Promise<void> =>
    runJournal.settle([], [{ operation: op, stretch: { after, until }, cause: missed }]);
  const told = (): string[] =>
    runJournal.nextFailed(ALL).items.map(({ scheduled_at }) => scheduled_at.slice(11, 19));

  test('is the same after a restart', async () => {
    await begin(START);
    await miss(START, START + 5_000);
    const before = [...runJournal.operations()].map(({ coverage }) => coverage);
    await reopen();
    expect([...runJournal.operations()].map(({ coverage }) => coverage)).toEqual(before);
    expect(runJournal.interrupted()).toEqual([{ id: op.operation_id, at: START }]);
    expect(told()).toEqual(['00:00:01', '00:00:02', '00:00:03', '00:00:04', '00:00:05']);
  });

  test('two weeks of missed runs are one record, told a hundred at a time', async () => {
    await miss(START - 1, START + 500_000_000);
    for (let told = 0; told < 300; told += 100) {
      const batch = runJournal.nextFailed(ALL);
      expect(batch.items).toHaveLength(100);
      expect(Date.parse(batch.items[0]!.scheduled_at)).toBe(START + told * 1000);
      await runJournal.told(batch, 100);
      await reopen();
    }
    expect((await readFile(join(folder, 'journal'), 'utf8')).length).toBeLessThan(3_000);
  });

  test('the same failure over and over stays one record', async () => {
    for (let run = 0; run < 500; run++) {
      await runJournal.failed(op, START + run * 1000, { reason: 'refused', detail: 'denied', clock });
    }
    expect(runJournal.gapCount).toBe(1);
    expect(runJournal.nextFailed(ALL, 1000).items).toHaveLength(500);
  });

  test('what the server did not take is told again', async () => {
    await miss(START - 1, START + 2_000);
    await runJournal.told(runJournal.nextFailed(ALL), 1);
    expect(told()).toEqual(['00:00:01', '00:00:02']);
    await runJournal.told(runJournal.nextFailed(ALL), 2);
    expect(told()).toEqual([]);
    expect(runJournal.gapCount).toBe(0);
  });

  test('runs that were missed by a clock ahead of its time are to be done after all', async () => {
    await miss(START - 1, START + 100_000);
    await runJournal.retractAfter(START + 10_000);
    expect(told()).toHaveLength(11);
    expect(runJournal.operation(op.operation_id)?.coverage).toEqual([
      { after: -1, until: -1 },
      { after: START - 1, until: START + 10_000 },
    ]);
  });

  test('a report under way while the clock went back is not done a second time', async () => {
    await miss(START - 1, START + 5_000);
    const batch = runJournal.nextFailed(ALL);
    await runJournal.retractAfter(START + 2_000);
    await runJournal.told(batch, batch.items.length);
    expect(told()).toEqual([]);
    expect(runJournal.operation(op.operation_id)?.coverage.at(-1)).toEqual({
      after: START - 1,
      until: START + 5_000,
    });
  });

  test('reports are held back until their time has come', async () => {
    await miss(START - 1, START + 5_000);
    expect(runJournal.nextFailed(START + 2_500).items).toHaveLength(3);
  });

  test('a dropped operation is forgotten, its reports are not', async () => {
    await miss(START - 1, START + 1_000);
    await runJournal.reconcile([], [op.operation_id]);
    await reopen();
    expect([...runJournal.operations()]).toEqual([]);
    expect(told()).toEqual(['00:00:00', '00:00:01']);
  });

  test('an operation that is sent again keeps what was done', async () => {
    await begin(START);
    await runJournal.reconcile([{ ...op, cost_per_run: 7 }], []);
    expect(runJournal.operation(op.operation_id)?.coverage.at(-1)?.until).toBe(START);
    expect(runJournal.creditsInUse()).toBe(7);
  });

  test('an operation that is over takes up no credits, as soon as what failed of it is reported', async () => {
    const single = (cost_per_run: number) =>
      operation({ schedule: { type: 'once', at: new Date(START).toISOString() }, cost_per_run });
    const [done, failed, running] = [single(10), single(100), single(1000)];
    await runJournal.reconcile([done, failed, running], []);
    expect(runJournal.creditsInUse()).toBe(1 + 1110);
    const run = { after: START - 1, until: START };
    await runJournal.settle(
      [done, running].map(({ operation_id }) => ({ id: operation_id, run })),
      [{ operation: failed, stretch: run, cause: missed }],
    );
    await runJournal.finished(done.operation_id, START);
    expect(runJournal.creditsInUse()).toBe(1 + 1100);
    await runJournal.told(runJournal.nextFailed(ALL), 1);
    expect(runJournal.creditsInUse()).toBe(1 + 1000);
    expect(runJournal.over().sort()).toEqual([done.operation_id, failed.operation_id].sort());
  });

  test('a line cut short by a crash is left out', async () => {
    await begin(START);
    await runJournal.close();
    await appendFile(join(folder, 'journal'), '01234567 {"t":"beg');
    runJournal = await RunJournal.open(folder);
    expect(runJournal.damaged).toBe(0);
    expect(runJournal.interrupted()).toHaveLength(1);
  });

  test('a damaged line costs that line; the file is set aside', async () => {
    await begin(START);
    await runJournal.close();
    const path = join(folder, 'journal');
    const lines = (await readFile(path, 'utf8')).split('\n');
    lines.splice(1, 0, 'zzzzzzzz {"t":"drop"}');
    await writeFile(path, lines.join('\n'));
    runJournal = await RunJournal.open(folder);
    expect(runJournal.damaged).toBe(1);
    expect(runJournal.interrupted()).toHaveLength(1);
    expect((await readdir(folder)).some((name) => name.startsWith('journal.damaged-'))).toBe(true);
  });

  test('a start that is killed after it set a damaged file aside has lost nothing', async () => {
    await begin(START);
    await runJournal.close();
    await appendFile(join(folder, 'journal'), 'nonsense\n');
    const first = await Journal.read(folder);
    // What follows it, the writing of a new file, was not reached.
    expect(await Journal.read(folder)).toEqual(first);
    runJournal = await RunJournal.open(folder);
    expect(runJournal.interrupted()).toHaveLength(1);
  });

  test('a schedule that an earlier version took and this one does not costs its operation, not the start', async () => {
    await begin(START);
    await runJournal.close();
    const schedule = {
      type: 'cron',
      cron: '* * L * *',
      times_per_minute: 1,
      start: '2026-01-01',
      stop: '2027-01-01',
    };
    const records = [
      { t: 'op', operation: { ...op, operation_id: 'b'.repeat(24), schedule } },
      { t: 'gap', seq: 99, id: 'b'.repeat(24), schedule, after: 0, until: START, ...missed },
    ];
    for (const record of records) {
      const text = JSON.stringify(record);
      await appendFile(join(folder, 'journal'), `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`);
    }
    runJournal = await RunJournal.open(folder);
    expect(runJournal.damaged).toBe(2);
    expect([...runJournal.operations()].map(({ operation }) => operation)).toEqual([op]);
    expect(told()).toEqual([]);
  });

  test('of the damaged files the newest are kept', async () => {
    for (let time = 0; time < 5; time++) {
      await runJournal.close();
      await appendFile(join(folder, 'journal'), 'nonsense\n');
      runJournal = await RunJournal.open(folder);
    }
    const names = await readdir(folder);
    expect(names.filter((name) => name.startsWith('journal.damaged-')).length).toBeLessThanOrEqual(3);
  });

  test('says when the list of failed runs is full', async () => {
    expect(runJournal.fullness()).toBeNull();
    const stretches = Array.from({ length: 10_000 }, (_, run) => ({
      operation: op,
      stretch: { after: START + run * 2_000 - 1, until: START + run * 2_000 },
      cause: missed,
    }));
    await runJournal.settle([], stretches);
    expect(runJournal.fullness()).toBe('the list of failed runs holds its limit of 10000 stretches');
  });
});
