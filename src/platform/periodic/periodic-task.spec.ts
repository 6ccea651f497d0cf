import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PeriodicTask } from './periodic-task.js';

describe('a periodic task', () => {
  let begun: number;
  let end: () => void;
  let task: PeriodicTask;

  beforeEach(() => {
    jest.useFakeTimers();
    begun = 0;
    task = new PeriodicTask(
      () => {
        begun += 1;
        return new Promise<void>((resolve) => {
          end = resolve;
        });
      },
      { logger: { warn: jest.fn(), log: jest.fn() }, failed: 'not done' },
    );
  });
  afterEach(async () => {
    end();
    await task.stop();
    jest.useRealTimers();
  });

  it('begins a round each period, and none beside one that is under way', async () => {
    task.every(1000);
    expect(begun).toBe(0);
    await jest.advanceTimersByTimeAsync(3000);
    expect(begun).toBe(1);
    end();
    await jest.advanceTimersByTimeAsync(1000);
    expect(begun).toBe(2);
  });

  it('begins a round when it is told to', () => {
    task.begin();
    task.begin();
    expect(begun).toBe(1);
  });

  it('waits for the round that is under way, and begins no more', async () => {
    task.every(1000);
    task.begin();
    let stopped = false;
    const stopping = task.stop().then(() => {
      stopped = true;
    });
    await jest.advanceTimersByTimeAsync(5000);
    expect([begun, stopped]).toEqual([1, false]);
    end();
    await stopping;
    await jest.advanceTimersByTimeAsync(5000);
    expect(begun).toBe(1);
  });
});

describe('rounds that fail', () => {
  const EVERY_MS = 1_000;
  let fails: boolean;
  let lines: string[];
  let task: PeriodicTask;

  beforeEach(() => {
    jest.useFakeTimers();
    fails = true;
    lines = [];
    const note = ({ failures }: { failures: number }, text: string) => lines.push(`${text} ${failures}`);
    task = new PeriodicTask(() => (fails ? Promise.reject(new Error('away')) : Promise.resolve()), {
      logger: { warn: note, log: note },
      failed: 'not done',
    });
    task.every(EVERY_MS);
  });
  afterEach(async () => {
    await task.stop();
    jest.useRealTimers();
  });

  it('are told at once, and then each minute with how many they are', async () => {
    await jest.advanceTimersByTimeAsync(59 * EVERY_MS);
    expect(lines).toEqual(['not done 1']);
    await jest.advanceTimersByTimeAsync(2 * EVERY_MS);
    expect(lines).toEqual(['not done 1', 'not done 61']);
  });

  it('are told to be over by the first that does not fail', async () => {
    await jest.advanceTimersByTimeAsync(3 * EVERY_MS);
    fails = false;
    await jest.advanceTimersByTimeAsync(2 * EVERY_MS);
    expect(lines).toEqual(['not done 1', 'rounds succeed again 3']);
    fails = true;
    await jest.advanceTimersByTimeAsync(EVERY_MS);
    expect(lines.at(-1)).toBe('not done 1');
  });

  it('do not reject for who waits for one', async () => {
    await expect(task.run()).resolves.toBeUndefined();
  });
});
