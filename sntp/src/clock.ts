import { performance } from 'node:perf_hooks';

/** What this package needs of a host's clocks. */
export interface ClockReader {
  /** The wall clock: whole ms since 1970, cut off, as Date.now() gives them; may jump. */
  now(): number;
  /** Milliseconds that never go backwards. */
  monotonic(): number;
}

/** Both clocks, read at one moment. */
export interface Reading {
  wall: number;
  monotonic: number;
}

export function readClock(clock: ClockReader): Reading {
  return { wall: clock.now(), monotonic: clock.monotonic() };
}

/**
 * By how much the wall clock was set between two readings, ms: the monotonic clock says how much time really passed. Sleep looks
 * the same, as the monotonic clock stands still meanwhile.
 */
export function stepBetween(earlier: Reading, later: Reading): number {
  return later.wall - earlier.wall - (later.monotonic - earlier.monotonic);
}

/** A wall clock in whole ms may seem to have been set by that much. */
export const GRAIN_MS = 1;

/** What a free-running clock may drift, in ms per ms (50 ppm). */
export const DRIFT = 50e-6;

/** The clocks of this host. */
export const hostClock: ClockReader = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
