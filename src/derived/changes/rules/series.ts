import { type Answers, type AnswersState, newAnswers, observeAnswers } from './answers.js';
import { type KnownSet, type Moment, newSet, observe } from './known-set.js';
import { type Level, type LevelState, newLevel, observeLevel } from './level.js';
import { type Certificate, type Observation, type TimeServer } from './observation.js';
import { newPath, observePath, type PathState } from './path.js';

/** What is kept of one destination of one probe and operation: bounded, plain data. */
export interface SeriesState {
  /** the latest observation: one that is not later comes too late, and is not looked at */
  last?: Moment;
  path?: PathState;
  level?: LevelState;
  answers?: AnswersState;
  certificate?: KnownSet;
  status?: KnownSet;
  clock?: KnownSet;
}

/** What is shown of a change: the latest of what was seen in turn. */
const MOST_CERTIFICATES = 4;
const MOST_HOPS_SHOWN = 16;
const MOST_ADDRESSES = 8;

/** Addresses that answer at a TTL, in order. */
export interface Hop {
  ttl: number;
  addresses: string[];
}

/** What was, or is; of sets what was seen last stands last. */
export interface Shown {
  path: { hops: Hop[] };
  rtt_level: Level;
  certificate: { certificates: Certificate[] };
  dns_answers: Answers;
  http_status: { statuses: number[] };
  ntp_server: { servers: TimeServer[] };
}

export type SeriesChangeType = keyof Shown;

/** What one probe has seen change at one destination. */
export type SeriesChange = { [Type in SeriesChangeType]: ChangeOf<Type> }[SeriesChangeType];

interface ChangeOf<Type extends SeriesChangeType> {
  type: Type;
  destination: string;
  before: Shown[Type];
  after: Shown[Type];
  /** the first run of what is new, milliseconds since 1970 */
  since: number;
  /** the result of that run, and the one before it; absent of a level */
  firstResult?: string | undefined;
  resultBefore?: string | undefined;
}

/** Takes in what one run has found at the destination. @param state is changed. @returns what has changed, in a fixed order */
export function observeSeries(state: SeriesState, found: Observation, now: Moment): SeriesChange[] {
  const prior = state.last;
  if (prior !== undefined && now.time <= prior.time) return [];
  state.last = now;
  const changes = [
    pathChange(state, found, now, prior),
    certificateChange(state, found, now, prior),
    answersChange(state, found, now, prior),
    statusChange(state, found, now, prior),
    clockChange(state, found, now, prior),
    levelChange(state, found, now),
  ];
  return changes.filter((change) => change !== undefined);
}

type Rule = (
  state: SeriesState,
  found: Observation,
  now: Moment,
  prior: Moment | undefined,
) => SeriesChange | undefined;

const pathChange: Rule = (state, { path, destination }, now, prior) => {
  if (path === undefined) return undefined;
  const change = observePath((state.path ??= newPath()), path, now, prior);
  if (change === undefined) return undefined;
  const hopsOf = (which: 'before' | 'after') =>
    change.hops
      .slice(0, MOST_HOPS_SHOWN)
      .map((hop): Hop => ({ ttl: hop.ttl, addresses: hop[which].slice(0, MOST_ADDRESSES) }));
  return {
    type: 'path',
    destination,
    before: { hops: hopsOf('before') },
    after: { hops: hopsOf('after') },
    ...momentsOf(change),
  };
};

const certificateChange: Rule = (state, { certificate, destination }, now, prior) => {
  if (certificate === undefined) return undefined;
  const set = (state.certificate ??= newSet());
  const change = observe(set, [JSON.stringify(certificate)], now, prior);
  if (change === undefined) return undefined;
  const shown = (values: readonly string[]) => ({
    certificates: read<Certificate>(values.slice(-MOST_CERTIFICATES)),
  });
  return {
    type: 'certificate',
    destination,
    before: shown(change.before),
    after: shown(change.after),
    ...momentsOf(change),
  };
};

const answersChange: Rule = (state, { answers, destination }, now, prior) => {
  if (answers === undefined) return undefined;
  const known = (state.answers ??= newAnswers());
  const change = observeAnswers(known, answers.rcode, answers.records, now, prior);
  if (change === undefined) return undefined;
  const { before, after } = change;
  return { type: 'dns_answers', destination, before, after, ...momentsOf(change) };
};

const statusChange: Rule = (state, { status, destination }, now, prior) => {
  if (status === undefined) return undefined;
  const change = observe((state.status ??= newSet()), [String(status)], now, prior);
  if (change === undefined) return undefined;
  const shown = (values: readonly string[]) => ({ statuses: values.map(Number) });
  return {
    type: 'http_status',
    destination,
    before: shown(change.before),
    after: shown(change.after),
    ...momentsOf(change),
  };
};

const clockChange: Rule = (state, { clock, destination }, now, prior) => {
  if (clock === undefined) return undefined;
  const change = observe((state.clock ??= newSet()), [JSON.stringify(clock)], now, prior);
  if (change === undefined) return undefined;
  const shown = (values: readonly string[]) => ({ servers: read<TimeServer>(values) });
  return {
    type: 'ntp_server',
    destination,
    before: shown(change.before),
    after: shown(change.after),
    ...momentsOf(change),
  };
};

function levelChange(
  state: SeriesState,
  { rtt, destination }: Observation,
  now: Moment,
): SeriesChange | undefined {
  if (rtt === undefined) return undefined;
  const change = observeLevel((state.level ??= newLevel()), rtt, now.time);
  return change && { type: 'rtt_level', destination, ...change };
}

function momentsOf({ since, prior }: { since: Moment; prior: Moment | undefined }) {
  return { since: since.time, firstResult: since.result, resultBefore: prior?.result };
}

function read<T>(values: readonly string[]): T[] {
  return values.map((value) => JSON.parse(value) as T);
}
