import { type DnsRecord, readLabels, recordsOf, SOA, UnreadableMessage } from '@pladmed/protocol';
import ipaddr from 'ipaddr.js';

type Writer = (data: Buffer, message: Uint8Array, at: number) => string;

const nameData: Writer = (_data, message, at) => nameText(message, at);

/** By the number of the type: how dig writes the data of its records. */
const WRITERS = new Map<number, Writer>([
  [1, (data) => addressText(data, 4)],
  [28, (data) => addressText(data, 16)],
  // NS, CNAME, PTR and DNAME are a name (RFC 1035, section 3.3; RFC 6672)
  ...[2, 5, 12, 39].map((type): [number, Writer] => [type, nameData]),
  [SOA, soaText],
  [15, (data, message, at) => `${uint(data, 0, 2)} ${nameText(message, at + 2)}`],
  [16, (data) => stringsOf(data).join(' ')],
  // RFC 2782
  [
    33,
    (data, message, at) =>
      [0, 2, 4].map((offset) => uint(data, offset, 2)).join(' ') + ` ${nameText(message, at + 6)}`,
  ],
]);

/**
 * Writes the data of the records of the answer section, in order, as dig does (RFC 1035, section 5.1); of a type that is not known here,
 * and of data that is not of its type, as RFC 3597, section 5, does.
 */
export function* answerTexts(message: Uint8Array): Generator<string, void> {
  for (const record of recordsOf(message)) if (record.section === 'answer') yield dataText(message, record);
}

function dataText(message: Uint8Array, { type, dataAt, dataEnd }: DnsRecord): string {
  const data = Buffer.from(message.subarray(dataAt, dataEnd));
  try {
    const text = WRITERS.get(type)?.(data, message, dataAt);
    if (text !== undefined) return text;
  } catch (error) {
    if (!(error instanceof UnreadableMessage)) throw error;
  }
  return `\\# ${data.length} ${data.toString('hex')}`.trimEnd();
}

function addressText(data: Buffer, bytes: number): string {
  if (data.length !== bytes) throw new UnreadableMessage('no address');
  return ipaddr.fromByteArray([...data]).toString();
}

function nameText(message: Uint8Array, at: number): string {
  return readLabels(message, at)
    .labels.map((label) => `${escaped(label, '.\\"();@$')}.`)
    .join('')
    .padEnd(1, '.');
}

function soaText(_data: Buffer, message: Uint8Array, at: number): string {
  const primaryEnd = readLabels(message, at).end;
  const numbersAt = readLabels(message, primaryEnd).end;
  const numbers = Buffer.from(message.subarray(numbersAt, numbersAt + 20));
  return [
    nameText(message, at),
    nameText(message, primaryEnd),
    ...[0, 4, 8, 12, 16].map((offset) => uint(numbers, offset, 4)),
  ].join(' ');
}

function uint(data: Buffer, at: number, bytes: number): number {
  if (at + bytes > data.length) throw new UnreadableMessage('the data ends early');
  return data.readUIntBE(at, bytes);
}

/** Character strings (RFC 1035, section 3.3), each in quotes. */
function stringsOf(data: Buffer): string[] {
  const strings: string[] = [];
  let at = 0;
  while (at < data.length) {
    const end = at + 1 + uint(data, at, 1);
    if (end > data.length) throw new UnreadableMessage('a text that ends early');
    strings.push(`"${escaped(data.subarray(at + 1, end), '"\\')}"`);
    at = end;
  }
  return strings;
}

/** Bytes as text: those that are not printable by their number, those with a meaning behind a backslash. */
function escaped(bytes: Uint8Array, special: string): string {
  const text = Array.from(bytes, (code) => {
    if (code < 0x20 || code > 0x7e) return `\\${String(code).padStart(3, '0')}`;
    const character = String.fromCharCode(code);
    return special.includes(character) ? `\\${character}` : character;
  });
  return text.join('');
}
