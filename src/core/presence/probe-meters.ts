import { Inject, Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type ObjectId } from '../../platform/database/object-id.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { TokenBucket } from '../../platform/limits/token-bucket.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';

/** A probe that was away sends what it has kept: this many seconds' worth may come at once. */
const BURST_S = 2;
/** Who offers this many times the bound does not listen to the answers. */
const FLOOD_FACTOR = 10;
const REMEMBERED_PROBES = 20_000;

/** The part of a socket that is watched; socket.io's own. */
export interface WatchedSocket {
  use(middleware: (event: unknown[], next: (error?: Error) => void) => void): unknown;
  disconnect(close: boolean): unknown;
}

/** What one probe may send: messages (each item of a batch is one) and bytes of content a second. */
export class ProbeMeter {
  constructor(
    private readonly messages: TokenBucket | undefined,
    private readonly bytes: TokenBucket | undefined,
    private readonly offered: TokenBucket | undefined,
    private readonly hits: LimitHits,
  ) {}

  /** Counts a message, if it may pass. @returns milliseconds until it may; 0: it has passed */
  admit(bytes: number): number {
    const now = performance.now();
    const messageWait = this.messages?.wait(now) ?? 0;
    const byteWait = this.bytes?.wait(now) ?? 0;
    if (messageWait > 0) this.hits.note('probe_messages');
    if (byteWait > 0) this.hits.note('probe_bytes');
    const wait = Math.max(messageWait, byteWait);
    if (wait > 0) return wait;
    this.messages?.take(1, now);
    this.bytes?.take(bytes, now);
    return 0;
  }

  /** Counts what a probe tries to send. @returns true when that is a flood */
  isFlood(messages: number): boolean {
    if (this.offered === undefined) return false;
    const now = performance.now();
    if (this.offered.wait(now) > 0) return true;
    this.offered.take(messages, now);
    return false;
  }
}

/** A meter for each probe. It outlives the socket: who comes back does not begin with a new burst. */
@Injectable()
export class ProbeMeters {
  private readonly logger = new Logger('probe-limits');
  private readonly meters = new LRUCache<string, ProbeMeter>({ max: REMEMBERED_PROBES });

  constructor(
    private readonly hits: LimitHits,
    @Inject(ENV) private readonly env: Env,
  ) {}

  of(probe: ObjectId): ProbeMeter {
    const key = probe.toHexString();
    const known = this.meters.get(key);
    if (known !== undefined) return known;
    const { probeMaxMessagesPerS, probeMaxBytesPerS } = this.env;
    const meter = new ProbeMeter(
      bucket(probeMaxMessagesPerS),
      bucket(probeMaxBytesPerS),
      bucket(probeMaxMessagesPerS * FLOOD_FACTOR),
      this.hits,
    );
    this.meters.set(key, meter);
    return meter;
  }

  /** Cuts the connection of a probe that floods us, whatever it sends: it keeps what was not acknowledged. */
  watch(socket: WatchedSocket, probe: ObjectId): void {
    let cut = false;
    let meter: ProbeMeter | undefined;
    socket.use(([, message], next) => {
      if (cut) return;
      const items = Array.isArray(message) ? Math.max(1, message.length) : 1;
      meter ??= this.of(probe);
      if (!meter.isFlood(items)) {
        next();
        return;
      }
      cut = true;
      this.hits.note('probe_flood');
      this.logger.warn(
        { probe_id: String(probe), bound: this.env.probeMaxMessagesPerS * FLOOD_FACTOR },
        'a probe was disconnected: it sends more messages a second than it may, and does not wait',
      );
      socket.disconnect(true);
    });
  }
}

/** @param perSecond 0: no bound */
function bucket(perSecond: number): TokenBucket | undefined {
  if (perSecond === 0) return undefined;
  return new TokenBucket(perSecond, perSecond * BURST_S, performance.now());
}
