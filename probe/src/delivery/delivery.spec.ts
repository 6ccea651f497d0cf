import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeClock } from '../../test/support/fake.clock.js';
import { everySeconds, operation } from '../../test/support/operations.js';
import { createLog } from '../platform/log.js';
import type { FailedItem, ResultItem } from '../protocol/protocol.js';
import { RunJournal } from '../store/run-journal.js';
import { ResultStore } from '../store/result.store.js';
import { Delivery, type Link } from './delivery.js';

const START = Date.parse('2026-05-01T00:00:00Z');
const MINUTE = 60_000;
const clockless = { offset_ms: null, error_ms: null, source: 'none', age_s: null } as const;
const UNREADABLE = { error: { code: 'invalid_request', message: 'what is that' } };

type Items = (ResultItem | FailedItem)[];

describe('delivery to a server that misbehaves', () => {
  let folder: string;
  let runJournal: RunJournal;
  let results: ResultStore;
  let clock: FakeClock;
  let delivery: Delivery;
  let offered: Items[];
  let answer: (items: Items) => unknown;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'delivery-'));
    runJournal = await RunJournal.open(folder);
    results = await ResultStore.open(folder, 1e9);
    clock = new FakeClock(START);
    offered = [];
    answer = (items) => ({ items: items.map(() => ({ status: 'stored' })) });
    delivery = new Delivery({
      clock,
      runJournal,
      results,
      usage: { allows: () => true },
      log: createLog('silent'),
      estimate: () => clockless,
      horizon: () => Number.MAX_SAFE_INTEGER,
    });
  });
  afterEach(async () => {
    await delivery.stop();
    await runJournal.close();
    await rm(folder, { recursive: true, force: true });
  });

  const link: Link = {
    connected: true,
    request: (_event: string, items: Items) => {
      offered.push(items);
      return Promise.resolve(answer(items));
    },
  };
  const op = operation({ schedule: everySeconds(1, 1000, START) });
  const idOf = (index: number): string => index.toString(16).padStart(24, '0');

  async function store(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const result = {
        operation_id: idOf(index),
        at: START,
        started_at: new Date(START).toISOString(),
        duration_ms: 1,
        clock: clockless,
        format: 'dns',
        content: Buffer.from('x'),
      };
      await results.put(result);
      results.offer(result);
    }
  }
  async function fail(count: number): Promise<void> {
    await runJournal.reconcile([op], []);
    const cause = { reason: 'missed', detail: '', clock: clockless } as const;
    await runJournal.settle(
      [],
      [{ operation: op, stretch: { after: START - 1, until: START + (count - 1) * 1000 }, cause }],
    );
  }
  /** Time passes, when nothing is under way: delivery waits for it, or there is nothing left. */
  async function pass(ms: number): Promise<void> {
    await clock.pass(ms, async () => {
      while (!clock.isAwaited && results.count + runJournal.gapCount > 0) await new Promise(setImmediate);
    });
  }
  const statuses = (items: Items, status: string, more: object = {}): object => ({
    items: items.map(() => ({ status, ...more })),
  });

  test('busy for ever and in no hurry: the same is not offered over and over', async () => {
    await store(3);
    answer = (items) => statuses(items, 'busy', { retry_after_ms: 0 });
    delivery.connected(link);
    await pass(10 * MINUTE);
    expect(offered.length).toBeGreaterThan(10);
    expect(offered.length).toBeLessThan(30);
    answer = (items) => statuses(items, 'stored');
    await pass(2 * MINUTE);
    expect(results.count).toBe(0);
  });

  test.each([
    ['for fewer items', (items: Items) => statuses(items.slice(1), 'stored')],
    ['for more items', (items: Items) => statuses([...items, ...items], 'stored')],
    ['of words that nobody knows', (items: Items) => statuses(items, 'eaten')],
    ['with a wait of a thousand years', (items: Items) => statuses(items, 'busy', { retry_after_ms: 3e13 })],
    ['that is none', () => 'stored'],
    ['that is null', () => null],
  ])('an acknowledgement %s changes nothing', async (_, wrong) => {
    await store(3);
    await fail(5);
    answer = wrong;
    delivery.connected(link);
    await pass(5 * MINUTE);
    expect(results.count).toBe(3);
    expect(runJournal.nextFailed(Number.MAX_SAFE_INTEGER).items).toHaveLength(5);
    answer = (items) => statuses(items, 'stored');
    await pass(2 * MINUTE);
    expect(results.count).toBe(0);
    expect(runJournal.gapCount).toBe(0);
  });

  test('one that can read nothing for a day: nothing is given up', async () => {
    await store(5);
    await fail(5);
    answer = () => UNREADABLE;
    delivery.connected(link);
    await pass(24 * 60 * MINUTE);
    expect(results.count).toBe(5);
    expect(runJournal.nextFailed(Number.MAX_SAFE_INTEGER).items).toHaveLength(5);
    answer = (items) => statuses(items, 'stored');
    await pass(10 * MINUTE);
    expect(results.count).toBe(0);
    expect(runJournal.gapCount).toBe(0);
    expect(await readdir(join(folder, 'aside'))).toEqual([]);
  });

  test('one that can read all but one: that is set aside and reported, the others arrive', async () => {
    await store(30);
    const poison = idOf(7);
    answer = (items) =>
      items.some((item) => 'content' in item && item.operation_id === poison)
        ? UNREADABLE
        : statuses(items, 'stored');
    delivery.connected(link);
    await pass(30 * MINUTE);
    expect(results.count).toBe(0);
    expect(delivery.delivered).toBe(29);
    expect(await readdir(join(folder, 'aside'))).toHaveLength(1);
    const told = offered.flat().filter((item) => 'reason' in item);
    expect(told).toMatchObject([
      { operation_id: poison, reason: 'given_up', detail: 'the server could not read the result' },
    ]);
  });

  test('one that cannot read one report of a failed run: the others arrive', async () => {
    await fail(3);
    await runJournal.failedAlone(idOf(1), START, { reason: 'missed', detail: 'poison', clock: clockless });
    await runJournal.failedAlone(idOf(2), START, { reason: 'missed', detail: '', clock: clockless });
    const accepted: string[] = [];
    answer = (items) => {
      const failed = items as FailedItem[];
      if (failed.some(({ detail }) => detail === 'poison')) return UNREADABLE;
      accepted.push(...failed.map(({ operation_id, scheduled_at }) => `${operation_id} ${scheduled_at}`));
      return statuses(items, 'stored');
    };
    delivery.connected(link);
    await pass(30 * MINUTE);
    expect(new Set(accepted).size).toBe(4);
    expect(runJournal.gapCount).toBe(0);
  });
});
