import { type ClockReader, DRIFT, GRAIN_MS, readClock, stepBetween } from './clock.js';
import type { Sample } from './offset.js';

/** A wall clock that moved by more than this against the monotonic one makes an estimate worthless. */
const STEP_MS = 200;
/** Two comparisons that lie closer together say nothing about drift. */
const DRIFT_SEEN_OVER_MS = 10_000;

export interface Estimate {
  /** The other clock minus this host's, ms. */
  offset: number;
  /** How wrong that may be now, ms: it grows with age. */
  error: number;
  ageMs: number;
  /** Of the time server of that comparison; null where none was asked. */
  stratum: number | null;
}

/** To the µs; the error rounded up, and once more for the rounding of the offset: the bound must hold. */
export function inMicroseconds({ offset, error, ageMs, ...rest }: Estimate): Estimate {
  return {
    ...rest,
    offset: Math.round(offset * 1000) / 1000,
    error: Math.ceil(error * 1000 + 0.5) / 1000,
    ageMs: Math.round(ageMs),
  };
}

/**
 * What is known of this host's clock from comparisons with one other. The bound holds while the clock runs: it grows by 50 ppm, or by what the clock
 * was seen to drift beyond that. When the clock is set, or the machine sleeps, a small step widens the bound and a large one ends it.
 */
export class OffsetTracker {
  private held: Sample | null = null;
  private drift = DRIFT;

  constructor(private readonly clock: ClockReader) {}

  /** Takes the newer comparison, unless the one before it still says more and does not contradict it. */
  record(sample: Sample): void {
    const before = this.held === null ? null : this.at(this.held);
    if (this.held !== null && before !== null) {
      this.noteDrift(this.held, sample);
      const fresh = this.at(sample);
      if (fresh === null) return;
      const agree = Math.abs(fresh.offset - before.offset) <= fresh.error + before.error;
      if (agree && before.error < fresh.error) return;
    }
    this.held = sample;
  }

  /** @returns null when nothing is known, or not any more */
  estimate(): Estimate | null {
    return this.held === null ? null : this.at(this.held);
  }

  private at(sample: Sample): Estimate | null {
    const now = readClock(this.clock);
    const step = Math.abs(stepBetween(sample.taken, now));
    if (step > STEP_MS) return null;
    const ageMs = Math.max(0, now.monotonic - sample.taken.monotonic);
    // Whether the clock was set by that much or the machine slept for so long cannot be told: both lie within.
    const widened = step <= GRAIN_MS ? 0 : step + GRAIN_MS;
    const error = sample.error + ageMs * this.drift + widened;
    return { offset: sample.offset, error, ageMs, stratum: sample.stratum ?? null };
  }

  /** Offsets that differ by more than both may be wrong: the clock drifts, or somebody slews it, by at least that. */
  private noteDrift(earlier: Sample, later: Sample): void {
    const elapsed = later.taken.monotonic - earlier.taken.monotonic;
    if (elapsed < DRIFT_SEEN_OVER_MS) return;
    const excess = Math.abs(later.offset - earlier.offset) - earlier.error - later.error;
    this.drift = DRIFT + Math.max(0, excess) / elapsed;
  }
}
