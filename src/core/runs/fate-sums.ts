import { countAll, countCode, type StretchCounts } from './fate-counts.js';
import { type RunFates } from './run-fates.js';

/**
 * How many assignments have which fate in each run of one operation. For each code a number for each run, in binary: a list of words
 * for each binary digit, so that 32 runs are added at once, and counted digit by digit in the place of assignment by assignment.
 */
export class FateSums {
  /** by code, by digit */
  private readonly digits: Int32Array[][] = [];
  private assignments = 0;

  add(fates: RunFates): void {
    this.assignments += 1;
    for (let code = 1; code < fates.words.length; code += 1) {
      const words = fates.words[code];
      if (words !== undefined) addBits((this.digits[code] ??= []), words);
    }
  }

  /** Adds up how many runs of some stretches, one behind the other, have which fate, over all that were added. */
  countStretches(stretches: StretchCounts): void {
    countAll(stretches, this.assignments);
    this.digits.forEach((digits, code) => {
      for (const [digit, words] of digits.entries()) countCode(stretches, words, code, 2 ** digit);
    });
  }
}

/** Adds one to the number of each run whose bit is set. */
function addBits(digits: Int32Array[], bits: Int32Array): void {
  for (let word = 0; word < bits.length; word += 1) {
    let carry = bits[word] ?? 0;
    for (let digit = 0; carry !== 0; digit += 1) {
      const words = (digits[digit] ??= new Int32Array(bits.length));
      const before = words[word] ?? 0;
      words[word] = before ^ carry;
      carry &= before;
    }
  }
}
