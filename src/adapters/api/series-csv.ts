import { stringify } from 'csv-stringify/sync';
import { type Series, type SeriesAnswer } from '../../derived/series/index.js';
import { cellOf } from './dto/series.dto.js';

/** Which series a row is of, then when its bucket begins. */
const COMMON = ['operation_id', 'probe_id', 'destination', 'at', 'bucket_s'] as const;
const ROWS_AT_ONCE = 200;

/** Writes series as CSV (RFC 4180): one row for each bucket of each. Times are RFC 3339 in UTC; what is null is empty. */
export function* seriesCsv(answer: SeriesAnswer, operationId: string | undefined): Generator<string, void> {
  yield stringify([[...COMMON, ...answer.columns.map(({ name }) => name)]]);
  for (const series of answer.series) yield* rowsOf(series, answer, operationId);
}

function* rowsOf(
  { operation, probe, destination, values }: Series,
  { buckets, columns }: SeriesAnswer,
  operationId: string | undefined,
): Generator<string, void> {
  const of = [operation?.toHexString() ?? operationId, probe?.toHexString(), destination];
  for (let first = 0; first < buckets.count; first += ROWS_AT_ONCE) {
    const length = Math.min(ROWS_AT_ONCE, buckets.count - first);
    const rows = Array.from({ length }, (_, index) => {
      const bucket = first + index;
      const at = new Date(buckets.from + bucket * buckets.widthMs).toISOString();
      return [...of, at, buckets.widthMs / 1_000, ...columns.map(({ name }) => cellOf(values[name], bucket))];
    });
    // a destination that begins like a formula is text that a spreadsheet would run: an apostrophe goes before it
    yield stringify(rows, { escape_formulas: true, quoted_match: /[\r\n]/ });
  }
}
