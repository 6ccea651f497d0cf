import { type Stats } from 'node:fs';
import { isSame } from './file-stats.js';

/** A file that has not changed for so long is complete. */
export const STILL_MS = 2_500;
/** One that ends early is given up when it has not changed for so long: its writer may be slow. */
export const PATIENCE_MS = 15_000;
/** A rename, and a time that is given to a file, come so long after its last byte at the least. */
const PLACED_MS = 1;

interface Seen {
  stats: Stats;
  /** since when it is as it is, by the monotonic clock */
  since: number;
  /** whether it can be read to its end; undefined: nobody has looked */
  isWhole?: boolean;
}

/** Tells which files their writers are done with, as far as that can be told from outside. */
export class Completeness {
  private readonly seen = new Map<string, Seen>();

  /** @param lackOf says why a file cannot be read to its end, where that is so */
  constructor(private readonly lackOf: (path: string) => Promise<string | undefined>) {}

  /**
   * @param now as it is now
   * @param times milliseconds: by the clock of the disk's times, and by a monotonic one
   */
  async isComplete(
    path: string,
    now: Stats,
    times: { wall: number; monotonic: number } = { wall: Date.now(), monotonic: performance.now() },
  ): Promise<boolean> {
    const seen = this.note(path, now, times.monotonic);
    // the clock of the disk may be another one: then what was seen counts
    const stillMs = Math.max(times.monotonic - seen.since, times.wall - now.mtimeMs);
    const isPlaced = now.ctimeMs - now.mtimeMs > PLACED_MS;
    if (stillMs < STILL_MS && !isPlaced) return false;
    if (stillMs >= PATIENCE_MS) return true;
    seen.isWhole ??= now.size > 0 && (await this.lackOf(path)) === undefined;
    return seen.isWhole;
  }

  forget(path: string): void {
    this.seen.delete(path);
  }

  private note(path: string, stats: Stats, since: number): Seen {
    const last = this.seen.get(path);
    if (last !== undefined && isSame(last.stats, stats)) return last;
    const seen: Seen = { stats, since };
    this.seen.set(path, seen);
    return seen;
  }
}
