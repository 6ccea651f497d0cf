import { createHash } from 'node:crypto';
import { type ResultEntity } from '../../core/ingest/index.js';
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
type Result = Pick<ResultEntity, '_id' | 'operation' | 'probe' | LatestField>;

/** Entries of one result that are kept; no operation has so many destinations. */
const MOST_ENTRIES = 1_000;
const TARGET_MEMBERS = ['destination', 'dst', 'address', 'resolver', 'name', 'url'] as const;

/**
 * When a run was: when it was due, or when its result came where it names no run of the schedule. A result that came before its run was
 * due counts from when it came: a probe must not be the newest for ever.
 */
export function runTime({ scheduled_at, received_at, off_schedule }: Result): Date {
  if (scheduled_at === undefined || off_schedule === true || scheduled_at > received_at) return received_at;
  return scheduled_at;
}

/** @returns what a result says of each of its destinations; of a failed run one without */
export function latestOf(result: Result): LatestEntity[] {
  const { summary, outcome } = result;
  const entries = outcome === 'failed' ? [undefined] : (summary ?? []).slice(0, MOST_ENTRIES);
  const times = new Map<string, number>();
  return entries.map((entry) => {
    const destination = entry === undefined ? null : destinationOf(entry);
    const name = `${destination ?? ''} ${textOf(entry?.['qtype']) ?? ''}`;
    const time = times.get(name) ?? 0;
    times.set(name, time + 1);
    return latest(result, entry, destination, `${prefixOf(result)}${digest(`${name} ${time}`)}`);
  });
}

/** What ids of one operation, or of one of its probes, begin with. */
export function prefixOf({
  operation,
  probe,
}: Pick<ResultEntity, 'operation'> & Partial<Pick<ResultEntity, 'probe'>>): string {
  return operation.toHexString() + (probe?.toHexString() ?? '');
}

/** @returns how a target is looked for: names have no case (RFC 4343), and a dot behind them is nothing */
export function targetKey(text: string): string {
  return text.toLowerCase().replace(/\.$/, '');
}

function latest(
  { _id: result, operation, probe, ...members }: Result,
  entry: Summary | undefined,
  destination: string | null,
  id: string,
): LatestEntity {
  const { outcome, received_at, scheduled_at, started_at, clock, failure } = members;
  return {
    ...{ _id: id, operation, probe, destination, result, outcome, received_at },
    run_at: runTime({ _id: result, operation, probe, ...members }),
    targets: entry === undefined ? [] : targetsOf(entry),
    ...(scheduled_at && { scheduled_at }),
    ...(started_at && { started_at }),
    ...(clock && { clock }),
    ...(entry && { summary: [entry] }),
    ...(failure && { failure }),
  };
}

function destinationOf(entry: Summary): string | null {
  return ['destination', 'name', 'url', 'dst'].map((member) => textOf(entry[member])).find(isText) ?? null;
}

function targetsOf(entry: Summary): string[] {
  const texts = TARGET_MEMBERS.map((member) => textOf(entry[member])).filter(isText);
  const url = textOf(entry['url']);
  const host = url !== undefined && URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '';
  return [...new Set([...texts, host].map(targetKey))].filter((text) => text !== '');
}

function digest(text: string): string {
  return createHash('sha1').update(text).digest('hex').slice(0, 16);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= 2_000 ? value : undefined;
}

function isText(text: string | undefined): text is string {
  return text !== undefined;
}
