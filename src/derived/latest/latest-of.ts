import { LRUCache } from 'lru-cache';
import { createHash } from 'node:crypto';
import { type ResultEntity } from '../../core/ingest/index.js';
import { IdTexts } from '../../platform/database/id-texts.js';
import { type Summary } from '../../measurement/formats/summary.js';
import { type LatestEntity } from './latest.schema.js';

/** What is needed of a result. */
export const LATEST_FIELDS = [
  'outcome',
  'received_at',
  'scheduled_at',
  'started_at',
  'clock',
  'summary',
  'failure',
  'off_schedule',
] as const;

export type LatestField = (typeof LATEST_FIELDS)[number];
/** Probes measure the same destinations again and again. */
const MOST_KNOWN_LENGTH = 300;
const digests = new LRUCache<string, string>({ max: 10_000 });

type Result = Pick<ResultEntity, '_id' | 'operation' | 'probe' | LatestField>;

/** Entries of one result that are kept; no operation has so many destinations. */
const MOST_ENTRIES = 1_000;
const DESTINATION_MEMBERS = ['destination', 'name', 'url', 'dst'] as const;
const TARGET_MEMBERS = ['destination', 'dst', 'address', 'resolver', 'name', 'url'] as const;

/**
 * When a run was: when it was due, or when its result came where it names no run of the schedule. A result that came before its run was
 * due counts from when it came: a probe must not be the newest for ever.
 */
export function runTime({ scheduled_at, received_at, off_schedule }: Result): Date {
  if (scheduled_at === undefined || off_schedule === true || scheduled_at > received_at) return received_at;
  return scheduled_at;
}

/** What is newest of one destination until it is written. */
interface Candidate {
  result: Result;
  /** of a failed run none */
  entry: Summary | undefined;
  destination: string | null;
  run_at: Date;
}

/** Finds the newest of some results; what is stored of them is made of those alone that nothing newer takes the place of. */
export function newestOf(results: Iterable<Result>): LatestEntity[] {
  const newest = new Map<string, Candidate>();
  const texts = new IdTexts();
  for (const result of results) note(result, newest, texts);
  return [...newest].map(([id, candidate]) => latest(id, candidate));
}

/**
 * Notes what a result says of each of its destinations; of a failed run one without.
 * @param newest by id: what is newer there stays, and what is as old does not
 */
function note(result: Result, newest: Map<string, Candidate>, texts: IdTexts): void {
  const { operation, probe, summary, outcome } = result;
  const entries = outcome === 'failed' ? [undefined] : (summary ?? []).slice(0, MOST_ENTRIES);
  const times = entries.length > 1 ? new Map<string, number>() : undefined;
  const run_at = runTime(result);
  // so all of an operation, or of one of its probes, stand together
  const prefix = texts.of(operation) + texts.of(probe);
  for (const entry of entries) {
    const destination = entry === undefined ? null : destinationOf(entry);
    const name = `${destination ?? ''} ${textOf(entry?.['qtype']) ?? ''}`;
    const time = times?.get(name) ?? 0;
    times?.set(name, time + 1);
    const id = prefix + digest(`${name} ${time}`);
    const known = newest.get(id);
    if (known === undefined || run_at >= known.run_at) newest.set(id, { result, entry, destination, run_at });
  }
}

/** @returns how a target is looked for: names have no case (RFC 4343), and a dot behind them is nothing */
export function targetKey(text: string): string {
  return text.toLowerCase().replace(/\.$/, '');
}

function latest(id: string, { result, entry, destination, run_at }: Candidate): LatestEntity {
  const { operation, probe, outcome, received_at, scheduled_at, started_at, clock, failure } = result;
  return {
    ...{ _id: id, operation, probe, destination, result: result._id, outcome, received_at, run_at },
    targets: entry === undefined ? [] : targetsOf(entry),
    ...(scheduled_at && { scheduled_at }),
    ...(started_at && { started_at }),
    ...(clock && { clock }),
    ...(entry && { summary: [entry] }),
    ...(failure && { failure }),
  };
}

function destinationOf(entry: Summary): string | null {
  for (const member of DESTINATION_MEMBERS) {
    const text = textOf(entry[member]);
    if (text !== undefined) return text;
  }
  return null;
}

function targetsOf(entry: Summary): string[] {
  const texts = TARGET_MEMBERS.map((member) => textOf(entry[member])).filter(isText);
  const url = textOf(entry['url']);
  const host = url !== undefined && URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '';
  return [...new Set([...texts, host].map(targetKey))].filter((text) => text !== '');
}

function digest(text: string): string {
  const known = digests.get(text);
  if (known !== undefined) return known;
  const made = createHash('sha1').update(text).digest('hex').slice(0, 16);
  if (text.length <= MOST_KNOWN_LENGTH) digests.set(text, made);
  return made;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= 2_000 ? value : undefined;
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}
