import type { WartsRecord } from '../record.js';
import type { PingRecord } from '../records/ping.js';
import type { TraceRecord } from '../records/trace.js';
import { dealiasJson as newDealiasJson } from './2026/dealias.js';
import { hostJson } from './2026/host.js';
import { neighbourJson } from './2026/neighbour.js';
import { owampJson } from './2026/owamp.js';
import { writePing as writeNewPing } from './2026/ping.js';
import { writeTrace as writeNewTrace } from './2026/trace.js';
import { udpprobeJson } from './2026/udpprobe.js';
import { cycleJson } from './cycle.js';
import { dealiasJson } from './dealias.js';
import type { JsonDialect } from './dialect.js';
import type { JsonWriter } from './json-writer.js';
import { writePing } from './ping.js';
import { tbitJson } from './tbit.js';
import { writeTrace } from './trace.js';
import { tracelbJson } from './tracelb.js';

type RecordOf<Type extends WartsRecord['type']> = Extract<WartsRecord, { type: Type }>;

/** How the types that fill most files are written, and how the others are printed; what is not there has no line. */
interface Printers {
  ping: (out: JsonWriter, record: PingRecord) => void;
  trace: (out: JsonWriter, record: TraceRecord) => void;
  others: { [Type in WartsRecord['type']]?: (record: RecordOf<Type>) => string | undefined };
}

const PRINTERS: Readonly<Record<JsonDialect, Printers>> = {
  '20211212': {
    ping: writePing,
    trace: writeTrace,
    others: {
      'cycle-start': cycleJson,
      'cycle-stop': cycleJson,
      tracelb: (record) => tracelbJson(record),
      dealias: dealiasJson,
      tbit: (record) => tbitJson(record),
    },
  },
  '2026': {
    ping: writeNewPing,
    trace: writeNewTrace,
    others: {
      'cycle-start': cycleJson,
      'cycle-stop': cycleJson,
      tracelb: (record) => tracelbJson(record, '2026'),
      dealias: newDealiasJson,
      neighbourdisc: neighbourJson,
      tbit: (record) => tbitJson(record, '2026'),
      host: hostJson,
      udpprobe: udpprobeJson,
      owamp: owampJson,
    },
  },
};

/** Writes a record's line, without a line feed; false, and nothing written, of records that have no line. */
export function writeJson(out: JsonWriter, record: WartsRecord, dialect: JsonDialect): boolean {
  const printers = PRINTERS[dialect];
  if (record.type === 'ping') printers.ping(out, record);
  else if (record.type === 'trace') printers.trace(out, record);
  else {
    const print: ((of: never) => string | undefined) | undefined = printers.others[record.type];
    const line = print?.(record as never);
    if (line === undefined) return false;
    out.text(line);
  }
  return true;
}
