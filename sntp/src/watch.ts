import { setTimeout as delayFor } from 'node:timers/promises';
import { type ClockReader, readClock, stepBetween } from './clock.js';
import { measureOffset, NoTime, type TimeServer, type Wishes } from './measure.js';
import type { Kiss, NtpSample } from './offset.js';

export interface WatchSettings {
  server: TimeServer;
  everyMs: number;
}

export interface WatchEvents {
  compared(sample: NtpSample): void;
  /** Told each time that no answer came. */
  failed(problem: NoTime): void;
  /** This host's clock was set, or the machine slept. */
  wasSet?(): void;
}

/** Ten thousand hosts that start together do not ask in the same second. */
const SPREAD = 0.2;
/** The clock is looked at this often: one that was set is compared anew at once. */
const LOOK_EVERY_MS = 2_000;
const STEP_MS = 200;
/** A server that wants to be asked less often is asked half as often each time, but once an hour. */
const LONGEST_RATE_MS = 3_600_000;
/** A server that does not want to be asked (RFC 5905, section 7.4: DENY, RSTR) is left alone for a day: its operator may change his mind. */
const DENIED_MS = 86_400_000;

/** Which addresses asked to be left alone, and until when, by the monotonic clock. */
class Pauses implements Wishes {
  private readonly paused = new Map<string, { until: number; ms: number }>();

  constructor(
    private readonly clock: ClockReader,
    private readonly everyMs: number,
  ) {}

  mayAsk(address: string): boolean {
    return this.clock.monotonic() >= (this.paused.get(address)?.until ?? 0);
  }

  heard(address: string, kiss: Kiss | null): void {
    const now = this.clock.monotonic();
    const before = this.paused.get(address)?.ms ?? this.everyMs;
    // A name may stand for other servers each time: what was asked for long ago is forgotten.
    for (const [each, { until }] of this.paused) if (now > until + DENIED_MS) this.paused.delete(each);
    this.paused.delete(address);
    if (kiss === null) return;
    const ms = kiss === 'RATE' ? Math.min(Math.max(LONGEST_RATE_MS, this.everyMs), before * 2) : DENIED_MS;
    this.paused.set(address, { until: now + ms, ms });
  }
}

/** Compares this host's clock with a time server again and again. It never sets a clock. */
export class NtpWatch {
  private readonly ending = new AbortController();
  private readonly pauses: Pauses;
  private working: Promise<void> | null = null;

  constructor(
    private readonly settings: WatchSettings,
    private readonly clock: ClockReader,
    private readonly events: WatchEvents,
  ) {
    this.pauses = new Pauses(clock, settings.everyMs);
  }

  start(): void {
    this.working ??= this.work();
  }

  /** Nothing more is told; a question under way is given up. */
  stop(): void {
    this.ending.abort();
  }

  private async work(): Promise<void> {
    while (!this.ending.signal.aborted) {
      await this.compare();
      await this.wait();
    }
  }

  private async compare(): Promise<void> {
    try {
      const sample = await measureOffset(this.clock, this.settings.server, this.ending.signal, this.pauses);
      if (this.ending.signal.aborted) return;
      this.events.compared(sample);
    } catch (error) {
      if (this.ending.signal.aborted) return;
      this.events.failed(error instanceof NoTime ? error : new NoTime(String(error)));
    }
  }

  /** Until the next comparison is due, or the clock was set. */
  private async wait(): Promise<void> {
    const start = readClock(this.clock);
    const wait = this.settings.everyMs * (1 + Math.random() * SPREAD);
    while (!this.ending.signal.aborted && this.clock.monotonic() - start.monotonic < wait) {
      const left = wait - (this.clock.monotonic() - start.monotonic);
      await delayFor(Math.min(left, LOOK_EVERY_MS), undefined, { signal: this.ending.signal }).catch(
        () => undefined,
      );
      if (Math.abs(stepBetween(start, readClock(this.clock))) <= STEP_MS) continue;
      this.events.wasSet?.();
      return;
    }
  }
}
