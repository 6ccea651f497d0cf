import { performance } from 'node:perf_hooks';

export interface Timer {
  cancel(): void;
}

/** The one place that reads time; tests put their own in its stead. */
export interface Clock {
  /** The host's wall clock, ms since 1970; may jump. */
  now(): number;
  /** Milliseconds that never go backwards; they stand still while the machine sleeps. */
  monotonic(): number;
  setTimer(run: () => void, afterMs: number): Timer;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The host's clock.
 * @param skewMs added to every reading, for trials of a wrong clock
 */
export function systemClock(skewMs = 0): Clock {
  return {
    now: () => Date.now() + skewMs,
    monotonic: () => performance.now(),
    setTimer: (run, afterMs) => {
      const timer = setTimeout(run, Math.min(Math.max(0, afterMs), LONGEST_TIMER_MS));
      return {
        cancel: () => {
          clearTimeout(timer);
        },
      };
    },
  };
}

/** A clock whose wall clock shows another time; its timers and its monotonic clock are the same. */
export function correctedClock(clock: Clock, now: () => number): Clock {
  return {
    now,
    monotonic: () => clock.monotonic(),
    setTimer: (run, afterMs) => clock.setTimer(run, afterMs),
  };
}

/** Resolves after a time by that clock, or at once when the signal is raised. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const timer = clock.setTimer(done, ms);
    function done(): void {
      signal?.removeEventListener('abort', cancelled);
      resolve();
    }
    function cancelled(): void {
      timer.cancel();
      resolve();
    }
    signal?.addEventListener('abort', cancelled, { once: true });
  });
}
