import { createHash } from 'node:crypto';
import { type KnownSet, type Moment, newSet, observe, replaceBy, type SetChange } from './known-set.js';

/** What a name server answers: without order and without times to live. */
export interface Answers {
  rcode: string;
  /** sorted; 16 at the most, each cut at 100 characters */
  records: string[];
  /** of all records */
  count: number;
}

/**
 * What is known of the answers to one question. Whole sets tell when a record is gone, single records tell of a change where
 * each answer brings others of a large number.
 */
export interface AnswersState {
  sets: KnownSet;
  records: KnownSet;
}

export interface AnswersChange {
  before: Answers;
  after: Answers;
  since: Moment;
  prior: Moment | undefined;
}

const MOST_RECORDS_SHOWN = 16;
const MOST_CHARACTERS = 100;
/** Single records that are remembered of one question. */
export const MOST_RECORDS = 64;
const HASH_DIGITS = 12;

export function newAnswers(): AnswersState {
  return { sets: newSet(), records: newSet() };
}

/** @param records data of the records of the answer section, in any order */
export function observeAnswers(
  state: AnswersState,
  rcode: string,
  records: readonly string[],
  now: Moment,
  prior: Moment | undefined,
): AnswersChange | undefined {
  const all = [...new Set(records)].sort();
  const set = wordsOf(rcode, all);
  const known = state.sets.known.map(([value]) => value);
  const bySet = observe(state.sets, [set], now, prior);
  // what stands for no record is none of them: a name that is gone
  const single = all.length === 0 ? [`rcode ${rcode}`] : all.slice(0, MOST_RECORDS).map(shortened);
  const byRecord = observe(state.records, single, now, prior, MOST_RECORDS);
  const change = bySet ?? byRecord;
  if (change === undefined) return undefined;
  settle(state.sets);
  settle(state.records);
  const before = known.findLast((value) => value !== set && !isAfter(change, value, bySet)) ?? known.at(-1);
  return {
    before: answersIn(before ?? set),
    after: answersIn(set),
    since: change.since,
    prior: change.prior,
  };
}

/** Where sets have changed themselves, what is new is no answer of before. */
function isAfter({ after }: SetChange, value: string, bySet: SetChange | undefined): boolean {
  return bySet !== undefined && after.includes(value);
}

function settle(set: KnownSet): void {
  if (set.pending !== undefined) replaceBy(set, set.pending);
}

/** Sets are kept as text: two are the same if these are. */
function wordsOf(rcode: string, records: readonly string[]): string {
  const shown = records.slice(0, MOST_RECORDS_SHOWN).map(shortened);
  const isCut = records.length > MOST_RECORDS_SHOWN;
  return JSON.stringify([rcode, records.length, shown, ...(isCut ? [hashOf(records.join('\n'))] : [])]);
}

function answersIn(words: string): Answers {
  const [rcode, count, records] = JSON.parse(words) as [string, number, string[]];
  return { rcode, records, count };
}

function shortened(record: string): string {
  if (record.length <= MOST_CHARACTERS) return record;
  return `${record.slice(0, MOST_CHARACTERS - HASH_DIGITS - 1)}…${hashOf(record)}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS);
}
