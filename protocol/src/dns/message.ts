import { rcodeName } from './rcodes.js';

/** Bytes that are no DNS message (RFC 1035, section 4), and why. */
export class UnreadableMessage extends Error {}

export interface DnsHeader {
  id: number;
  isResponse: boolean;
  opcode: number;
  /** The lower four bits of the response code; the upper eight are in the OPT record. */
  rcode: number;
  /** All sixteen bits. */
  bits: number;
  questions: number;
  answers: number;
  authorities: number;
  additionals: number;
}

/** A resource record; positions count from the message's first byte. */
export interface DnsRecord {
  section: 'answer' | 'authority' | 'additional';
  nameAt: number;
  type: number;
  class: number;
  ttl: number;
  dataAt: number;
  dataEnd: number;
}

/** What a message says of itself. */
export interface DnsDigest {
  header: DnsHeader;
  /** Twelve bits (RFC 6891, section 6.1.3). */
  rcode: number;
  rcodeName: string;
  /** Those of `aa`, `tc`, `rd`, `ra`, `ad`, `cd` that are set, as dig prints them. */
  flags: string[];
  /** The version of EDNS; null where there is no OPT record. */
  ednsVersion: number | null;
}

const HEADER_BYTES = 12;
const MAX_NAME_BYTES = 255;
const MAX_LABEL_BYTES = 63;
/** The two upper bits of a byte that begins a pointer (RFC 1035, section 4.1.4). */
const POINTER = 0xc0;
/** Type, class, TTL and length of a record. */
const FIXED_BYTES = 10;
const OPT = 41;
export const SOA = 6;
/** Serial, refresh, retry, expire and minimum. */
const SOA_NUMBERS_BYTES = 20;
const FLAGS = [
  ['aa', 0x0400],
  ['tc', 0x0200],
  ['rd', 0x0100],
  ['ra', 0x0080],
  ['ad', 0x0020],
  ['cd', 0x0010],
] as const;

/** @throws UnreadableMessage where there are fewer than 12 bytes */
export function readHeader(message: Uint8Array): DnsHeader {
  if (message.length < HEADER_BYTES) {
    throw new UnreadableMessage(`${message.length} bytes are no DNS message`);
  }
  const bits = uint16(message, 2);
  return {
    id: uint16(message, 0),
    isResponse: (bits & 0x8000) !== 0,
    opcode: (bits >> 11) & 0x0f,
    rcode: bits & 0x0f,
    bits,
    questions: uint16(message, 4),
    answers: uint16(message, 6),
    authorities: uint16(message, 8),
    additionals: uint16(message, 10),
  };
}

/**
 * Walks through all records without reading their data; the work is proportional to the bytes.
 * @throws UnreadableMessage where the bytes end before the records that the header counts
 */
export function* recordsOf(message: Uint8Array): Generator<DnsRecord, void> {
  const header = readHeader(message);
  let at = HEADER_BYTES;
  for (let question = 0; question < header.questions; question++) {
    at = endOf(message, skipName(message, at) + 4);
  }
  const sections = [
    ['answer', header.answers],
    ['authority', header.authorities],
    ['additional', header.additionals],
  ] as const;
  for (const [section, count] of sections) {
    for (let index = 0; index < count; index++) {
      const record = readRecord(message, at, section);
      yield record;
      at = record.dataEnd;
    }
  }
}

function readRecord(message: Uint8Array, nameAt: number, section: DnsRecord['section']): DnsRecord {
  const at = skipName(message, nameAt);
  const dataAt = endOf(message, at + FIXED_BYTES);
  return {
    section,
    nameAt,
    type: uint16(message, at),
    class: uint16(message, at + 2),
    ttl: uint16(message, at + 4) * 0x10000 + uint16(message, at + 6),
    dataAt,
    dataEnd: endOf(message, dataAt + uint16(message, at + 8)),
  };
}

/**
 * Reads what a message says of itself, from its header and its OPT record.
 * @throws UnreadableMessage where a record or the OPT record is malformed: the response code is not known then
 */
export function digestMessage(message: Uint8Array): DnsDigest {
  const header = readHeader(message);
  let opt: DnsRecord | undefined;
  for (const record of recordsOf(message)) {
    if (record.type !== OPT) continue;
    checkOpt(message, record, opt);
    opt = record;
  }
  const rcode = ((opt?.ttl ?? 0) >>> 24) * 16 + header.rcode;
  return {
    header,
    rcode,
    rcodeName: rcodeName(rcode),
    flags: FLAGS.flatMap(([word, bit]) => ((header.bits & bit) === 0 ? [] : [word])),
    ednsVersion: opt === undefined ? null : (opt.ttl >>> 16) & 0xff,
  };
}

/** RFC 6891, sections 6.1.1 and 6.1.2. */
function checkOpt(message: Uint8Array, record: DnsRecord, other: DnsRecord | undefined): void {
  if (other !== undefined) throw new UnreadableMessage('two OPT records');
  if (record.section !== 'additional') throw new UnreadableMessage(`an OPT record as ${record.section}`);
  if (message[record.nameAt] !== 0) throw new UnreadableMessage('an OPT record with a name');
  let at = record.dataAt;
  while (at < record.dataEnd) {
    if (at + 4 > record.dataEnd) throw new UnreadableMessage('an OPT record with half an option');
    at += 4 + uint16(message, at + 2);
  }
  if (at !== record.dataEnd) throw new UnreadableMessage('an OPT record with half an option');
}

/**
 * Reads the question section, in lower case, since names compare without case (RFC 1035, section 2.3.3).
 * @returns name, type and class of all questions as they stand, for comparison only
 * @throws UnreadableMessage
 */
export function questionSection(message: Uint8Array): string {
  const { questions } = readHeader(message);
  let at = HEADER_BYTES;
  let text = '';
  for (let question = 0; question < questions; question++) {
    const name = readName(message, at);
    const end = endOf(message, name.end + 4);
    text += `${name.text}${uint16(message, name.end)}/${uint16(message, name.end + 2)};`;
    at = end;
  }
  return text;
}

/**
 * Reads an SOA record whole, its owner included and its TTL not: two SOA records are the same where these are.
 * @throws UnreadableMessage
 */
export function soaText(message: Uint8Array, record: DnsRecord): string {
  const primary = readName(message, record.dataAt);
  const mailbox = readName(message, primary.end);
  if (mailbox.end + SOA_NUMBERS_BYTES !== record.dataEnd)
    throw new UnreadableMessage('a malformed SOA record');
  const numbers = Array.from(message.subarray(mailbox.end, record.dataEnd));
  return [readName(message, record.nameAt).text, primary.text, mailbox.text, numbers.join()].join('/');
}

/** @returns the labels of a name with their lengths, in lower case, byte by byte; and where it ends */
function readName(message: Uint8Array, start: number): { text: string; end: number } {
  const { labels, end } = readLabels(message, start);
  return { text: [...labels, new Uint8Array()].map(labelText).join(''), end };
}

/**
 * Reads a name, following pointers, each of which must lead backwards.
 * @returns its labels as they stand, without the empty one of the root; and where it ends
 * @throws UnreadableMessage
 */
export function readLabels(message: Uint8Array, start: number): { labels: Uint8Array[]; end: number } {
  const labels: Uint8Array[] = [];
  let bytes = 0;
  let at = start;
  let end: number | undefined;
  let before = start;
  for (;;) {
    const length = byte(message, at);
    if (length >= POINTER) {
      const target = uint16(message, at) & 0x3fff;
      if (target >= before) throw new UnreadableMessage('a name that points forwards');
      end ??= at + 2;
      before = target;
      at = target;
      continue;
    }
    if (length > MAX_LABEL_BYTES) throw new UnreadableMessage('a label of an unknown kind');
    bytes += length + 1;
    if (bytes > MAX_NAME_BYTES) throw new UnreadableMessage('a name that is too long');
    const next = endOf(message, at + 1 + length);
    if (length === 0) return { labels, end: end ?? next };
    labels.push(message.subarray(at + 1, next));
    at = next;
  }
}

/** A label behind its length; no length is a letter. */
function labelText(label: Uint8Array): string {
  const codes = Array.from(label, (code) => (code >= 0x41 && code <= 0x5a ? code + 0x20 : code));
  return String.fromCharCode(label.length, ...codes);
}

/** @returns where a name ends; its pointer, if it has one, is not followed */
function skipName(message: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const length = byte(message, at);
    if (length >= POINTER) return endOf(message, at + 2);
    if (length > MAX_LABEL_BYTES) throw new UnreadableMessage('a label of an unknown kind');
    at += length + 1;
    if (length === 0) return at;
    if (at - start > MAX_NAME_BYTES) throw new UnreadableMessage('a name that is too long');
  }
}

function byte(message: Uint8Array, at: number): number {
  const value = message[at];
  if (value === undefined) throw new UnreadableMessage('the message ends early');
  return value;
}

function uint16(message: Uint8Array, at: number): number {
  return byte(message, at) * 0x100 + byte(message, at + 1);
}

/** @returns the position, which must not lie behind the last byte */
function endOf(message: Uint8Array, at: number): number {
  if (at > message.length) throw new UnreadableMessage('the message ends early');
  return at;
}
