import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  decode,
  decodeStream,
  DUMP_HEADER,
  dumpRows,
  recordToJson,
  summarize,
  WartsError,
} from '@pladmed/warts';
import { type Destination } from '@pladmed/protocol';
import { type Digest, type Format, MAX_SUMMARIES, type Presentation } from './format.js';
import { type MeasuredSummary, withDestinations } from './destinations.js';
import { gunzip, isGzip, MAX_UNZIPPED_BYTES } from './gunzip.js';

/** A result is decoded on the event loop: a hostile one must not hold it for long. */
const INGEST_LIMITS = { maxRecords: 20_000, maxBytes: MAX_UNZIPPED_BYTES, deadlineMs: 500 };
const VIEW_LIMITS = { maxRecords: 200_000, maxBytes: MAX_UNZIPPED_BYTES, deadlineMs: 10_000 };

/** What scamper writes (warts(5)), gzipped or not. */
export const wartsFormat: Format = {
  async digest(raw: Buffer, destinations: readonly Destination[] = []): Promise<Digest> {
    const { bytes, error: zipError } = await plainBytes(raw);
    const { records, error } = decode(bytes, INGEST_LIMITS);
    const measured: MeasuredSummary[] = [];
    for (const record of records) {
      if (measured.length === MAX_SUMMARIES) break;
      if (record.type === 'ping' || record.type === 'trace')
        measured.push({ userid: record.userid, summary: summarize(record) });
    }
    const damage = error?.message ?? zipError;
    const summary = withDestinations(measured, destinations).slice(0, MAX_SUMMARIES);
    return { summary, ...(damage !== undefined && { error: damage }) };
  },

  async present(raw: Buffer, as: Presentation): Promise<string> {
    const { bytes } = await plainBytes(raw);
    if (as === 'dump')
      return JSON.stringify([DUMP_HEADER, ...dumpRows(bytes, VIEW_LIMITS).rows, ''].join('\n'));
    return `[${(await jsonLinesOf(bytes)).join(',')}]`;
  },
};

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
