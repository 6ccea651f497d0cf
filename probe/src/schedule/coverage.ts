import type { Occurrences } from './schedule.js';

/** A stretch of time, `after` excluded and `until` included, in ms since 1970. */
export interface Stretch {
  after: number;
  until: number;
}

/**
 * The stretches of an operation's time that are accounted for: each run in them was begun, or was reported with its reason.
 * The list is sorted, its stretches do not touch, and the first one starts at the beginning of time. It has a second one
 * only after the host's clock jumped ahead and back: the runs between are still to be done, those in it are not done again.
 */
export type Coverage = Stretch[];

const BEGINNING = -1;

export function emptyCoverage(): Coverage {
  return [{ after: BEGINNING, until: BEGINNING }];
}

/** Adds a stretch; returns a new list. */
export function cover(coverage: Coverage, added: Stretch): Coverage {
  if (added.until <= added.after) return coverage;
  const merged: Coverage = [];
  let current = { ...added };
  for (const stretch of coverage) {
    if (stretch.until < current.after) merged.push(stretch);
    else if (stretch.after > current.until) {
      merged.push(current);
      current = { ...stretch };
    } else {
      current = {
        after: Math.min(current.after, stretch.after),
        until: Math.max(current.until, stretch.until),
      };
    }
  }
  merged.push(current);
  return merged;
}

/** Takes a stretch away again; returns a new list. */
export function uncover(coverage: Coverage, removed: Stretch): Coverage {
  const left: Coverage = [];
  for (const stretch of coverage) {
    const before = { after: stretch.after, until: Math.min(stretch.until, removed.after) };
    const behind = { after: Math.max(stretch.after, removed.until), until: stretch.until };
    if (before.until > before.after || stretch.until === BEGINNING) left.push(before);
    if (behind.until > behind.after) left.push(behind);
  }
  return left;
}

/** A run that is due at `at`; the time since `after` holds no other that is not accounted for. */
export interface Due {
  at: number;
  after: number;
  /** Where the next accounted stretch begins, if there is one. */
  boundary: number;
}

/** The earliest run that is not accounted for; null when there is none. */
export function nextDue(runs: Occurrences, coverage: Coverage): Due | null {
  let after = coverage[0]?.until ?? BEGINNING;
  let at = runs.nextAfter(after);
  for (const stretch of coverage.slice(1)) {
    if (at === null) return null;
    if (at <= stretch.after) return { at, after, boundary: stretch.after };
    after = stretch.until;
    at = runs.nextAfter(after);
  }
  return at === null ? null : { at, after, boundary: Number.POSITIVE_INFINITY };
}
