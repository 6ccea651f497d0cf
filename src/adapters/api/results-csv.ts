import { stringify } from 'csv-stringify/sync';
import { z } from 'zod';
import { inParts } from '../../platform/batching/in-parts.js';
import { type KindName, KINDS } from '../../measurement/kinds/index.js';
import { type ResultDto } from './dto/result.dto.js';

/** Columns that results of all kinds have. Behind them `entry` counts the destinations or queries of one result from 0. */
const COMMON = [
  'result_id',
  'operation_id',
  'probe_id',
  'kind',
  'outcome',
  'received_at',
  'scheduled_at',
  'started_at',
  'started_corrected_at',
  'clock_trusted',
  'clock_offset_ms',
  'clock_error_ms',
  'counted',
  'duration_ms',
  'failure_reason',
  'failure_detail',
  'decode_error',
] as const;

/** Rows that are made at once; of a long path one has 13 KB. */
const ROWS_AT_ONCE = 16;

type Result = Omit<ResultDto, 'decoded'>;
type Cell = string | number | boolean | null;

/**
 * Writes results of one kind as CSV (RFC 4180), one row for each entry of a summary, one for a result without. Times are RFC 3339 in UTC;
 * what is null is empty; lists stand in one cell with spaces between, `*` for null.
 */
export class ResultsCsv {
  private readonly members: readonly string[];

  constructor(private readonly kind: KindName) {
    this.members = membersOf(KINDS[kind].summary).filter((name) => name !== 'type');
  }

  get header(): string {
    return stringify([
      [...COMMON, 'entry', ...this.members.map((name) => (name === 'start' ? 'start_at' : name))],
    ]);
  }

  /** Some rows at a time: a thousand of them may have megabytes. */
  *rowsOf(result: Result): Generator<string, void> {
    const common = this.commonOf(result);
    const entries = result.summary?.length ? result.summary.entries() : [[null, {}] as const];
    for (const part of inParts<readonly [number | null, object]>(entries, () => 1, { items: ROWS_AT_ONCE })) {
      const rows = part.map(([index, entry]) => [
        ...common,
        index,
        ...this.members.map((name) => cellOf((entry as Record<string, unknown>)[name])),
      ]);
      // a cell that begins like a formula is text that a spreadsheet would run: an apostrophe goes before it
      yield stringify(rows, { escape_formulas: true, quoted_match: /[\r\n]/, cast: { boolean: String } });
    }
  }

  private commonOf(result: Result): Cell[] {
    const { clock, failure } = result;
    const cells: Record<(typeof COMMON)[number], Cell> = {
      result_id: result.id,
      operation_id: result.operation_id,
      probe_id: result.probe_id,
      kind: this.kind,
      outcome: result.outcome,
      received_at: result.received_at,
      scheduled_at: result.scheduled_at,
      started_at: result.started_at,
      started_corrected_at: result.started_corrected_at,
      clock_trusted: result.clock_trusted,
      clock_offset_ms: clock?.offset_ms ?? null,
      clock_error_ms: clock?.error_ms ?? null,
      counted: result.counted,
      duration_ms: result.duration_ms,
      failure_reason: failure?.reason ?? null,
      failure_detail: failure?.detail ?? null,
      decode_error: result.decode_error,
    };
    return COMMON.map((name) => cells[name]);
  }
}

/** Names of all members that an entry may have, those that most entries have first. */
function membersOf(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodUnion) {
    const names = schema.options.flatMap((option) => membersOf(option as z.ZodType));
    return [...new Set(names)];
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function cellOf(value: unknown): Cell {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map((each) => itemOf(each)).join(' ');
  if (typeof value === 'object') return isMoment(value) ? momentOf(value) : JSON.stringify(value);
  return value as string | number | boolean;
}

function itemOf(value: unknown): string {
  if (value === null) return '*';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

interface Moment {
  sec: number;
  usec: number;
}

function isMoment(value: object): value is Moment {
  return 'sec' in value && 'usec' in value;
}

/** With all its microseconds, which a Date has not. */
function momentOf({ sec, usec }: Moment): string {
  const seconds = new Date(sec * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(usec).padStart(6, '0')}Z`;
}
