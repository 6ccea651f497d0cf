import { ones } from './bits.js';
import { RUNS_PER_WORD } from './run-sheet.schema.js';

/** Counts by stretch of runs and by code (run-fates.ts): `width` numbers for each stretch. */
export interface StretchCounts {
  /** the first run of the first stretch */
  from: number;
  /** of each stretch the first run after it; no less than the one before */
  ends: Uint32Array;
  counts: Uint32Array;
  width: number;
}

/** Counts all runs of the stretches as not due. @param times how many assignments have them */
export function countAll({ from, ends, counts, width }: StretchCounts, times: number): void {
  let before = from;
  for (let stretch = 0; stretch < ends.length; stretch += 1) {
    const end = ends[stretch] ?? 0;
    counts[stretch * width] = (counts[stretch * width] ?? 0) + (end - before) * times;
    before = end;
  }
}

/**
 * Moves the runs that have a code from those that are not due to those of the code, stretch by stretch: in one way through the words.
 * @param words a bit for each run that has it
 * @param times each of them counts so often
 */
export function countCode(
  { from, ends, counts, width }: StretchCounts,
  words: Int32Array,
  code: number,
  times: number,
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
    counts[place] = (counts[place] ?? 0) - (until - before) * times;
    counts[place + code] = (counts[place + code] ?? 0) + (until - before) * times;
    before = until;
  }
}

function wordOf(run: number): number {
  return Math.floor(run / RUNS_PER_WORD);
}

/** How many of the bits of its word are set that are of runs before this one. */
function onesBelow(words: Int32Array, word: number, run: number): number {
  return ones((words[word] ?? 0) & ((1 << (run % RUNS_PER_WORD)) - 1));
}
