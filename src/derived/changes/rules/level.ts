/** What a destination's figure was in the last runs, and a day ago. Plain data, bounded, JSON. */
export interface LevelState {
  /** the last of them, oldest first */
  ms: number[];
  /** when the last TEST_RUNS of them were, milliseconds since 1970 */
  times: number[];
  /** the last hour (since 1970) with a run; and by hour, modulo HOURS_KEPT, the median of the last runs when it began */
  hour: number;
  hours: (number | null)[];
}

export interface LevelChange {
  /** medians of the runs before and of those since, and how many these are */
  before: Level;
  after: Level;
  /** the first run of the new level, milliseconds since 1970 */
  since: number;
}

export interface Level {
  rtt_ms: number;
  runs: number;
}

/** The last runs, which are held against those before them. */
export const TEST_RUNS = 12;
/** Runs before them: at least, and at most. */
export const LEAST_BEFORE = 12;
export const MOST_BEFORE = 36;
/** Of the rank-sum test (Mann and Whitney 1947), in standard deviations. */
export const LEAST_Z = 4;
/** The medians have to differ by so much: milliseconds, a share of the one before, and of the middle half of the runs before. */
export const LEAST_MS = 0.5;
export const LEAST_SHARE = 0.05;
export const LEAST_SPREADS = 1.5;
/** Runs that last longer than this may differ by the time of day alone: it has to be known what was a day ago. */
export const SHORT_MS = 2 * 3_600_000;

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
/** A day, the hour that has begun, and the one after the hour of yesterday. */
const HOURS_KEPT = DAY_HOURS + 2;

export function newLevel(): LevelState {
  return { ms: [], times: [], hour: 0, hours: Array.from({ length: HOURS_KEPT }, () => null) };
}

/** Takes in the figure of one run. @param time later than that of the run before */
export function observeLevel(state: LevelState, ms: number, time: number): LevelChange | undefined {
  push(state.ms, rounded(ms), MOST_BEFORE + TEST_RUNS);
  push(state.times, time, TEST_RUNS);
  noteHour(state, time);
  if (state.ms.length < LEAST_BEFORE + TEST_RUNS) return undefined;
  const [before, test] = [state.ms.slice(0, -TEST_RUNS), state.ms.slice(-TEST_RUNS)];
  const shift = compare(before, test);
  if (shift === undefined || isDaily(state, shift, time)) return undefined;
  const begin = beginOf(test, shift);
  const since = state.times[begin] ?? time;
  state.ms = test.slice(begin);
  state.hours = state.hours.map((each) => (each === null ? null : rounded(each + shift.is - shift.was)));
  return {
    before: { rtt_ms: rounded(shift.was), runs: before.length },
    after: { rtt_ms: rounded(medianOf(state.ms)), runs: state.ms.length },
    since,
  };
}

interface Shift {
  was: number;
  is: number;
  /** by which they have to differ */
  least: number;
}

function compare(before: readonly number[], test: readonly number[]): Shift | undefined {
  // first: it is cheap, and nearly always the end
  if (Math.abs(rankSumZ(before, test, LEAST_Z)) < LEAST_Z) return undefined;
  const sorted = ascending(before);
  const [was, is] = [quantile(sorted, 0.5), medianOf(test)];
  const spread = quantile(sorted, 0.75) - quantile(sorted, 0.25);
  const least = Math.max(LEAST_MS, LEAST_SHARE * was, LEAST_SPREADS * spread);
  return Math.abs(is - was) < least ? undefined : { was, is, least };
}

/** Whether it was so a day ago, or nobody knows what was and these runs are long enough for the time of day to matter. */
function isDaily({ hours, times }: LevelState, { is, least }: Shift, time: number): boolean {
  const yesterday = hourOf(time) - DAY_HOURS;
  const known = [yesterday, yesterday + 1]
    .map((hour) => hours[hour % HOURS_KEPT] ?? null)
    .filter((each) => each !== null);
  if (known.length > 0) return is > Math.min(...known) - least && is < Math.max(...known) + least;
  return time - (times[0] ?? time) > SHORT_MS * (TEST_RUNS / (MOST_BEFORE + TEST_RUNS));
}

function noteHour(state: LevelState, time: number): void {
  const hour = hourOf(time);
  if (hour === state.hour) return;
  const passed = Math.min(HOURS_KEPT, hour - state.hour);
  for (let each = hour - passed + 1; each < hour; each += 1) state.hours[each % HOURS_KEPT] = null;
  state.hours[hour % HOURS_KEPT] = rounded(medianOf(state.ms.slice(-TEST_RUNS)));
  state.hour = hour;
}

function hourOf(time: number): number {
  return Math.floor(time / HOUR_MS);
}

/** Of the test runs the first of the new level: after it no two in a row are nearer to the old one. */
function beginOf(test: readonly number[], { was, is }: Shift): number {
  const isNew = test.map((ms) => Math.abs(ms - is) < Math.abs(ms - was));
  const lastOld = isNew.findLastIndex((each, index) => !each && isNew[index + 1] === false);
  return Math.max(0, isNew.indexOf(true, lastOld + 1));
}

/**
 * How far the ranks of two samples are from those of one population: U less its mean, in its standard deviations (normal
 * approximation without correction for ties, which makes it smaller).
 * @param least where it is nearer to 0 than this, it may be said to be 0: the first few of the test mostly show that
 */
export function rankSumZ(before: readonly number[], test: readonly number[], least = 0): number {
  const pairs = before.length * test.length;
  const deviation = Math.sqrt((pairs * (before.length + test.length + 1)) / 12);
  // one less, since what is near to the bound is reckoned to its end
  const far = 2 * least * deviation - 1;
  // halves, since whole numbers need no memory: this is done for each result
  let halves = 0;
  let left = 2 * pairs;
  for (const one of test) {
    for (const other of before) halves += one > other ? 2 : one === other ? 1 : 0;
    left -= 2 * before.length;
    // whatever the others are
    if (pairs - halves < far && halves + left - pairs < far) return 0;
  }
  return (halves - pairs) / 2 / deviation;
}

function push(values: number[], value: number, most: number): void {
  values.push(value);
  if (values.length > most) values.shift();
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

function medianOf(values: readonly number[]): number {
  return quantile(ascending(values), 0.5);
}

/** Between two values in proportion (type 7 of Hyndman and Fan 1996). */
function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const [a = 0, b = a] = [sorted[low], sorted[low + 1]];
  return a + (b - a) * (at - low);
}

/** To microseconds: what is shown, and kept. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
