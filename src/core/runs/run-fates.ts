import { bitsBetween, highestBit, ones } from './bits.js';
import { countAll, countCode, type StretchCounts } from './fate-counts.js';
import { type PackedBits } from './packed-sheets.js';
import { RUNS_PER_WORD } from './run-sheet.schema.js';

/** What became of a run: 0 while it is not due and has not come, else 1 + the index of its fate in FATES. */
export type Code = number;
export const NOT_DUE: Code = 0;

/** Lists of words cut from large ones: memory that each asks for by itself costs more than what is counted in it. */
export class WordPool {
  private words = new Int32Array(0);
  private used = 0;

  /** @param block words that are asked for at once */
  constructor(private readonly block = 0) {}

  /** @returns zeros */
  take(length: number): Int32Array {
    if (this.used + length > this.words.length) {
      if (length >= this.block) return new Int32Array(length);
      this.words = new Int32Array(this.block);
      this.used = 0;
    }
    const from = this.used;
    this.used += length;
    return this.words.subarray(from, this.used);
  }
}

/**
 * What became of the runs of one assignment, one bit a run for each fate that any of them has: filled and counted by words of 32
 * runs, since an account of a month has millions of runs.
 */
export class RunFates {
  /** by code: which runs have it; absent while none does. A run has one at the most */
  private readonly withCode: (Int32Array | undefined)[] = [];
  /** which runs have any */
  private readonly decided: Int32Array;

  /**
   * @param length how many runs there are, all NOT_DUE
   * @param pool where its words are: thousands of assignments are accounted for together
   */
  constructor(
    readonly length: number,
    private readonly pool = new WordPool(),
  ) {
    this.decided = pool.take(Math.ceil(length / RUNS_PER_WORD));
  }

  /**
   * Gives runs a fate, whatever they had before.
   * @param first the run of the first bit: a multiple of 32
   * @returns how many there are
   */
  mark(first: number, bits: PackedBits, code: Code): number {
    const own = this.wordsOf(code);
    let count = 0;
    for (let at = 0; at < bits.length; at += 2) {
      const word = first / RUNS_PER_WORD + (bits[at] ?? 0);
      const value = (bits[at + 1] ?? 0) & this.known(word);
      const changed = value & (this.decided[word] ?? 0);
      if (changed !== 0) this.takeBack(word, changed);
      this.set(own, word, value);
      count += ones(value);
    }
    return count;
  }

  /** Gives those runs a fate that have none. @param from, to runs, the last one excluded */
  fill(from: number, to: number, code: Code): void {
    const own = this.wordsOf(code);
    for (let at = from; at < to; at = endOfWord(at)) {
      const word = wordOf(at);
      this.set(own, word, maskOf(word, at, to) & ~(this.decided[word] ?? 0));
    }
  }

  hasUndecided(from: number, to: number): boolean {
    return this.lastUndecided(from, to) >= 0;
  }

  /** @returns the last of the runs from `from` to `to` (excluded) that has no fate; -1: all have one */
  lastUndecided(from: number, to: number): number {
    return this.lastWhere((word) => ~(this.decided[word] ?? 0), from, to);
  }

  /** @returns the last run before `to` that has a fate; -1: none has */
  lastDecided(to = this.length): number {
    return this.lastWhere((word) => this.decided[word] ?? 0, 0, to);
  }

  /** @returns the last run before `to` that has this fate; -1: none has */
  lastOf(code: Code, to: number): number {
    const words = this.withCode[code];
    return words === undefined ? -1 : this.lastWhere((word) => words[word] ?? 0, 0, to);
  }

  /** By code a bit for each run that has it; none where no run has. Nobody else may write to them. */
  get words(): readonly (Int32Array | undefined)[] {
    return this.withCode;
  }

  /** Adds up how many runs of some stretches, one behind the other, have which fate. */
  countStretches(stretches: StretchCounts): void {
    countAll(stretches, 1);
    for (let code = 1; code < this.withCode.length; code += 1) {
      const words = this.withCode[code];
      if (words !== undefined) countCode(stretches, words, code, 1);
    }
  }

  /** One code for each run. */
  codes(): Code[] {
    return Array.from({ length: this.length }, (_, run) => {
      const bit = 1 << (run % RUNS_PER_WORD);
      const code = this.withCode.findIndex((words) => ((words?.[wordOf(run)] ?? 0) & bit) !== 0);
      return Math.max(NOT_DUE, code);
    });
  }

  private wordsOf(code: Code): Int32Array {
    return (this.withCode[code] ??= this.pool.take(this.decided.length));
  }

  /** They have no fate any more. */
  private takeBack(word: number, bits: number): void {
    for (const words of this.withCode) {
      if (words !== undefined) words[word] = (words[word] ?? 0) & ~bits;
    }
  }

  private set(own: Int32Array, word: number, bits: number): void {
    own[word] = (own[word] ?? 0) | bits;
    this.decided[word] = (this.decided[word] ?? 0) | bits;
  }

  /** The bits of a word that are runs. */
  private known(word: number): number {
    return maskOf(word, 0, this.length);
  }

  private lastWhere(bitsOf: (word: number) => number, from: number, to: number): number {
    for (let word = wordOf(to - 1); word >= wordOf(from); word -= 1) {
      const bits = bitsOf(word) & maskOf(word, from, to);
      if (bits !== 0) return word * RUNS_PER_WORD + highestBit(bits);
    }
    return -1;
  }
}

function wordOf(run: number): number {
  return Math.floor(run / RUNS_PER_WORD);
}

function endOfWord(run: number): number {
  return (wordOf(run) + 1) * RUNS_PER_WORD;
}

/** The bits of a word that are runs from `from` to `to` (excluded). */
function maskOf(word: number, from: number, to: number): number {
  const first = word * RUNS_PER_WORD;
  return bitsBetween(Math.max(0, from - first), Math.min(RUNS_PER_WORD, to - first));
}
