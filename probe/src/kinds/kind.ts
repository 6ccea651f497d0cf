import type { z } from 'zod';
import type { Clock } from '../clock/clock.js';
import type { TargetGuard } from './targets.js';

/** What a kind may use while it runs. */
export interface RunContext {
  /** Resolves names, and refuses what the host's policy forbids. No packet goes anywhere that it did not give. */
  targets: TargetGuard;
  clock: Clock;
  /** An empty folder of this run's own. */
  folder: string;
  /** The most packets a second that this run may send. */
  packetsPerSecond: number;
  scamper: string;
  /** Raised when the run's time is over or the probe stops. */
  signal: AbortSignal;
}

/**
 * A kind of measurement. Adding one means a folder beside this file and a line in index.ts.
 */
export interface Kind<P = unknown> {
  readonly name: string;
  /** What its results are written in; docs/protocol.md, "Formats". */
  readonly format: string;
  /** Reads `params`; what is unknown is dropped, what is out of range is an error. */
  readonly params: z.ZodType<P>;
  /** The longest that a run with these parameters can honestly take, in ms. */
  timeLimitMs(params: P): number;
  /**
   * @returns the result, in the kind's format
   * @throws RunFailure
   */
  measure(params: P, context: RunContext): Promise<Buffer>;
}
