import { type Answer, decode, type DecodedPacket } from 'dns-packet';
import { type Schemas } from '../api/client.js';
import { type Decoded, isObject, textOf } from './decoded.js';
import { safe } from '../terminal/safe.js';
import { count, ms, type Column, table } from './text.js';
import { headOf, type View } from './view.js';

export type Lookup = Extract<Schemas['DnsSummary'], { resolver: unknown }>;

/** Name, TTL, class, type and data, as dig(1) has them: without titles. */
const RECORD: readonly Column[] = [
  { title: '' },
  { title: '', align: 'right' },
  { title: '' },
  { title: '' },
  { title: '' },
];

/** The answer as dig(1) prints it, one record a line. */
export function dnsLines(lookup: Lookup, record: Decoded | undefined, view: View): string[] {
  const { colours } = view;
  const rcode = lookup.rcode ?? 'no answer';
  // probes of other platforms tell less
  const { flags: set = null, qclass = 'IN' } = 'flags' in lookup ? lookup : {};
  const flags = set === null || set.length === 0 ? '' : ` [${set.join(' ')}]`;
  const how = `${lookup.name} ${qclass} ${lookup.qtype} @${lookup.resolver ?? '?'} (${lookup.transport})`;
  const figures =
    lookup.rcode === null ? '' : `, ${count(lookup.answers ?? 0, 'answer')}, ${ms(lookup.rtt_ms)} ms`;
  const problem = lookup.error === null ? '' : `: ${lookup.error}`;
  const tint = rcode === 'NOERROR' && lookup.error === null ? colours.green : colours.red;
  return [`${headOf(view)}: ${how}: ${tint(rcode)}${flags}${figures}${problem}`, ...answerLines(record)];
}

function answerLines(record: Decoded | undefined): string[] {
  const response = textOf(record?.['response']);
  if (response === undefined) return [];
  const message = messageOf(response);
  if (message === undefined) return ['  the answer cannot be shown; its bytes are in `response`'];
  const answers = rowsOf(message.answers ?? []);
  const authorities = rowsOf(message.authorities ?? []);
  return [
    ...(answers.length === 0 ? [] : linesOf(answers)),
    ...(answers.length > 0 || authorities.length === 0 ? [] : ['  ;authority', ...linesOf(authorities)]),
  ];
}

/** The bytes are a stranger's. @returns undefined where they are no message */
function messageOf(base64: string): DecodedPacket | undefined {
  try {
    return decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
}

function linesOf(rows: string[][]): string[] {
  return table(RECORD, rows)
    .slice(1)
    .map((line) => `  ${line}`);
}

function rowsOf(records: readonly Answer[]): string[][] {
  return records.flatMap((record) => {
    if (record.type === 'OPT') return [];
    const [ttl, kind] = [
      'ttl' in record ? String(record.ttl ?? 0) : '',
      'class' in record ? (record.class ?? 'IN') : 'IN',
    ];
    return [[dotted(record.name), ttl, kind, record.type, dataOf(record)].map(safe)];
  });
}

/** Data in the presentation format of RFC 1035, as far as the type is known; else that of RFC 3597. */
function dataOf(record: Answer): string {
  const data: unknown = 'data' in record ? record.data : undefined;
  if (record.type === 'TXT') return (Array.isArray(data) ? data : [data]).map(quoted).join(' ');
  if (record.type === 'NS' || record.type === 'CNAME' || record.type === 'PTR' || record.type === 'DNAME')
    return dotted(String(data));
  return presented(data);
}

function presented(data: unknown): string {
  if (Buffer.isBuffer(data)) return `\\# ${data.length} ${data.toString('hex')}`;
  if (Array.isArray(data)) return data.map(presented).join(' ');
  if (!isObject(data)) return String(data);
  return Object.values(data)
    .map((value) => (Buffer.isBuffer(value) ? value.toString('hex') : presented(value)))
    .join(' ');
}

/** A character string of TXT: printable ASCII as it is, everything else as `\\DDD`. */
function quoted(data: unknown): string {
  const bytes = Buffer.isBuffer(data) ? data : Buffer.from(String(data));
  const text = Array.from(bytes, (byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`;
  });
  return `"${text.join('')}"`;
}

function dotted(name: string): string {
  return name.endsWith('.') ? name : `${name}.`;
}
