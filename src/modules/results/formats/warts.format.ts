import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type DecodeLimits,
  decodeStream,
  DUMP_HEADER,
  dumpRows,
  type PingRecord,
  recordToJson,
  summarize,
  type TraceRecord,
  WartsError,
} from '@pladmed/warts';
import { type Destination } from '@pladmed/protocol';
import { type Digest, type Format, MAX_SUMMARIES, type Presentation } from './format.js';
import { type MeasuredSummary, withDestinations } from './destinations.js';
import { gunzip, isGzip, MAX_UNZIPPED_BYTES } from './gunzip.js';

/** A result is decoded on the event loop: a hostile one must not hold it for long. */
const INGEST_LIMITS = { maxRecords: 20_000, maxBytes: MAX_UNZIPPED_BYTES, deadlineMs: 500 };
const VIEW_LIMITS = { maxRecords: 200_000, maxBytes: MAX_UNZIPPED_BYTES, deadlineMs: 10_000 };

/** Results of before are derived anew at leisure, and to the end. */
const RENEWAL_LIMITS = { maxRecords: INGEST_LIMITS.maxRecords, maxBytes: INGEST_LIMITS.maxBytes };

/** What scamper writes (warts(5)), gzipped or not. */
export const wartsFormat: Format = {
  digest: (raw: Buffer, destinations: readonly Destination[] = []) =>
    digest(raw, destinations, INGEST_LIMITS),

  async present(raw: Buffer, as: Presentation): Promise<string> {
    const { bytes } = await plainBytes(raw);
    if (as === 'dump')
      return JSON.stringify([DUMP_HEADER, ...dumpRows(bytes, VIEW_LIMITS).rows, ''].join('\n'));
    return `[${(await jsonLinesOf(bytes)).join(',')}]`;
  },
};

/** What `digest` gives, without a limit of time: the same for the same bytes on every machine. */
export function redigestWarts(raw: Buffer, destinations: readonly Destination[] = []): Promise<Digest> {
  return digest(raw, destinations, RENEWAL_LIMITS);
}

async function digest(
  raw: Buffer,
  destinations: readonly Destination[],
  limits: DecodeLimits,
): Promise<Digest> {
  const { bytes, error: zipError } = await plainBytes(raw);
  const measured: MeasuredSummary[] = [];
  let damage = zipError;
  let sentNothing = true;
  try {
    for await (const record of decodeStream(inSlices(bytes), limits)) {
      if (record.type !== 'ping' && record.type !== 'trace') continue;
      sentNothing &&= packetsOf(record) === 0;
      if (measured.length < MAX_SUMMARIES)
        measured.push({ userid: record.userid, summary: summarize(record) });
    }
  } catch (error) {
    if (!(error instanceof WartsError)) throw error;
    damage = error.message;
  }
  const summary = withDestinations(measured, destinations).slice(0, MAX_SUMMARIES);
  // a tool that wrote nothing sent nothing
  if (raw.length === 0) return { summary, error: damage ?? 'empty', sentNothing: true };
  return damage === undefined ? { summary, sentNothing } : { summary, error: damage };
}

/** @returns how many packets went to the destination; of a traceroute that does not count them at least its hops */
function packetsOf(record: PingRecord | TraceRecord): number {
  if (record.type === 'ping') return record.sent;
  return Math.max(record.probe_count, record.hop_count, record.hops.length);
}

/** What is decoded in one turn of the event loop, in bytes: a large result must not keep everybody else waiting. */
const SLICE_BYTES = 256 * 1024;

async function* inSlices(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += SLICE_BYTES) {
    if (from > 0) await nextTurn();
    yield bytes.subarray(from, from + SLICE_BYTES);
  }
}

/** The lines of the records before the first damage or limit. */
async function jsonLinesOf(bytes: Uint8Array): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const record of decodeStream(inSlices(bytes), VIEW_LIMITS)) {
      const line = recordToJson(record);
      if (line !== undefined) lines.push(line);
    }
  } catch (error) {
    if (!(error instanceof WartsError)) throw error;
  }
  return lines;
}

async function plainBytes(raw: Buffer): Promise<{ bytes: Uint8Array; error?: string }> {
  return isGzip(raw) ? gunzip(raw) : { bytes: raw };
}
