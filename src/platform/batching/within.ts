import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits for work, and no longer than a limit; the work itself goes on.
 * @param otherwise what the error says when the limit has passed
 */
export async function within<T>(limitMs: number, otherwise: string, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = delay(limitMs, undefined, { signal: done.signal }).then(() => {
    throw new Error(otherwise);
  });
  late.catch(() => undefined);
  // an error that comes after the limit has nobody who waits for it
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}
