import { setTimeout as delayFor } from 'node:timers/promises';
import { type ClockReader, readClock, stepBetween } from './clock.js';
import { measureOffset, NoTime, type TimeServer } from './measure.js';
import type { NtpSample } from './offset.js';

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
/** A server that does not want to be asked is asked less and less often, but not never: its operator may change his mind. */
const LONGEST_MS = 3_600_000;

/** Compares this host's clock with a time server again and again. It never sets a clock. */
export class NtpWatch {
  private readonly ending = new AbortController();
  private working: Promise<void> | null = null;
  private slower = 1;

  constructor(
    private readonly settings: WatchSettings,
    private readonly clock: ClockReader,
    private readonly events: WatchEvents,
  ) {}

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
      const sample = await measureOffset(this.clock, this.settings.server, this.ending.signal);
      if (this.ending.signal.aborted) return;
      this.slower = 1;
      this.events.compared(sample);
    } catch (error) {
      if (this.ending.signal.aborted) return;
      const problem = error instanceof NoTime ? error : new NoTime(String(error));
      if (problem.kiss !== null) this.slower *= 2;
      this.events.failed(problem);
    }
  }

  /** Until the next comparison is due, or the clock was set. */
  private async wait(): Promise<void> {
    const start = readClock(this.clock);
    let seen = start;
    const wait = Math.min(LONGEST_MS, this.settings.everyMs * this.slower) * (1 + Math.random() * SPREAD);
    while (!this.ending.signal.aborted && this.clock.monotonic() - start.monotonic < wait) {
      const left = wait - (this.clock.monotonic() - start.monotonic);
      await delayFor(Math.min(left, LOOK_EVERY_MS), undefined, { signal: this.ending.signal }).catch(
        () => undefined,
      );
      const now = readClock(this.clock);
      if (Math.abs(stepBetween(seen, now)) <= STEP_MS) continue;
      seen = now;
      this.events.wasSet?.();
      if (this.slower === 1) return;
    }
  }
}
