import type { ClockEstimate } from '../protocol.js';
import type { Clock } from './clock.js';

/** What a free-running clock may drift from its last comparison, in ms per s (50 ppm). */
const DRIFT = 0.05;
/** A wall clock that moved by more than this against the monotonic one was set, or the machine slept. */
const STEP_MS = 200;
/** A comparison over NTP counts for this long even when newer ones over the socket come. */
const NTP_LASTS_MS = 900_000;

interface Sample {
  source: 'ntp' | 'socket';
  offset: number;
  error: number;
  monotonic: number;
  /** Wall minus monotonic clock when it was taken. */
  base: number;
}

/**
 * What is known of the host's clock: how far the server's is ahead of it, and how wrong that may be. Nothing here ever sets a clock.
 */
export class ClockEstimator {
  private sample: Sample | null = null;

  constructor(private readonly clock: Clock) {}

  /** @param offset server's time minus the probe's, ms; @param error its bound, ms */
  record(source: 'ntp' | 'socket', offset: number, error: number): void {
    const monotonic = this.clock.monotonic();
    const held = this.current();
    if (source === 'socket' && held?.source === 'ntp' && monotonic - held.monotonic < NTP_LASTS_MS) return;
    this.sample = { source, offset, error, monotonic, base: this.clock.now() - monotonic };
  }

  /** Takes in a question to the server and its answer: by how much its clock is ahead, bounded by half the round trip. */
  recordExchange(sentAt: number, serverTime: number, receivedAt: number): void {
    // The server's times come in whole milliseconds, cut off.
    this.record('socket', serverTime + 0.5 - (sentAt + receivedAt) / 2, (receivedAt - sentAt) / 2 + 0.5);
  }

  estimate(): ClockEstimate {
    const sample = this.current();
    if (sample === null) return { offset_ms: null, error_ms: null, source: 'none', age_s: null };
    const age = (this.clock.monotonic() - sample.monotonic) / 1000;
    return {
      offset_ms: rounded(sample.offset),
      error_ms: rounded(sample.error + age * DRIFT),
      source: sample.source,
      age_s: rounded(age),
    };
  }

  /** The best knowledge of the true time, ms since 1970. */
  serverNow(): number {
    return this.clock.now() + (this.current()?.offset ?? 0);
  }

  private current(): Sample | null {
    if (this.sample === null) return null;
    const base = this.clock.now() - this.clock.monotonic();
    return Math.abs(base - this.sample.base) > STEP_MS ? null : this.sample;
  }
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
