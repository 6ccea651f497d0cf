import { describe, expect, it } from '@jest/globals';
import { type TailBatch } from './tail-reader.js';
import { TailWindow } from './tail-window.js';

const MOST = 3;

function world() {
  let now = 0;
  const window = new TailWindow<'summary'>(
    {
      gather() {
        const taken: number[] = [];
        return {
          get isFull() {
            return taken.length >= MOST;
          },
          add({ to }: TailBatch<'summary'>) {
            taken.push(to);
            return Promise.resolve();
          },
          write: () => Promise.resolve(),
        };
      },
    },
    () => now,
  );
  const batch = (to: number): TailBatch<'summary'> => ({ results: [], to, missed: 0, epoch: '' });
  return {
    window,
    add: (to: number, count: number) => window.add(batch(to), count),
    pass: (ms: number) => (now += ms),
  };
}

describe('a window of the results tail', () => {
  it('is written at once while little comes', async () => {
    const { window, add } = world();
    expect(await add(99, 99)).toBe(true);
    expect(window.take()?.to).toBe(99);
    expect(window.take()).toBeUndefined();
  });

  it('takes what comes in ten seconds while much does, and ends with a small batch', async () => {
    const { window, add, pass } = world();
    expect(await add(100, 100)).toBe(false);
    pass(9_999);
    expect(await add(1_100, 1_000)).toBe(false);
    expect(await add(1_150, 50)).toBe(true);
    expect(window.take()?.to).toBe(1_150);
    expect(await add(2_150, 1_000)).toBe(false);
    pass(10_000);
    expect(await add(3_150, 1_000)).toBe(true);
    expect(window.take()?.to).toBe(3_150);
  });

  it('is written when its consumer has enough', async () => {
    const { window, add } = world();
    expect([await add(100, 100), await add(200, 100), await add(300, 100)]).toEqual([false, false, true]);
    expect(window.take()?.to).toBe(300);
    expect(await add(400, 100)).toBe(false);
  });
});
