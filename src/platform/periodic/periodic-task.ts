import { type Logger } from '@nestjs/common';

/** A row of failures is told at its beginning, and again after so long: work of each second would fill the log of a bad night. */
const TOLD_EVERY_MS = 60_000;

/** What the log says of rounds that fail. */
export interface Failures {
  logger: Pick<Logger, 'warn' | 'log'>;
  /** for people: what was not done, and who does it then */
  failed: string;
}

/** Work of a server that is done again and again while it runs, one round at a time. A round that fails is told; the next one is begun all the same. */
export class PeriodicTask {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  /** rounds that failed since one did not */
  private failures = 0;
  private toldAt = -Infinity;

  constructor(
    private readonly round: () => Promise<unknown>,
    private readonly told: Failures,
  ) {}

  /** Begins a round every so often, from one period on. It does not keep the process alive. */
  every(ms: number): void {
    this.timer = setInterval(() => {
      this.begin();
    }, ms).unref();
  }

  /** Begins a round now, unless one is under way. */
  begin(): void {
    void this.run();
  }

  /** The same. @returns when that round has ended; it never rejects */
  run(): Promise<void> {
    this.running ??= this.tryRound().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Begins no more by itself; a round that is under way goes on. */
  cancel(): void {
    clearInterval(this.timer);
  }

  /** Begins no more by itself. @returns when the round that is under way has ended */
  async stop(): Promise<void> {
    this.cancel();
    await this.running;
  }

  private async tryRound(): Promise<void> {
    try {
      await this.round();
      this.tellSuccess();
    } catch (error) {
      this.tellFailure(error);
    }
  }

  private tellFailure(error: unknown): void {
    this.failures += 1;
    if (this.failures > 1 && performance.now() - this.toldAt < TOLD_EVERY_MS) return;
    this.toldAt = performance.now();
    this.told.logger.warn({ err: error, failures: this.failures }, this.told.failed);
  }

  private tellSuccess(): void {
    if (this.failures > 0) this.told.logger.log({ failures: this.failures }, 'rounds succeed again');
    this.failures = 0;
  }
}

/** @returns milliseconds until the next of those moments that are so far apart: who waits for them does its work together with others */
export function untilNext(everyMs: number): number {
  const left = everyMs - (performance.now() % everyMs);
  // a timer that fires a little early is for the moment that follows
  return left < everyMs / 10 ? left + everyMs : left;
}
