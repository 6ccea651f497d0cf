import { describe, expect, it } from '@jest/globals';
import { SlowConsumerGuard } from './slow-consumer-guard.js';

const MB = 1024 * 1024;

describe('SlowConsumerGuard', () => {
  it('lets a burst wait for a while, not for ever', () => {
    const watcher = new SlowConsumerGuard();
    for (let n = 0; n < 20; n += 1) expect(watcher.wait(MB, 1000)).toBe(true);
    expect(watcher.wait(1, 6000)).toBe(true);
    expect(watcher.wait(1, 6001)).toBe(false);
  });

  it('lets a little wait for any time', () => {
    const watcher = new SlowConsumerGuard();
    expect(watcher.wait(MB / 2, 0)).toBe(true);
    expect(watcher.wait(MB / 2, 3_600_000)).toBe(true);
    expect(watcher.wait(1, 3_600_000)).toBe(false);
  });

  it('lets nobody keep more than a batch can have', () => {
    const watcher = new SlowConsumerGuard();
    expect(watcher.wait(32 * MB, 0)).toBe(true);
    expect(watcher.wait(1, 0)).toBe(false);
  });

  it('begins anew with those who have caught up', () => {
    const watcher = new SlowConsumerGuard();
    watcher.wait(20 * MB, 0);
    watcher.caughtUp();
    expect(watcher.wait(20 * MB, 60_000)).toBe(true);
    expect(watcher.wait(1, 65_001)).toBe(false);
  });
});
