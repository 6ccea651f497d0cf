import { bitsBetween, highestBit, ones } from './bits.js';
import { type SingleRunCounters } from './fates.js';
import { type RunBits, type RunSheetEntity, RUNS_PER_SHEET, RUNS_PER_WORD } from './run-sheet.schema.js';

const WORDS_PER_SHEET = RUNS_PER_SHEET / RUNS_PER_WORD;

/** Failures that are not the probe's: its host's policy, what was asked for, or a family that it never claimed to have. */
const EXCUSES: readonly string[] = ['refused', 'unresolved', 'no_family', 'bad_params'];

/** How many runs of some came, failed by the probe's own fault, and failed for an excuse. */
export interface MarkCounts {
  came: number;
  failed: number;
  excused: number;
}

/**
 * What is known of the runs of one assignment on some of its sheets, a bit each: counted by words of 32 runs, and not by runs.
 */
export class MarkedRuns {
  private readonly came: Int32Array;
  private readonly failed: Int32Array;
  private readonly excused: Int32Array;

  /**
   * @param first the first of the sheets
   * @param end the first that is not among them
   */
  private constructor(
    private readonly first: number,
    end: number,
  ) {
    const words = Math.max(0, end - first) * WORDS_PER_SHEET;
    this.came = new Int32Array(words);
    this.failed = new Int32Array(words);
    this.excused = new Int32Array(words);
  }

  /**
   * @param from, to the runs that will be asked for, the last one excluded
   * @param sheets of this assignment, in order; those that hold none of these runs are left out
   */
  static onSheets(from: number, to: number, sheets: readonly RunSheetEntity[]): MarkedRuns {
    const first = Math.floor(from / RUNS_PER_SHEET);
    const end = Math.ceil(to / RUNS_PER_SHEET);
    const marked = new MarkedRuns(first, end);
    for (const sheet of sheets) {
      if (sheet.sheet >= first && sheet.sheet < end) marked.read(sheet);
    }
    return marked;
  }

  /** Of an operation of one run, which has no sheet. */
  static single({
    received,
    failed,
    uncounted_received = 0,
    uncounted_failed = 0,
    failure = '',
  }: SingleRunCounters): MarkedRuns {
    const marked = new MarkedRuns(0, 1);
    if (received + uncounted_received > 0) marked.came[0] = 1;
    else if (failed + uncounted_failed > 0)
      (EXCUSES.includes(failure) ? marked.excused : marked.failed)[0] = 1;
    return marked;
  }

  /** @param from, to runs, the last one excluded */
  count(from: number, to: number): MarkCounts {
    const counts: MarkCounts = { came: 0, failed: 0, excused: 0 };
    const base = this.first * RUNS_PER_SHEET;
    const [begin, end] = [Math.max(0, from - base), Math.min(to - base, this.came.length * RUNS_PER_WORD)];
    for (let at = begin; at < end;) {
      const word = Math.floor(at / RUNS_PER_WORD);
      const next = Math.min(end, (word + 1) * RUNS_PER_WORD);
      const mask = bitsBetween(at % RUNS_PER_WORD, next - word * RUNS_PER_WORD);
      // a run that came is not missed, whatever else was said of it
      const came = (this.came[word] ?? 0) & mask;
      const failed = (this.failed[word] ?? 0) & mask & ~came;
      counts.came += ones(came);
      counts.failed += ones(failed);
      counts.excused += ones((this.excused[word] ?? 0) & mask & ~came & ~failed);
      at = next;
    }
    return counts;
  }

  private read({ sheet, came = {}, failed = {}, stored }: RunSheetEntity): void {
    const place = (sheet - this.first) * WORDS_PER_SHEET;
    const bits = or(this.came, place, came);
    for (const [reason, marks] of Object.entries(failed)) {
      or(EXCUSES.includes(reason) ? this.excused : this.failed, place, marks);
    }
    this.assignSurplusResults(place, stored - bits);
  }

  /**
   * Results that name no run are marked at the last one before they came. Where several came between two runs the others belong to runs before that have nothing: the latest first.
   * @param place the first word of their sheet
   */
  private assignSurplusResults(place: number, results: number): void {
    let left = results;
    let latest = true;
    for (let word = place + WORDS_PER_SHEET - 1; word >= 0 && left > 0; word -= 1) {
      const came = this.came[word] ?? 0;
      if (latest && came === 0) continue;
      const before = latest ? bitsBetween(0, highestBit(came) + 1) : -1;
      latest = false;
      let free = before & ~(came | (this.failed[word] ?? 0) | (this.excused[word] ?? 0));
      for (; free !== 0 && left > 0; left -= 1) {
        const highest = 1 << highestBit(free);
        this.came[word] = (this.came[word] ?? 0) | highest;
        free &= ~highest;
      }
    }
  }
}

/** Writes a sheet's bits into their words. @returns how many there are */
function or(words: Int32Array, place: number, bits: RunBits): number {
  let count = 0;
  for (const [word, value] of Object.entries(bits)) {
    words[place + Number(word)] = (words[place + Number(word)] ?? 0) | value;
    count += ones(value);
  }
  return count;
}
