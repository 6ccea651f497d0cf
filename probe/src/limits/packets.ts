import type { Clock, Timer } from '../clock/clock.js';

/** What a run sends its packets by; docs/probe.md, `--packets-per-second`. */
export interface Packets {
  /**
   * Resolves when `count` packets may go out. A kind awaits it before each packet, and before each connection.
   * @throws the reason of the run's signal when the run is over
   */
  turn(count?: number): Promise<void>;
  /** For a program that keeps to a rate by itself. @throws the reason of the run's signal when the run is over */
  lease(): Promise<Lease>;
}

/** A part of the rate that nobody else uses until it is given back. */
export interface Lease {
  readonly packetsPerSecond: number;
  giveBack(): void;
}

/** What a TCP connection with a question and an answer sends: opening, question, acknowledgements, end. */
export const CONNECTION_PACKETS = 5;

/** Turns that fell due while a timer was late are made up for, as long as they are no older. */
const CATCH_UP_MS = 20;

export interface PacketLimits {
  packetsPerSecond: number;
  concurrentRuns: number;
}

interface Waiting {
  count: number;
  go: () => void;
}

/**
 * Shares the packets of a second among all runs: each packet takes a turn, and a lease takes its part out of what the turns are made
 * of. The sum of both never exceeds the rate by more than a few packets.
 */
export class PacketPacer {
  private readonly turns = new Set<Waiting>();
  private readonly leases = new Set<Waiting>();
  private nextTurn = Number.NEGATIVE_INFINITY;
  private leased = 0;
  private timer: Timer | null = null;

  /** @param limits asked for again each time: the host may change them */
  constructor(
    private readonly clock: Clock,
    private readonly limits: () => PacketLimits,
  ) {}

  /** The runs that may be under way at one time: each must be able to send a packet a second. */
  static places({ packetsPerSecond, concurrentRuns }: PacketLimits): number {
    return Math.min(packetsPerSecond, concurrentRuns);
  }

  /** The view of one run. */
  forRun(signal: AbortSignal): Packets {
    return {
      turn: (count = 1) => this.wait(this.turns, count, () => undefined, signal),
      lease: () => this.wait(this.leases, 0, () => this.take(), signal),
    };
  }

  private wait<T>(queue: Set<Waiting>, count: number, take: () => T, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(reasonOf(signal));
        return;
      }
      const over = (): void => {
        queue.delete(each);
        reject(reasonOf(signal));
      };
      const go = (): void => {
        queue.delete(each);
        signal.removeEventListener('abort', over);
        resolve(take());
      };
      const each: Waiting = { count, go };
      signal.addEventListener('abort', over, { once: true });
      queue.add(each);
      this.serve();
    });
  }

  private take(): Lease {
    const packetsPerSecond = this.share;
    this.leased += packetsPerSecond;
    let isOut = true;
    return {
      packetsPerSecond,
      giveBack: () => {
        if (!isOut) return;
        isOut = false;
        this.leased -= packetsPerSecond;
        this.serve();
      },
    };
  }

  /** What one lease gets: as much for each place. */
  private get share(): number {
    const limits = this.limits();
    return Math.max(1, Math.floor(limits.packetsPerSecond / PacketPacer.places(limits)));
  }

  /** What is not leased, in packets a second; nothing for a while after the host has lowered the rate. */
  private get left(): number {
    return Math.max(0, this.limits().packetsPerSecond - this.leased);
  }

  /** Lets go whoever may, in the order in which they came. */
  private serve(): void {
    for (const each of this.leases) {
      if (this.left < this.share) break;
      each.go();
    }
    this.timer?.cancel();
    this.timer = null;
    const now = this.clock.monotonic();
    this.nextTurn = Math.max(this.nextTurn, now - CATCH_UP_MS);
    for (const each of this.turns) {
      if (this.left === 0) return;
      if (this.nextTurn > now) {
        this.timer = this.clock.setTimer(() => {
          this.serve();
        }, this.nextTurn - now);
        return;
      }
      this.nextTurn += (each.count * 1000) / this.left;
      each.go();
    }
  }
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('the run is over');
}
