import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PeriodicTask } from './periodic-task.js';

describe('a periodic task', () => {
  let begun: number;
  let end: () => void;
  let task: PeriodicTask;

  beforeEach(() => {
    jest.useFakeTimers();
    begun = 0;
    task = new PeriodicTask(() => {
      begun += 1;
      return new Promise((resolve) => {
        end = resolve;
      });
    });
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
