/**
 * A set of values that a destination is known to show: hops of one TTL, certificates, answers of a name. Plain data, bounded, JSON.
 * A change is when values from outside the set come so many times in a row that this is no chance (docs/data.md, "Changes").
 */
export interface KnownSet {
  /** values and the observation (its number) at which each was seen last; the latest last */
  known: Sighting[];
  /** observations ever */
  count: number;
  /** observations that the chance of an unknown value is estimated from, and those of them that brought one */
  runs: number;
  odd: number;
  /** what has come since the last observation of known values alone */
  pending?: Pending;
}

type Sighting = [value: string, count: number];

interface Pending {
  values: Sighting[];
  runs: number;
  /** those that brought a value which none before had */
  odd: number;
  since: Moment;
  /** the observation before, of anything; absent: there was none */
  prior?: Moment;
}

/** An observation: its time in milliseconds since 1970, and the result that it is from. */
export interface Moment {
  time: number;
  result: string;
}

/** Values in the order in which they were seen last, the latest last. */
export interface SetChange {
  before: string[];
  after: string[];
  /** the first that showed what is new */
  since: Moment;
  prior: Moment | undefined;
}

/** So many observations are taken for granted: what they show is known. */
export const LEARNED_RUNS = 8;
/** The chance of an unknown value is estimated from the last 128 to 256 observations. */
export const MOST_RUNS = 256;
/** A value that was not seen for so many observations is known no more. */
export const FORGOTTEN_RUNS = 256;
/** How improbable a row of unknown values has to be where nothing has changed. */
export const CHANCE = 1e-6;
/** A row of unknown values has this length at least. */
export const LEAST_ROW = 3;
/** One that would have to be longer is learned without a word: such a set says nothing. */
export const LONGEST_ROW = 64;
/** Values that are remembered; the ones seen longest ago go first. */
export const MOST_VALUES = 16;

export function newSet(): KnownSet {
  return { known: [], count: 0, runs: 0, odd: 0 };
}

/**
 * Takes in what was observed.
 * @param values one or several at once (records of an answer); it is unknown if any of them is
 * @param prior the observation before this one
 * @param most values that are remembered
 */
export function observe(
  set: KnownSet,
  values: readonly string[],
  now: Moment,
  prior: Moment | undefined,
  most = MOST_VALUES,
): SetChange | undefined {
  set.count += 1;
  // the one seen longest ago stands first
  while (set.count - (set.known[0]?.[1] ?? set.count) > FORGOTTEN_RUNS) set.known.shift();
  const isKnown = values.every((value) => set.known.some(([known]) => known === value));
  if (set.runs < LEARNED_RUNS) {
    count(set, 1, isKnown || set.runs === 0 ? 0 : 1);
    set.known = withValues(set.known, values, set.count, most);
    return undefined;
  }
  if (isKnown) {
    learnPending(set, most);
    count(set, 1, 0);
    set.known = withValues(set.known, values, set.count, most);
    return undefined;
  }
  const pending = (set.pending ??= { values: [], runs: 0, odd: 0, since: now, ...(prior && { prior }) });
  if (!values.every((value) => pending.values.some(([known]) => known === value))) pending.odd += 1;
  pending.values = withValues(pending.values, values, set.count, most);
  pending.runs += 1;
  if (pending.runs >= rowOf(set)) return replaceBy(set, pending);
  if (pending.runs >= LONGEST_ROW) learnPending(set, most);
  return undefined;
}

/** How many observations of unknown values in a row make a change. */
export function rowOf({ runs, odd }: Pick<KnownSet, 'runs' | 'odd'>): number {
  // the rule of succession: one more of each than were seen
  const chance = (odd + 1) / (runs + 1);
  if (chance >= 1) return Infinity;
  const row = Math.max(LEAST_ROW, Math.ceil(Math.log(CHANCE) / Math.log(chance)));
  return row > LONGEST_ROW ? Infinity : row;
}

/** What is pending is what there is from now on. */
export function replaceBy(set: KnownSet, pending: Pending): SetChange {
  const before = namesOf(set.known);
  set.known = pending.values;
  set.runs = pending.runs;
  set.odd = pending.odd - 1;
  delete set.pending;
  return { before, after: namesOf(set.known), since: pending.since, prior: pending.prior };
}

/** Known values came back: what is pending alternates with them. */
function learnPending(set: KnownSet, most: number): void {
  const { pending } = set;
  if (pending === undefined) return;
  count(set, pending.runs, pending.runs);
  for (const [value, at] of pending.values) set.known = withValues(set.known, [value], at, most);
  delete set.pending;
}

function count(set: KnownSet, runs: number, odd: number): void {
  set.runs += runs;
  set.odd += odd;
  if (set.runs < MOST_RUNS) return;
  set.runs /= 2;
  set.odd /= 2;
}

function withValues(
  known: readonly Sighting[],
  values: readonly string[],
  at: number,
  most: number,
): Sighting[] {
  const others = known.filter(([value]) => !values.includes(value));
  for (const value of new Set(values)) others.push([value, at]);
  return others.length > most ? others.slice(-most) : others;
}

function namesOf(known: readonly Sighting[]): string[] {
  return known.map(([value]) => value);
}
