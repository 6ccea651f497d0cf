import { describe, expect, it } from '@jest/globals';
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
          add({ to }: { to: number }) {
            taken.push(to);
            return Promise.resolve();
          },
          write: () => Promise.resolve(),
        };
      },
    },
    () => now,
  );
  const add = async (to: number, count: number) => {
    await window.add({ results: [], to, missed: 0, epoch: '' }, count);
    return window.waitMs;
  };
  return { window, add, pass: (ms: number) => (now += ms) };
}

describe('a window of the results tail', () => {
  it('waits for no more while little comes', async () => {
    const { window, add } = world();
    expect(window.waitMs).toBeUndefined();
    expect(await add(99, 99)).toBe(0);
    expect(window.take()?.to).toBe(99);
    expect([window.take(), window.waitMs]).toEqual([undefined, undefined]);
  });

  it('takes what comes in five seconds once much has come, and begins anew then', async () => {
    const { window, add, pass } = world();
    expect(await add(100, 100)).toBe(5_000);
    pass(4_999);
    expect(await add(150, 50)).toBe(1);
    pass(1);
    expect(window.waitMs).toBe(0);
    pass(1_000);
    expect(window.waitMs).toBe(0);
    expect(window.take()?.to).toBe(150);
    expect(await add(151, 1)).toBe(0);
    expect(window.take()?.to).toBe(151);
    expect(await add(1_151, 1_000)).toBe(5_000);
  });

  it('waits for no more when its consumer has enough', async () => {
    const { window, add } = world();
    expect([await add(100, 100), await add(200, 100), await add(300, 100)]).toEqual([5_000, 5_000, 0]);
    expect(window.take()?.to).toBe(300);
    expect(await add(400, 100)).toBe(5_000);
  });
});
