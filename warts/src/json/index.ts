import { decodeEach } from '../decode.js';
import { StreamDecoder, type DecodeLimits } from '../decoder.js';
import type { WartsError } from '../errors.js';
import type { WartsRecord } from '../record.js';
import { recordToJson2026 } from './2026/index.js';
import { cycleJson } from './cycle.js';
import { dealiasJson } from './dealias.js';
import type { JsonDialect } from './dialect.js';
import { pingJson } from './ping.js';
import { tbitJson } from './tbit.js';
import { traceJson } from './trace.js';
import { tracelbJson } from './tracelb.js';

/**
 * The line that sc_warts2json prints for a record; undefined for records that it does not print.
 * @param dialect of which version; that of 20211212 does not know what came later
 */
export function recordToJson(record: WartsRecord, dialect: JsonDialect = '20211212'): string | undefined {
  return dialect === '2026' ? recordToJson2026(record) : recordToJson20211212(record);
}

function recordToJson20211212(record: WartsRecord): string | undefined {
  switch (record.type) {
    case 'cycle-start':
    case 'cycle-stop':
      return cycleJson(record);
    case 'trace':
      return traceJson(record);
    case 'ping':
      return pingJson(record);
    case 'tracelb':
      return tracelbJson(record);
    case 'dealias':
      return dealiasJson(record);
    case 'tbit':
      return tbitJson(record);
    default:
      return undefined;
  }
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
