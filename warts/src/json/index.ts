import { decodeEach } from '../decode.js';
import { StreamDecoder, type DecodeLimits } from '../decoder.js';
import type { WartsError } from '../errors.js';
import type { WartsRecord } from '../record.js';
import { dealiasJson as newDealiasJson } from './2026/dealias.js';
import { hostJson } from './2026/host.js';
import { neighbourJson } from './2026/neighbour.js';
import { owampJson } from './2026/owamp.js';
import { pingJson as newPingJson } from './2026/ping.js';
import { traceJson as newTraceJson } from './2026/trace.js';
import { udpprobeJson } from './2026/udpprobe.js';
import { cycleJson } from './cycle.js';
import { dealiasJson } from './dealias.js';
import type { JsonDialect } from './dialect.js';
import { pingJson } from './ping.js';
import { tbitJson } from './tbit.js';
import { traceJson } from './trace.js';
import { tracelbJson } from './tracelb.js';

type RecordOf<Type extends WartsRecord['type']> = Extract<WartsRecord, { type: Type }>;
type Printers = { [Type in WartsRecord['type']]?: (record: RecordOf<Type>) => string | undefined };

/** How records are printed by 20211212; types that are not there have no line. */
const OLD: Printers = {
  'cycle-start': cycleJson,
  'cycle-stop': cycleJson,
  trace: traceJson,
  ping: pingJson,
  tracelb: (record) => tracelbJson(record),
  dealias: dealiasJson,
  tbit: (record) => tbitJson(record),
};

/** The same by 20260420. */
const NEW: Printers = {
  'cycle-start': cycleJson,
  'cycle-stop': cycleJson,
  trace: newTraceJson,
  ping: newPingJson,
  tracelb: (record) => tracelbJson(record, '2026'),
  dealias: newDealiasJson,
  neighbourdisc: neighbourJson,
  tbit: (record) => tbitJson(record, '2026'),
  host: hostJson,
  udpprobe: udpprobeJson,
  owamp: owampJson,
};

/**
 * The line that sc_warts2json prints for a record; undefined for records that it does not print.
 * @param dialect of which version; that of 20211212 does not know what came later
 */
export function recordToJson(record: WartsRecord, dialect: JsonDialect = '20211212'): string | undefined {
  const print: ((of: never) => string | undefined) | undefined = (dialect === '2026' ? NEW : OLD)[
    record.type
  ];
  return print?.(record as never);
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
