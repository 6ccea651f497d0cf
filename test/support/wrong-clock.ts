import { jest } from '@jest/globals';

/** Everything but the clock goes on: databases and sockets need their timers. */
const REAL = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

/** Sets the clock on the wall, and lets everything else go on. */
export function setClock(now: Date | number): void {
  jest.useFakeTimers({ now, doNotFake: [...REAL] });
}

/** What a server does whose clock is wrong by so much (it stands still meanwhile). */
export async function withWrongClock<T>(byMs: number, work: () => Promise<T>): Promise<T> {
  setClock(Date.now() + byMs);
  try {
    return await work();
  } finally {
    jest.useRealTimers();
  }
}
