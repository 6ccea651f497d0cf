import { cover, type Coverage, nextDue, type Stretch } from '../schedule/coverage.js';
import type { Occurrences } from '../schedule/schedule.js';

/** A run that begins later than this after its time is not done but reported: a heap of late runs measures nothing. */
export const LATEST_START_MS = 5_000;

/** What a look at the clock asks for, for one operation. */
export interface Decision {
  /** Stretches of runs that can no longer be done in time. */
  missed: Stretch[];
  /** The run to begin now: its moment, and the stretch that it settles. */
  run: Stretch | null;
  /** The moment of the next run; null when the operation has no more. */
  next: number | null;
}

/**
 * Says what is due at `now`. Of several runs of one operation that are due at once only the newest is begun.
 * @param now the host's wall clock, ms since 1970
 */
export function decide(runs: Occurrences, coverage: Coverage, now: number): Decision {
  const missed: Stretch[] = [];
  let run: Stretch | null = null;
  let covered = coverage;
  for (;;) {
    const due = nextDue(runs, covered);
    if (due === null || due.at > now) return { missed, run, next: due?.at ?? null };
    const horizon = now - LATEST_START_MS;
    if (!runs.anyTime && due.at < horizon) {
      const stretch = { after: due.after, until: Math.min(horizon - 1, due.boundary) };
      missed.push(stretch);
      covered = cover(covered, stretch);
      continue;
    }
    if (run !== null) missed.push(run);
    run = { after: due.after, until: due.at };
    covered = cover(covered, run);
  }
}
