import { type EntryRtts } from '../../measurement/formats/rtts.js';
import { type Summary } from '../../measurement/formats/summary.js';
import { Distribution, LARGEST } from './distribution.js';
import { type Figures, OF_PACKETS } from './figures.js';
import { Hops } from './hops.js';
import { countIn } from './numbers.js';
import { PackReader, PackWriter } from './packed.js';
import { Tally } from './tally.js';

/** Different values that a tally of entries tells apart. */
export const MOST_TALLIED = 256;
/** Figures are kept as whole thousandths: microseconds. */
const UNIT = 1_000;

/** What one run brought of one destination. */
export interface Observation {
  entry: Summary;
  /** of each answer, where they are known */
  rtts?: EntryRtts | undefined;
}

/** What is read of a packed cell beside its counts; what nobody asks for costs nothing. */
export interface Wanted {
  /** sums of squares, which deviations need */
  squares: boolean;
  hops: boolean;
}
const ALL: Wanted = { squares: true, hops: true };

/**
 * What some entries of one kind come to: those of a bucket, a probe, a destination, or several of these. What it says depends on the
 * entries alone, and not on the way in which they were added up. It is reused.
 */
export class Cell {
  /** entries of summaries, and those of them that have an error or are of another kind */
  entries = 0;
  errors = 0;
  readonly counts: number[];
  readonly tallies: Tally[];
  readonly distributions: Distribution[];
  /** of kinds whose figures have them */
  readonly hops = new Hops();
  private static readonly writer = new PackWriter();

  constructor(private readonly figures: Figures) {
    this.counts = figures.counts.map(() => 0);
    this.tallies = figures.tallies.map(() => new Tally(MOST_TALLIED));
    this.distributions = figures.distributions.map(() => new Distribution());
  }

  reset(): this {
    this.entries = 0;
    this.errors = 0;
    this.counts.fill(0);
    for (const each of [...this.tallies, ...this.distributions, this.hops]) each.reset();
    return this;
  }

  add({ entry, rtts }: Observation): void {
    const { type, counts, tallies, distributions, hops } = this.figures;
    this.entries += 1;
    const isOther = entry['type'] !== type;
    if (isOther || (entry['error'] ?? null) !== null) this.errors += 1;
    if (isOther) return;
    // for each result: `entries()` makes an array of each
    let index = 0;
    for (const name of counts) {
      this.counts[index] = (this.counts[index] ?? 0) + countIn(entry[name]);
      index += 1;
    }
    index = 0;
    for (const { member } of tallies) {
      const value = entry[member];
      const tally = this.tallies[index];
      if (typeof value === 'string' || typeof value === 'number') tally?.add(String(value), 1);
      index += 1;
    }
    index = 0;
    for (const { member } of distributions) {
      const distribution = this.distributions[index];
      if (member !== OF_PACKETS) addTo(distribution, entry[member]);
      else if (rtts?.answers !== undefined) for (const rtt of rtts.answers) distribution?.add(rtt);
      index += 1;
    }
    if (hops === true) this.hops.add(entry, rtts?.hops);
  }

  /** Adds what another cell of these figures has written. @param wanted all of it where this one is written in turn */
  absorb(packed: Uint8Array, wanted = ALL): void {
    const reader = new PackReader(packed);
    this.entries += reader.count();
    this.errors += reader.count();
    for (let index = 0; index < this.counts.length; index += 1)
      this.counts[index] = (this.counts[index] ?? 0) + reader.count();
    for (const tally of this.tallies) tally.absorb(reader);
    for (const distribution of this.distributions) distribution.absorb(reader, wanted.squares);
    // they stand last
    if (this.figures.hops === true && wanted.hops) this.hops.absorb(reader, wanted.squares);
  }

  /** @returns what others have written, added up */
  sumOf(packed: readonly Uint8Array[]): Buffer {
    this.reset();
    for (const each of packed) this.absorb(each);
    return this.pack();
  }

  pack(): Buffer {
    const { writer } = Cell;
    writer.count(this.entries);
    writer.count(this.errors);
    for (const count of this.counts) writer.count(count);
    for (const tally of this.tallies) tally.write(writer);
    for (const distribution of this.distributions) distribution.write(writer);
    if (this.figures.hops === true) this.hops.write(writer);
    return writer.take();
  }
}

/** What is no number, or none that can be kept, is no figure. */
function addTo(distribution: Distribution | undefined, value: unknown): void {
  if (typeof value !== 'number') return;
  const whole = Math.round(value * UNIT);
  if (Math.abs(whole) <= LARGEST) distribution?.add(whole);
}
