import { stringify } from 'csv-stringify/sync';
import { type SeriesAnswer, type ValuesByColumn } from '../../derived/series/index.js';
import { cellOf } from './dto/series.dto.js';

/** Which series a row is of, then when its bucket begins. */
const COMMON = ['operation_id', 'probe_id', 'destination', 'at', 'bucket_s'] as const;
/** Behind them, where there are columns of hops: empty in rows of the series itself. */
const TTL = 'ttl';
const ROWS_AT_ONCE = 200;

/** Rows of one series, or of one hop of it. */
interface Rows {
  of: (string | undefined)[];
  ttl: number | null;
  values: ValuesByColumn;
}

/**
 * Writes series as CSV (RFC 4180): one row for each bucket of each, then one for each bucket of each of its hops. Times are RFC 3339
 * in UTC; what is null is empty, and so are columns of hops in other rows, and other columns in theirs.
 */
export function* seriesCsv(answer: SeriesAnswer, operationId: string | undefined): Generator<string, void> {
  const hasHops = answer.columns.some(({ from }) => from === 'hops');
  const hasOwn = answer.columns.some(({ from }) => from !== 'hops');
  yield stringify([[...COMMON, ...(hasHops ? [TTL] : []), ...answer.columns.map(({ name }) => name)]]);
  for (const { operation, probe, destination, values, hops } of answer.series) {
    const of = [operation?.toHexString() ?? operationId, probe?.toHexString(), destination ?? undefined];
    if (hasOwn) yield* rowsOf({ of, ttl: null, values }, answer, hasHops);
    for (const { ttl, values: ofHop } of hops ?? [])
      yield* rowsOf({ of, ttl, values: ofHop }, answer, hasHops);
  }
}

function* rowsOf(
  { of, ttl, values }: Rows,
  { buckets, columns }: SeriesAnswer,
  hasHops: boolean,
): Generator<string, void> {
  const hop = hasHops ? [ttl] : [];
  for (let first = 0; first < buckets.count; first += ROWS_AT_ONCE) {
    const length = Math.min(ROWS_AT_ONCE, buckets.count - first);
    const rows = Array.from({ length }, (_, index) => {
      const bucket = first + index;
      const at = new Date(buckets.from + bucket * buckets.widthMs).toISOString();
      const cells = columns.map(({ name }) => cellOf(values[name], bucket));
      return [...of, at, buckets.widthMs / 1_000, ...hop, ...cells];
    });
    // a destination that begins like a formula is text that a spreadsheet would run: an apostrophe goes before it
    yield stringify(rows, { escape_formulas: true, quoted_match: /[\r\n]/ });
  }
}
