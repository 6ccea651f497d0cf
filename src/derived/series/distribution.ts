import { DDSketch } from '@datadog/sketches-js';
import { type PackReader, type PackWriter } from './packed.js';

/** Of a quantile against the value that it stands for, at most: the guarantee of the sketch. */
export const RELATIVE_ERROR = 0.01;
/** So many values are kept as they are, and their quantiles are exact. */
export const EXACT_UP_TO = 64;
/** Quantiles that are given, in hundredths. */
export const PERCENTS = [5, 25, 50, 75, 95, 99] as const;
export type Percent = (typeof PERCENTS)[number];
/** Numbers beyond it are not taken: the difference of two of them might be none that is exact. */
export const LARGEST = 2 ** 52;
/** What is larger has a square that a number does not hold exactly. */
const MOST_SQUARED = 94_906_265;

/**
 * The classes of values of DDSketch (Masson et al., 2019): all of one class are within the error of its value. The counts are kept
 * here, since the library's sketch cannot be written and read back without loss.
 */
const { mapping } = new DDSketch({ relativeAccuracy: RELATIVE_ERROR });
/** The place of the class of 0; those of values above it follow, those below it precede. */
const ZERO = mapping.key(Number.MAX_SAFE_INTEGER) + 1;
const PLACES = 2 * ZERO + 1;

function placeOf(value: number): number {
  if (value === 0) return ZERO;
  return value > 0 ? ZERO + 1 + mapping.key(value) : ZERO - 1 - mapping.key(-value);
}

function valueAt(place: number): number {
  if (place === ZERO) return 0;
  return place > ZERO ? mapping.value(place - ZERO - 1) : -mapping.value(ZERO - 1 - place);
}

/** Of each class the value that stands for it. */
const VALUES = Float64Array.from({ length: PLACES }, (_, place) => valueAt(place));

/**
 * How some whole numbers are distributed. What it says depends on the numbers alone, and not on their order nor on how they were
 * added up. It is reused: one of them weighs 60 KB.
 */
export class Distribution {
  count = 0;
  private sum = 0;
  private squares = 0n;
  /** of those that were added last: a number is added to faster than a BigInt */
  private lastSquares = 0;
  private min = Infinity;
  private max = -Infinity;
  /** as they are, while they are few */
  private readonly values = new Float64Array(EXACT_UP_TO);
  private isExact = true;
  private isSorted = true;
  /** how many there are of each class; all 0 but from `lowest` to `highest` */
  private readonly classes = new Float64Array(PLACES);
  private lowest = PLACES;
  private highest = -1;

  /** Forgets all. */
  reset(): void {
    if (this.highest >= 0) this.classes.fill(0, this.lowest, this.highest + 1);
    this.lowest = PLACES;
    this.highest = -1;
    this.count = 0;
    this.sum = 0;
    this.squares = 0n;
    this.lastSquares = 0;
    this.min = Infinity;
    this.max = -Infinity;
    this.isExact = true;
    this.isSorted = true;
  }

  /** @param value a whole number from -LARGEST to LARGEST */
  add(value: number): void {
    this.place(value);
    this.sum += value;
    this.addSquare(value);
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  /** Adds what another one has written. @param withSquares false: nobody will ask for the deviation, nor write it */
  absorb(reader: PackReader, withSquares = true): void {
    const count = reader.count();
    if (count === 0) return;
    const min = reader.signed();
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, reader.signed());
    this.sum += reader.signed();
    if (withSquares) this.squares += reader.large();
    else reader.skipLarge();
    if (count <= EXACT_UP_TO) this.absorbValues(reader, count, min);
    else this.absorbClasses(reader, count);
  }

  write(writer: PackWriter): void {
    writer.count(this.count);
    if (this.count === 0) return;
    writer.signed(this.min);
    writer.signed(this.max);
    writer.signed(this.sum);
    writer.large(this.allSquares());
    if (this.isExact) this.writeValues(writer);
    else this.writeClasses(writer);
  }

  get least(): number | null {
    return this.count === 0 ? null : this.min;
  }

  get most(): number | null {
    return this.count === 0 ? null : this.max;
  }

  get mean(): number | null {
    return this.count === 0 ? null : this.sum / this.count;
  }

  /** Of all these values, not of a larger population that they were drawn from. */
  get deviation(): number | null {
    if (this.count === 0) return null;
    const count = BigInt(this.count);
    const sum = BigInt(this.sum);
    // whole numbers: the difference of two large sums loses nothing, while the sum is below 2^53
    return Math.sqrt(Math.max(0, Number(count * this.allSquares() - sum * sum))) / this.count;
  }

  /** The smallest value that at least so many of a hundred do not exceed (RFC 2330, section 11.3; numpy: `inverted_cdf`). */
  quantile(percent: Percent): number | null {
    if (this.count === 0) return null;
    const rank = Math.ceil((percent * this.count) / 100);
    if (this.isExact) {
      this.sort();
      return this.values[rank - 1] ?? null;
    }
    let place = this.lowest;
    for (let passed = this.classes[place] ?? 0; passed < rank; passed += this.classes[place] ?? 0) place += 1;
    return Math.min(this.max, Math.max(this.min, VALUES[place] ?? 0));
  }

  private addSquare(value: number): void {
    if (Math.abs(value) > MOST_SQUARED) {
      this.squares += BigInt(value) ** 2n;
      return;
    }
    const square = value * value;
    if (this.lastSquares + square > Number.MAX_SAFE_INTEGER) this.allSquares();
    this.lastSquares += square;
  }

  private allSquares(): bigint {
    this.squares += BigInt(this.lastSquares);
    this.lastSquares = 0;
    return this.squares;
  }

  private place(value: number): void {
    if (this.isExact && this.count < EXACT_UP_TO) {
      this.values[this.count] = value;
      this.isSorted = false;
    } else {
      if (this.isExact) this.classify();
      this.addTo(placeOf(value), 1);
    }
    this.count += 1;
  }

  /** From now on only classes are known. */
  private classify(): void {
    for (let index = 0; index < this.count; index += 1) this.addTo(placeOf(this.values[index] ?? 0), 1);
    this.isExact = false;
  }

  private addTo(place: number, count: number): void {
    this.classes[place] = (this.classes[place] ?? 0) + count;
    if (place < this.lowest) this.lowest = place;
    if (place > this.highest) this.highest = place;
  }

  private absorbValues(reader: PackReader, count: number, min: number): void {
    const isFirst = this.count === 0;
    let value = min;
    for (let index = 0; index < count; index += 1) {
      value += reader.count();
      this.place(value);
    }
    this.isSorted = isFirst;
  }

  private absorbClasses(reader: PackReader, count: number): void {
    if (this.isExact) this.classify();
    let place = 0;
    for (let left = reader.count(); left > 0; left -= 1) {
      place += reader.count();
      this.addTo(place, reader.count());
    }
    this.count += count;
  }

  private writeValues(writer: PackWriter): void {
    this.sort();
    let before = this.min;
    for (let index = 0; index < this.count; index += 1) {
      const value = this.values[index] ?? 0;
      writer.count(value - before);
      before = value;
    }
  }

  private writeClasses(writer: PackWriter): void {
    let filled = 0;
    for (let place = this.lowest; place <= this.highest; place += 1)
      if (this.classes[place] !== 0) filled += 1;
    writer.count(filled);
    let before = 0;
    for (let place = this.lowest; place <= this.highest; place += 1) {
      const count = this.classes[place] ?? 0;
      if (count === 0) continue;
      writer.count(place - before);
      writer.count(count);
      before = place;
    }
  }

  private sort(): void {
    if (!this.isSorted) this.values.subarray(0, this.count).sort();
    this.isSorted = true;
  }
}
