import { bitsBetween, highestBit, ones } from './bits.js';
import { type PackedBits } from './packed-sheets.js';
import { RUNS_PER_WORD } from './run-sheet.schema.js';

/** What became of a run: 0 while it is not due and has not come, else 1 + the index of its fate in FATES. */
export type Code = number;
export const NOT_DUE: Code = 0;

/** Lists of words cut from large ones: memory that each asks for by itself costs more than what is counted in it. */
export class WordPool {
  private free = new Int32Array(0);

  /** @param block words that are asked for at once */
  constructor(private readonly block = 0) {}

  /** @returns zeros */
  take(length: number): Int32Array {
    if (length > this.free.length) {
      if (length >= this.block) return new Int32Array(length);
      this.free = new Int32Array(this.block);
    }
    const taken = this.free.subarray(0, length);
    this.free = this.free.subarray(length);
    return taken;
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
   * @param words where its words are: thousands of assignments are accounted for together
   */
  constructor(
    readonly length: number,
    private readonly words = new WordPool(),
  ) {
    this.decided = words.take(Math.ceil(length / RUNS_PER_WORD));
  }

  /**
   * Gives runs a fate, whatever they had before.
   * @param first the run of the first bit: a multiple of 32
   * @returns how many there are
   */
  mark(first: number, bits: PackedBits, code: Code): number {
    const own = this.wordsOf(code);
    const others = this.withCode.filter((words) => words !== undefined && words !== own) as Int32Array[];
    let count = 0;
    for (let at = 0; at < bits.length; at += 2) {
      const word = first / RUNS_PER_WORD + (bits[at] ?? 0);
      const value = (bits[at + 1] ?? 0) & this.known(word);
      for (const words of others) words[word] = (words[word] ?? 0) & ~value;
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

  /**
   * Adds up how many runs of some stretches, one behind the other, have which fate: in one way through the words.
   * @param from the first run of the first stretch
   * @param ends of each stretch the first run after it; no less than the one before
   * @param counts raised at `width` times the number of the stretch + the codes
   */
  countStretches(from: number, ends: Uint32Array, counts: Uint32Array, width: number): void {
    let before = from;
    for (let stretch = 0; stretch < ends.length; stretch += 1) {
      const end = ends[stretch] ?? 0;
      counts[stretch * width] = (counts[stretch * width] ?? 0) + end - before;
      before = end;
    }
    for (let code = 1; code < this.withCode.length; code += 1) {
      const words = this.withCode[code];
      if (words !== undefined) countOf(words, from, ends, counts, code, width);
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
    return (this.withCode[code] ??= this.words.take(this.decided.length));
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

/** Moves the runs that have a code from those that are not due to those of the code, stretch by stretch. */
function countOf(
  words: Int32Array,
  from: number,
  ends: Uint32Array,
  counts: Uint32Array,
  code: Code,
  width: number,
): void {
  let word = wordOf(from);
  // ones in the words before, from the word of `from` on
  let passed = 0;
  let before = onesBelow(words, word, from);
  for (let stretch = 0; stretch < ends.length; stretch += 1) {
    const end = ends[stretch] ?? 0;
    for (const last = wordOf(end); word < last; word += 1) passed += ones(words[word] ?? 0);
    const until = passed + onesBelow(words, word, end);
    const place = stretch * width;
    counts[place] = (counts[place] ?? 0) - (until - before);
    counts[place + code] = (counts[place + code] ?? 0) + (until - before);
    before = until;
  }
}

/** How many of the bits of its word are set that are of runs before this one. */
function onesBelow(words: Int32Array, word: number, run: number): number {
  return ones((words[word] ?? 0) & ((1 << (run % RUNS_PER_WORD)) - 1));
}
