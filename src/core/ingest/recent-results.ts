import { Injectable } from '@nestjs/common';
import { type ResultEntity } from './result.schema.js';
import { wordPosition } from './tail-log.schema.js';

/** Retention keeps every result for a minute at least (deleted-runs.ts), so none of these is deleted meanwhile. */
const KEPT_MS = 30_000;
const MOST_BYTES = 32 * 1024 * 1024;
/** A larger one would take the place of many. */
const MOST_BYTES_EACH = 64 * 1024;

/** A result of this server that is durable, and what it weighs. */
export interface FreshResult {
  result: ResultEntity;
  bytes: number;
}

/** A result as it was stored, at its place in the order of all results. The same object for all who read it. */
export class RecentResult {
  constructor(
    readonly number: number,
    /** of the log */
    readonly epoch: string,
    readonly result: ResultEntity,
    readonly bytes: number,
  ) {}

  get position(): string {
    return wordPosition(this.number, this.epoch);
  }
}

/** What one append has put into the log. */
interface Stretch {
  first: number;
  last: number;
  epoch: string;
  /** in order; undefined: it has to be read */
  results: readonly (RecentResult | undefined)[];
  bytes: number;
  /** of `performance.now()` */
  at: number;
}

/**
 * Results that this server has put into the log just now, as they are in the database: the consumers of the tail take them from here, where
 * each would read them back. They are forgotten when all consumers of this server have passed them, so that they die young.
 */
@Injectable()
export class RecentResults {
  /** in the order of the log; between them may be what other servers have appended */
  private stretches: Stretch[] = [];
  private bytes = 0;
  /** by consumer that this server reads for: the number that it has got to */
  private readonly readers = new Map<string, number>();

  /**
   * What was appended. One that came early is not kept: it changes when its run is due.
   * @param last its last number
   * @param appended all of it, in order; undefined: a result that is not at hand
   */
  add(last: number, epoch: string, appended: readonly (FreshResult | undefined)[]): void {
    const first = last - appended.length + 1;
    const before = this.stretches.at(-1);
    // the log began anew
    if (before !== undefined && (before.epoch !== epoch || before.last >= first)) this.clear();
    let bytes = 0;
    const results = appended.map((fresh, index) => {
      if (fresh === undefined || fresh.result.early !== undefined || fresh.bytes > MOST_BYTES_EACH)
        return undefined;
      bytes += fresh.bytes;
      return new RecentResult(first + index, epoch, fresh.result, fresh.bytes);
    });
    this.stretches.push({ first, last, epoch, results, bytes, at: performance.now() });
    this.bytes += bytes;
    const oldest = performance.now() - KEPT_MS;
    this.dropWhile(({ at }) => this.bytes > MOST_BYTES || at < oldest);
  }

  /** @returns what has this number in the log, if it is kept */
  get(number: number, epoch: string): RecentResult | undefined {
    const stretch = this.stretchOf(number);
    return stretch?.epoch === epoch ? stretch.results[number - stretch.first] : undefined;
  }

  /**
   * @param head the end of the log as far as is known
   * @returns what follows a number, without a gap: `most` at the most, or all up to the end of the log; undefined: it has to be read
   */
  after(number: number, most: number, head: number): RecentResult[] | undefined {
    const found: RecentResult[] = [];
    const until = Math.min(number + most, Math.max(head, this.stretches.at(-1)?.last ?? 0));
    for (let next = number + 1; next <= until;) {
      const stretch = this.stretchOf(next);
      if (stretch === undefined) return undefined;
      const part = stretch.results.slice(next - stretch.first, until + 1 - stretch.first);
      for (const result of part) {
        if (result === undefined) return undefined;
        found.push(result);
      }
      next = stretch.last + 1;
    }
    return found.length > 0 ? found : undefined;
  }

  /** A consumer that this server reads for has done all up to a number. */
  passed(consumer: string, number: number): void {
    this.readers.set(consumer, number);
    const least = Math.min(...this.readers.values());
    this.dropWhile(({ last }) => last <= least);
  }

  /** This server reads for a consumer no more. */
  left(consumer: string): void {
    this.readers.delete(consumer);
  }

  /** For a database that was emptied. */
  clear(): void {
    this.stretches = [];
    this.bytes = 0;
  }

  private stretchOf(number: number): Stretch | undefined {
    const stretch = this.stretches.findLast(({ first }) => first <= number);
    return stretch !== undefined && number <= stretch.last ? stretch : undefined;
  }

  /** From the oldest on. */
  private dropWhile(isOver: (stretch: Stretch) => boolean): void {
    for (let [first] = this.stretches; first !== undefined && isOver(first); [first] = this.stretches) {
      this.stretches.shift();
      this.bytes -= first.bytes;
    }
  }
}
