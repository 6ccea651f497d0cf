import type { Summaries } from '../summary.js';

/** Columns of the table; what a type does not have stays empty. Times in milliseconds, the start in seconds since 1970. */
export const CSV_COLUMNS = [
  'type',
  'start',
  'src',
  'dst',
  'sent',
  'received',
  'duplicates',
  'loss',
  'reordered',
  'min_ms',
  'avg_ms',
  'median_ms',
  'p95_ms',
  'max_ms',
  'reached',
  'hop_count',
  'stop',
  'path_hash',
  'rcode',
  'status',
  'bytes_received',
] as const;

type Column = (typeof CSV_COLUMNS)[number];
type Cell = string | number | boolean | null;

/** One record's row: numbers, addresses and words, none of which needs quotes. */
export function csvRow(summary: Summaries[keyof Summaries]): string {
  const { start, ...rest } = summary;
  const cells: Partial<Record<Column, Cell>> = {
    ...(rest as Partial<Record<Column, Cell>>),
    start: `${start.sec}.${String(start.usec).padStart(6, '0')}`,
    ...figuresOf(summary),
  };
  return CSV_COLUMNS.map((column) => cells[column] ?? '').join(',');
}

/** Figures that have other names in the summary of a type. */
function figuresOf(summary: Summaries[keyof Summaries]): Partial<Record<Column, Cell>> {
  switch (summary.type) {
    case 'ping':
      return {
        min_ms: summary.rtt_min_ms,
        avg_ms: summary.rtt_avg_ms,
        median_ms: summary.rtt_median_ms,
        max_ms: summary.rtt_max_ms,
      };
    case 'trace':
      return { median_ms: summary.rtt_ms, stop: summary.stop_reason };
    case 'host':
      return { median_ms: summary.time_ms };
    case 'http':
      return { min_ms: summary.handshake_ms, max_ms: summary.total_ms };
    case 'neighbourdisc':
      return { median_ms: summary.rtt_ms };
    case 'dealias':
      return { stop: summary.result };
    default:
      return {};
  }
}
