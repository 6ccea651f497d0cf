import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection } from 'mongoose';
import { within } from '../batching/within.js';

const EVERY_MS = 10_000;
/** A server whose clock is nearer to the database's than this goes by its own. */
const NEAR_MS = 1000;
/** How much a comparison loses its worth with its age: clocks drift apart, and are set. */
const WORSE_PER_MS = 0.001;

interface Comparison {
  /** the database's clock, ms since 1970, at this moment of the monotonic clock */
  time: number;
  at: number;
  /** the answer took this long: the comparison may be wrong by half of it */
  tookMs: number;
}

/**
 * The time that all servers of a platform agree on: the database's (docs/adr/0009). What one server writes and another compares with its own
 * time goes by it, so that a server whose clock is an hour off decides nothing an hour early.
 */
@Injectable()
export class PlatformClock implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('platform-clock');
  private best: Comparison | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isFar = false;

  constructor(@InjectConnection() private readonly connection: Connection) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      // the next comparison will do
      this.compare().catch(() => undefined);
    }, EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }

  /** Asks the database for its time. */
  async compare(): Promise<void> {
    const asked = performance.now();
    const hello = this.connection.db?.admin().command({ hello: 1 });
    if (hello === undefined) return;
    const { localTime } = await within(EVERY_MS, 'the database did not tell its time', hello);
    const at = performance.now();
    if (!(localTime instanceof Date)) return;
    const tookMs = at - asked;
    // the moment in the middle, and half of a millisecond that a time in whole ones has lost
    const fresh = { time: localTime.getTime() + 0.5 + tookMs / 2, at, tookMs };
    const kept = this.best && this.best.tookMs + (at - this.best.at) * WORSE_PER_MS;
    if (kept === undefined || tookMs <= kept) this.best = fresh;
    this.sayIfFar();
  }

  /** What has to be added to this server's clock; 0 where it is near enough. */
  private get offsetMs(): number {
    if (this.best === undefined) return 0;
    const offset = this.best.time + (performance.now() - this.best.at) - Date.now();
    return Math.abs(offset) - this.best.tookMs / 2 > NEAR_MS ? Math.round(offset) : 0;
  }

  private sayIfFar(): void {
    const offsetMs = this.offsetMs;
    const isFar = offsetMs !== 0;
    if (isFar && !this.isFar)
      this.logger.warn(
        { offset_ms: offsetMs },
        "this server's clock differs from the database's; the platform goes by the database's",
      );
    this.isFar = isFar;
  }
}
