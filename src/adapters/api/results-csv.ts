import { inParts } from '../../platform/batching/in-parts.js';
import { type KindName } from '../../measurement/kinds/index.js';
import { type Result, ResultTable, type Row } from './result-columns.js';

/** Rows that are made at once; of a long path one has 13 KB. */
const ROWS_AT_ONCE = 16;
/** A text that begins so is a formula to spreadsheets (OWASP, "CSV Injection"), also where it is as wide as an ideogram. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;
/** RFC 4180, section 2. */
const NEEDS_QUOTES = /[",\r\n]/;

/**
 * Writes results of one kind as CSV (RFC 4180). Times are RFC 3339 in UTC; what is null is empty; lists stand in one cell with
 * spaces between, `*` for null. By hand: a library takes ten times as long as all the rest.
 */
export class ResultsCsv {
  private readonly table: ResultTable;

  constructor(kind: KindName) {
    this.table = new ResultTable(kind);
  }

  get header(): string {
    return `${this.table.columns.map(({ name }) => name).join(',')}\n`;
  }

  /** Some rows at a time: a thousand of them may have megabytes. */
  *rowsOf(result: Result): Generator<string, void> {
    for (const rows of inParts(this.table.rowsOf(result), () => 1, { items: ROWS_AT_ONCE }))
      yield rows.map(lineOf).join('');
  }
}

function lineOf(row: Row): string {
  let line = '';
  for (const value of row) line += `${cellOf(value)},`;
  return `${line.slice(0, -1)}\n`;
}

function cellOf(value: unknown): string {
  if (value === null) return '';
  if (typeof value === 'string') return textCell(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return textCell(value.map(itemOf).join(' '));
  return isMoment(value) ? momentOf(value) : textCell(JSON.stringify(value));
}

function textCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function itemOf(value: unknown): string {
  if (value === null) return '*';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export interface Moment {
  sec: number;
  usec: number;
}

function isMoment(value: unknown): value is Moment {
  return typeof value === 'object' && value !== null && 'sec' in value && 'usec' in value;
}

/** With all its microseconds, which a Date has not. */
function momentOf({ sec, usec }: Moment): string {
  const seconds = new Date(sec * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(usec).padStart(6, '0')}Z`;
}
