import { type RunNumbers } from '../../measurement/schedule/run-numbers.js';
import { type Fate, FATES } from './fates.js';
import { FateSums } from './fate-sums.js';
import { type RunFates } from './run-fates.js';

export type FateCounts = Record<Fate, number>;

/** Runs that are due, and how many of them met which fate; the fates add up to `due`. */
export interface Tally {
  due: number;
  fates: FateCounts;
}

/** The runs that were due from `from` on, for `width` milliseconds. */
export interface BucketTally extends Tally {
  from: number;
}

/** Widths of time buckets, in seconds: the first that makes few enough is taken. */
const WIDTHS_S = [
  10, 60, 300, 900, 3_600, 10_800, 21_600, 86_400, 604_800, 2_592_000, 31_536_000, 315_360_000,
];
const WANTED_BUCKETS = 200;
export const MAX_BUCKETS = 10_000;

/** @param spanMs from the first run to the last that is due @returns seconds */
export function bucketWidth(spanMs: number): number {
  const width = WIDTHS_S.find((seconds) => spanMs / (seconds * 1_000) <= WANTED_BUCKETS);
  return width ?? spanMs / 1_000;
}

const NO_FATES = Object.fromEntries(FATES.map((fate) => [fate, 0])) as FateCounts;
const CODES = FATES.length + 1;

/** Adds up the fates of runs by time. Buckets begin at whole multiples of their width since 1970. */
export class Buckets {
  private readonly first: number;
  /** CODES counts for each bucket */
  private readonly counts: Uint32Array;
  private readonly sum = new Uint32Array(CODES);
  /** what was added with one offset, and is not in `counts` yet */
  private waiting: { offsetMs: number; ends: Uint32Array; lastEnd: Uint32Array; sums: FateSums } | undefined;

  /**
   * @param widthMs milliseconds
   * @param from of the first run
   * @param to of the last one that is due
   */
  constructor(
    readonly widthMs: number,
    from: number,
    private readonly to: number,
  ) {
    this.first = this.bucketOf(from);
    this.counts = new Uint32Array((this.bucketOf(to) - this.first + 1) * CODES);
  }

  /** @param fates of the same number of runs each time @returns the sum over all of these runs */
  add(fates: RunFates, numbers: RunNumbers, offsetMs: number): Tally {
    if (this.waiting?.offsetMs !== offsetMs) {
      this.count();
      const ends = this.endsOf(numbers, offsetMs);
      this.waiting = { offsetMs, ends, lastEnd: ends.subarray(-1), sums: new FateSums() };
    }
    const { lastEnd, sums } = this.waiting;
    sums.add(fates);
    this.sum.fill(0);
    fates.countStretches({ from: 0, ends: lastEnd, counts: this.sum, width: CODES });
    return tallyOf(this.sum);
  }

  /** Most probes have the same offset: their runs are in the same buckets, and counted together. */
  private count(): void {
    if (this.waiting === undefined) return;
    const { ends, sums } = this.waiting;
    sums.countStretches({ from: 0, ends, counts: this.counts, width: CODES });
    this.waiting = undefined;
  }

  /** For each bucket the number of the first run after it. Runs that are not due are in none. */
  private endsOf(numbers: RunNumbers, offsetMs: number): Uint32Array {
    const list = new Uint32Array(this.counts.length / CODES);
    for (let bucket = 0; bucket < list.length; bucket += 1) {
      const end = Math.min(this.to, (this.first + bucket + 1) * this.widthMs - 1);
      list[bucket] = numbers.lastUntil(end - offsetMs) + 1;
    }
    return list;
  }

  /** In order of time; those without a run that is due are left out. */
  list(): BucketTally[] {
    this.count();
    const tallies: BucketTally[] = [];
    for (let place = 0; place < this.counts.length; place += CODES) {
      const tally = tallyOf(this.counts.subarray(place, place + CODES));
      if (tally.due > 0) tallies.push({ from: (this.first + place / CODES) * this.widthMs, ...tally });
    }
    return tallies;
  }

  private bucketOf(time: number): number {
    return Math.floor(time / this.widthMs);
  }
}

/** Buckets of time: `count` of them, each `widthMs` wide, the first from `from` on (milliseconds since 1970). */
export interface BucketRange {
  from: number;
  widthMs: number;
  count: number;
}

/** Counts of fates by bucket: FATES_WIDTH numbers for each, of those that are not due first, then in the order of FATES. */
export type FatesByBucket = Uint32Array;
export const FATES_WIDTH = CODES;

/** Adds up the fates of runs of a probe by time. */
export class RunsByBucket {
  private ends: { offsetMs: number; list: Uint32Array } | undefined;

  constructor(
    private readonly range: BucketRange,
    private readonly numbers: RunNumbers,
  ) {}

  /** @param offsetMs of the probe against the times of the schedule */
  add(fates: RunFates, offsetMs: number, counts: FatesByBucket): void {
    const ends = this.endsOf(offsetMs);
    fates.countStretches({ from: ends[0] ?? 0, ends: ends.subarray(1), counts, width: CODES });
  }

  /** The number of the first run of the range, then of the first one after each bucket; most probes have the same offset. */
  private endsOf(offsetMs: number): Uint32Array {
    if (this.ends?.offsetMs === offsetMs) return this.ends.list;
    const { from, widthMs, count } = this.range;
    const list = Uint32Array.from(
      { length: count + 1 },
      (_, bucket) => this.numbers.lastUntil(from + bucket * widthMs - 1 - offsetMs) + 1,
    );
    this.ends = { offsetMs, list };
    return list;
  }
}

export function sumOf(tallies: readonly Tally[]): Tally {
  const fates = Object.fromEntries(
    FATES.map((fate) => [fate, tallies.reduce((sum, tally) => sum + tally.fates[fate], 0)]),
  ) as FateCounts;
  return { due: tallies.reduce((sum, { due }) => sum + due, 0), fates };
}

function tallyOf(counts: Uint32Array): Tally {
  const fates = { ...NO_FATES };
  let due = 0;
  let code = 0;
  for (const fate of FATES) {
    code += 1;
    const count = counts[code] ?? 0;
    fates[fate] = count;
    due += count;
  }
  return { due, fates };
}
