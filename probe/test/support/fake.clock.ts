import type { Clock } from '../../src/clock/clock.js';

/** A clock that a test moves: time passes, or the wall clock alone is set. */
export class FakeClock implements Clock {
  private elapsed = 0;
  private timers: { at: number; run: () => void }[] = [];

  constructor(private wall: number) {}

  now(): number {
    return this.wall;
  }

  monotonic(): number {
    return this.elapsed;
  }

  setTimer(run: () => void, afterMs: number): { cancel: () => void } {
    const timer = { at: this.elapsed + afterMs, run };
    this.timers.push(timer);
    return {
      cancel: () => {
        this.timers = this.timers.filter((each) => each !== timer);
      },
    };
  }

  /** True when somebody waits for the time to pass. */
  get isAwaited(): boolean {
    return this.timers.length > 0;
  }

  /** Somebody sets the clock, or the machine was asleep. */
  set(wall: number): void {
    this.wall = wall;
  }

  /** Time passes; timers fire in their order, and what they set off is let finish. */
  async pass(ms: number, settle: () => Promise<void>): Promise<void> {
    const end = this.elapsed + ms;
    for (;;) {
      await settle();
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((each) => each !== next);
      this.wall += Math.max(0, next.at - this.elapsed);
      this.elapsed = Math.max(this.elapsed, next.at);
      next.run();
    }
    this.wall += end - this.elapsed;
    this.elapsed = end;
  }
}
