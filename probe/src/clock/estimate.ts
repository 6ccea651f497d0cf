import { type Estimate, inMicroseconds, OffsetTracker, type Reading, type Sample } from '@pladmed/sntp';
import type { ClockEstimate, StatusAnswer } from '../protocol/protocol.js';
import { type Clock, sleep } from './clock.js';

/** A comparison over NTP counts for this long even when newer ones over the socket come. */
const NTP_LASTS_MS = 900_000;
/** What is scheduled is looked at again when the corrected time moves by more than this at once. */
const JUMP_MS = 500;
/** Times on the wire are whole ms, cut off: each of two may be short of the truth by that much. */
const WIRE_GRAIN_MS = 1;
/** As in the tracker, for what passes during one exchange. */
const DRIFT = 50e-6;

export const UNKNOWN_CLOCK: ClockEstimate = {
  offset_ms: null,
  error_ms: null,
  source: 'none',
  age_s: null,
  stratum: null,
};

type Source = 'ntp' | 'socket';

/** A question to the server: when it was sent, and how long the answer took by the monotonic clock. */
export interface Exchange {
  sent: Reading;
  roundTripMs: number;
}

/**
 * What is known of the host's clock: how far the true time, as the platform knows it, is ahead of it, and how wrong that may be.
 * Nothing here ever sets a clock.
 */
export class ClockEstimator {
  /** The corrected time has moved at once. */
  onJump: () => void = () => undefined;
  /** The server should hear of the clock, and tell the time: it was set, or is compared in another way than before. */
  onNews: () => void = () => undefined;
  private readonly trackers: Record<Source, OffsetTracker>;
  private readonly comparing = new Set<AbortController>();

  constructor(private readonly clock: Clock) {
    this.trackers = { ntp: new OffsetTracker(clock), socket: new OffsetTracker(clock) };
  }

  record(source: Source, sample: Sample): void {
    const before = this.known();
    this.trackers[source].record(sample);
    const after = this.known();
    if (after === null) return;
    for (const each of this.comparing) each.abort();
    if (Math.abs(after.offset - (before?.offset ?? 0)) > JUMP_MS) this.onJump();
    if (after.source !== before?.source) this.onNews();
  }

  /** Takes in the answer to a `status`: four time stamps, and what the server knows of its own clock. */
  recordExchange(exchange: Exchange, answer: StatusAnswer): void {
    const sample = compare(exchange, answer);
    if (sample !== null) this.record('socket', sample);
  }

  estimate(): ClockEstimate {
    const known = this.known();
    if (known === null) return UNKNOWN_CLOCK;
    const { offset, error, ageMs, stratum } = inMicroseconds(known);
    return { offset_ms: offset, error_ms: error, source: known.source, age_s: ageMs / 1000, stratum };
  }

  get isKnown(): boolean {
    return this.known() !== null;
  }

  /** Resolves when the clock was compared, or after a time. */
  async compared(withinMs: number): Promise<void> {
    if (this.isKnown) return;
    const waiting = new AbortController();
    this.comparing.add(waiting);
    await sleep(this.clock, withinMs, waiting.signal);
    this.comparing.delete(waiting);
  }

  /** The best knowledge of the true time, ms since 1970. */
  serverNow(): number {
    return this.clock.now() + (this.known()?.offset ?? 0);
  }

  private known(): (Estimate & { source: Source }) | null {
    const ntp = this.trackers.ntp.estimate();
    const socket = this.trackers.socket.estimate();
    if (ntp !== null && (socket === null || ntp.ageMs < NTP_LASTS_MS)) return { ...ntp, source: 'ntp' };
    return socket === null ? null : { ...socket, source: 'socket' };
  }
}

/** @returns null when the times cannot all be true: a clock was set while the message was under way */
function compare({ sent, roundTripMs }: Exchange, answer: StatusAnswer): Sample | null {
  const left = Date.parse(answer.server_time);
  const arrived = answer.received_at === undefined ? left : Date.parse(answer.received_at);
  const inServer = left - arrived;
  if (inServer < 0 || inServer > roundTripMs + WIRE_GRAIN_MS) return null;
  const { offset_ms = null, error_ms = null } = answer.clock ?? {};
  // On average the grain of the server's times and that of ours cancel out.
  const offset = (arrived - sent.wall + (left - sent.wall - roundTripMs)) / 2;
  const unknownWays = (Math.max(0, roundTripMs - inServer) + WIRE_GRAIN_MS) / 2;
  return {
    offset: offset + (offset_ms ?? 0),
    error: unknownWays + WIRE_GRAIN_MS + roundTripMs * DRIFT + (error_ms ?? 0),
    taken: sent,
  };
}
