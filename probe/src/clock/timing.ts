import type { Clock } from './clock.js';

/** To the microsecond. */
export function milliseconds(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Starts a stopwatch on the monotonic clock. @returns what reads it, in ms */
export function stopwatch(clock: Clock): () => number {
  const begun = clock.monotonic();
  return () => milliseconds(clock.monotonic() - begun);
}
