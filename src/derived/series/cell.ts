import { type Summary } from '../../measurement/formats/summary.js';
import { Distribution, LARGEST } from './distribution.js';
import { type Figures, OF_PACKETS } from './figures.js';
import { PackReader, PackWriter } from './packed.js';

/** Different values that a tally tells apart: the first in the order of their texts, so that it depends on nothing else. */
export const MOST_TALLIED = 256;
/** Figures are kept as whole thousandths: microseconds. */
const UNIT = 1_000;

/** What one run brought of one destination. */
export interface Observation {
  entry: Summary;
  /** of a ping: microseconds, of each answer */
  rtts?: Uint32Array | undefined;
}

/** What is known of some values: how often which came. */
class Tally {
  readonly counts = new Map<string, number>();
  /** of values beyond MOST_TALLIED */
  others = 0;

  add(value: string, count: number): void {
    this.counts.set(value, (this.counts.get(value) ?? 0) + count);
    if (this.counts.size <= MOST_TALLIED) return;
    const last = [...this.counts.keys()].reduce((a, b) => (a > b ? a : b));
    this.others += this.counts.get(last) ?? 0;
    this.counts.delete(last);
  }

  reset(): void {
    this.counts.clear();
    this.others = 0;
  }
}

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
  private static readonly writer = new PackWriter();

  constructor(private readonly figures: Figures) {
    this.counts = figures.counts.map(() => 0);
    this.tallies = figures.tallies.map(() => new Tally());
    this.distributions = figures.distributions.map(() => new Distribution());
  }

  reset(): this {
    this.entries = 0;
    this.errors = 0;
    this.counts.fill(0);
    for (const each of [...this.tallies, ...this.distributions]) each.reset();
    return this;
  }

  add({ entry, rtts }: Observation): void {
    const { type, counts, tallies, distributions } = this.figures;
    this.entries += 1;
    const isOther = entry['type'] !== type;
    if (isOther || (entry['error'] ?? null) !== null) this.errors += 1;
    if (isOther) return;
    for (const [index, name] of counts.entries())
      this.counts[index] = (this.counts[index] ?? 0) + countIn(entry[name]);
    for (const [index, { member }] of tallies.entries()) {
      const value = entry[member];
      if (typeof value === 'string' || typeof value === 'number') this.tallies[index]?.add(String(value), 1);
    }
    for (const [index, { member }] of distributions.entries()) {
      const distribution = this.distributions[index];
      if (member !== OF_PACKETS) addTo(distribution, entry[member]);
      else for (const rtt of rtts ?? []) distribution?.add(rtt);
    }
  }

  /** Adds what another cell of these figures has written. @param withSquares false: nobody asks for deviations, nor writes it */
  absorb(packed: Uint8Array, withSquares = true): void {
    const reader = new PackReader(packed);
    this.entries += reader.count();
    this.errors += reader.count();
    for (let index = 0; index < this.counts.length; index += 1)
      this.counts[index] = (this.counts[index] ?? 0) + reader.count();
    for (const tally of this.tallies) {
      tally.others += reader.count();
      for (let left = reader.count(); left > 0; left -= 1) tally.add(reader.text(), reader.count());
    }
    for (const distribution of this.distributions) distribution.absorb(reader, withSquares);
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
    for (const { counts, others } of this.tallies) {
      writer.count(others);
      writer.count(counts.size);
      for (const [value, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
        writer.text(value);
        writer.count(count);
      }
    }
    for (const distribution of this.distributions) distribution.write(writer);
    return writer.take();
  }
}

function countIn(value: unknown): number {
  if (value === true) return 1;
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/** What is no number, or none that can be kept, is no figure. */
function addTo(distribution: Distribution | undefined, value: unknown): void {
  if (typeof value !== 'number') return;
  const whole = Math.round(value * UNIT);
  if (Math.abs(whole) <= LARGEST) distribution?.add(whole);
}
