import { decode, DUMP_HEADER, dumpRows, jsonLines, summarize } from '@pladmed/warts';
import { type Summary } from '../result.schema.js';
import { type Digest, type Format, MAX_SUMMARIES, type Presentation } from './format.js';
import { gunzip, isGzip, MAX_UNZIPPED_BYTES } from './gunzip.js';

/** A result is decoded on the event loop: a hostile one must not hold it for long. */
const INGEST_LIMITS = { maxRecords: 20_000, maxBytes: MAX_UNZIPPED_BYTES, deadlineMs: 500 };
const VIEW_LIMITS = { maxRecords: 200_000, maxBytes: MAX_UNZIPPED_BYTES, deadlineMs: 5000 };

/** What scamper writes (warts(5)), gzipped or not. */
export const wartsFormat: Format = {
  async digest(raw: Buffer): Promise<Digest> {
    const { bytes, error: zipError } = await plainBytes(raw);
    const { records, error } = decode(bytes, INGEST_LIMITS);
    const summary: Summary[] = [];
    for (const record of records) {
      if (summary.length === MAX_SUMMARIES) break;
      if (record.type === 'ping' || record.type === 'trace') summary.push({ ...summarize(record) });
    }
    const damage = error?.message ?? zipError;
    return { summary, ...(damage !== undefined && { error: damage }) };
  },

  async present(raw: Buffer, as: Presentation): Promise<string> {
    const { bytes } = await plainBytes(raw);
    if (as === 'dump')
      return JSON.stringify([DUMP_HEADER, ...dumpRows(bytes, VIEW_LIMITS).rows, ''].join('\n'));
    return `[${jsonLines(bytes, VIEW_LIMITS).lines.join(',')}]`;
  },
};

async function plainBytes(raw: Buffer): Promise<{ bytes: Uint8Array; error?: string }> {
  return isGzip(raw) ? gunzip(raw) : { bytes: raw };
}
