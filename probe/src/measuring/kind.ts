import type { Destination } from '@pladmed/protocol';
import type { SecureContext } from 'node:tls';
import type { z } from 'zod';
import type { Clock } from '../clock/clock.js';
import type { Packets } from '../limits/packets.js';
import type { TargetGuard } from './targets.js';

/** What a kind may use while it runs. */
export interface RunContext {
  /** Resolves names, and refuses what the host's policy forbids. No packet goes anywhere that it did not give. */
  targets: TargetGuard;
  clock: Clock;
  /** An empty folder of this run's own. */
  folder: string;
  /** Awaited before each packet and each connection; a program that sends by itself takes a lease. */
  packets: Packets;
  /**
   * Counts bytes that went over the wire, in either direction. A kind that calls it is charged what it counted, another what its
   * `trafficBytes` says.
   */
  onWire: (bytes: number) => void;
  /** Notes what became of each destination asked for, in order, where the kind's format does not say it. */
  onDestinations: (destinations: Destination[]) => void;
  scamper: string;
  /** Gives what the host trusts now, for a connection of TLS. */
  trusted: () => SecureContext;
  /** Raised when the run's time is over or the probe stops. */
  signal: AbortSignal;
}

/**
 * A kind of measurement. A new one is a folder in `probe/src/kinds`, and a line in its `index.ts`; all sides: CONTRIBUTING.md.
 */
export interface Kind<P = unknown> {
  readonly name: string;
  /** What its results are written in; docs/protocol.md, "Formats". */
  readonly format: string;
  /** Reads `params`; what is unknown is dropped, what is out of range is an error. */
  readonly params: z.ZodType<P>;
  /** The longest that a run with these parameters can honestly take, in ms. */
  timeLimitMs(params: P): number;
  /** What a run with these parameters may send and receive, headers included, in bytes: taken off the host's limit before it begins. */
  trafficBytes(params: P): number;
  /**
   * @returns the result, in the kind's format
   * @throws RunFailure
   */
  measure(params: P, context: RunContext): Promise<Buffer>;
}
