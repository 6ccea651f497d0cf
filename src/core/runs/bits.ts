import { RUNS_PER_WORD } from './run-sheet.schema.js';

/** A word with the bits from `from` to `to` (excluded), 0 to 32. */
export function bitsBetween(from: number, to: number): number {
  if (to <= from) return 0;
  return (to === RUNS_PER_WORD ? -1 : (1 << to) - 1) & (-1 << from);
}

/** How many bits are set: each step adds up neighbours (Warren, Hacker's Delight, 5-1). */
export function ones(word: number): number {
  let sum = word - ((word >>> 1) & 0x55555555);
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333);
  return Math.imul((sum + (sum >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** @param word not 0 @returns the place of its highest bit, 0 to 31 */
export function highestBit(word: number): number {
  return RUNS_PER_WORD - 1 - Math.clz32(word);
}
