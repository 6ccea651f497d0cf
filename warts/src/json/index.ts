import { decodeEach } from '../decode.js';
import { StreamDecoder, type DecodeLimits } from '../decoder.js';
import type { WartsError } from '../errors.js';
import type { WartsRecord } from '../record.js';
import type { JsonDialect } from './dialect.js';
import { JsonWriter } from './json-writer.js';
import { writeJson } from './write.js';

/** One line at a time. */
const LINE = new JsonWriter();

/**
 * The line that sc_warts2json prints for a record; undefined for records that it does not print.
 * @param dialect of which version; that of 20211212 does not know what came later
 */
export function recordToJson(record: WartsRecord, dialect: JsonDialect = '20211212'): string | undefined {
  LINE.clear();
  return writeJson(LINE, record, dialect) ? LINE.toString() : undefined;
}

/** What a record's JSON line stands for; undefined for records without a line. */
export function recordToObject(
  record: WartsRecord,
  dialect: JsonDialect = '20211212',
): Record<string, unknown> | undefined {
  const line = recordToJson(record, dialect);
  return line === undefined ? undefined : (JSON.parse(line) as Record<string, unknown>);
}

/** The lines that sc_warts2json prints for a file, and what stopped reading before its end. */
export function jsonLines(
  bytes: Uint8Array,
  limits?: DecodeLimits,
  dialect: JsonDialect = '20211212',
): { lines: string[]; error?: WartsError } {
  const lines: string[] = [];
  const use = (record: WartsRecord): void => {
    const line = recordToJson(record, dialect);
    if (line !== undefined) lines.push(line);
  };
  const error = decodeEach(bytes, use, new StreamDecoder(limits));
  return error === undefined ? { lines } : { lines, error };
}
