import { type Presence } from '../../core/presence/index.js';
import { AWAITED_MS } from '../../core/runs/index.js';
import { type RunNumbers } from '../../measurement/schedule/run-numbers.js';

/** So many runs have to be due, and nothing to come. */
export const QUIET_RUNS = 3;
/** After the last of them: it may be under way, or its report. */
export const QUIET_GRACE_MS = AWAITED_MS;

/** @returns whether a probe that was heard of then cannot be quiet yet, whatever its schedule is; both milliseconds since 1970 */
export function isHeardLately(heard: number, now: number): boolean {
  return now - heard < QUIET_GRACE_MS;
}

/** The runs of one assignment, and how much later than the schedule says its probe does them. */
export interface DueRuns {
  numbers: RunNumbers;
  offsetMs: number;
}

/**
 * @param heard when something came last, milliseconds since 1970
 * @returns from when on the probe is quiet if nothing comes; undefined: so many runs are not due any more
 */
export function quietAfter(heard: number, { numbers, offsetMs }: DueRuns): number | undefined {
  const last = numbers.lastUntil(heard - offsetMs) + QUIET_RUNS;
  return last < numbers.count ? numbers.timeOf(last) + offsetMs + QUIET_GRACE_MS : undefined;
}

/**
 * The same where the platform itself was away: runs are counted from its return on, since nothing could come before.
 * @param platform when it was there
 */
export function quietAfterSilences(heard: number, runs: DueRuns, platform: Presence): number | undefined {
  let from = heard;
  for (;;) {
    const at = quietAfter(from, runs);
    if (at === undefined) return undefined;
    const [silence] = platform.gaps(from, at);
    if (silence === undefined) return at;
    if (silence.to <= from || silence.to >= at) return quietAfter(silence.to, runs);
    from = silence.to;
  }
}
