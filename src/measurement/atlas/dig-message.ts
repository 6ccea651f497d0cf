import { queryTypeNumber, rcodeName } from '@pladmed/protocol';
import ipaddr from 'ipaddr.js';
import { isIP } from 'node:net';

/** Names the bits of the header's second word (RFC 1035, section 4.1.1; RFC 4035, section 3.1.6). */
const FLAGS: Readonly<Record<string, number>> = {
  ...{ qr: 0x8000, aa: 0x0400, tc: 0x0200, rd: 0x0100, ra: 0x0080, ad: 0x0020, cd: 0x0010 },
};
const CLASSES: Readonly<Record<string, number>> = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 };
const OPT = 41;
const DNSSEC_OK = 0x8000;
const LONGEST_LABEL = 63;
const LONGEST_TEXT = 255;
const MOST_RCODE = 4_096;

/** What dig printed of one answer. */
export interface DigAnswer {
  id: number;
  rcode: string;
  counts: [questions: number, answers: number, authorities: number, additionals: number];
  /** address of the name server; undefined: dig does not say */
  server: string | undefined;
  transport: 'UDP' | 'TCP';
  rttMs: number | undefined;
  size: number | undefined;
  /** the message in the form of RFC 1035, made of the text; undefined where the text does not say all of it */
  message: Buffer | undefined;
}

const HEADER = /->>HEADER<<- opcode: (\w+), status: (\w+), id: (\d+)/;
const COUNTS =
  /^;; flags:([a-z ]*);(?:.*?) ?QUERY: (\d+), ANSWER: (\d+), AUTHORITY: (\d+), ADDITIONAL: (\d+)/;
const EDNS = /^; EDNS: version: (\d+), flags:([a-z ]*);(?: MBZ: \w+,)? udp: (\d+)/;
const SERVER = /^;; SERVER: ([^#\s(]+)(?:#\d+)?.*?(?:\((UDP|TCP)\))?\s*$/;

/** Reads the answers in what dig printed, in order. */
export function readDig(text: string): DigAnswer[] {
  const blocks = text.split(/(?=^.*->>HEADER<<-)/m).filter((block) => HEADER.test(block));
  return blocks.map(readBlock);
}

function readBlock(text: string): DigAnswer {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const [, opcode = '', rcode = '', id = '0'] = HEADER.exec(text) ?? [];
  const counted = lines.map((line) => COUNTS.exec(line)).find((match) => match !== null);
  const [questions = 0, answers = 0, authorities = 0, additionals = 0] = (counted?.slice(2) ?? []).map(
    Number,
  );
  const server = lines.map((line) => SERVER.exec(line)).find((match) => match !== null);
  const [rtt, size] = [/^;; Query time: (\d+) msec/m, /^;; MSG SIZE {2}rcvd: (\d+)/m].map((what) => {
    const [, digits] = what.exec(text) ?? [];
    return digits === undefined ? undefined : Number(digits);
  });
  const counts: DigAnswer['counts'] = [questions, answers, authorities, additionals];
  return {
    ...{ id: Number(id), rcode, counts, server: server?.[1], rttMs: rtt, size },
    transport: server?.[2] === 'TCP' ? 'TCP' : 'UDP',
    message:
      opcode === 'QUERY' && counted
        ? messageOf(lines, Number(id), rcode, counted[1] ?? '', counts)
        : undefined,
  };
}

/** What cannot be put into a message. */
class Unsaid extends Error {}

function messageOf(
  lines: readonly string[],
  id: number,
  rcode: string,
  flags: string,
  counts: DigAnswer['counts'],
): Buffer | undefined {
  try {
    const code = rcodeOf(rcode);
    const sections = [
      section(lines, 'QUESTION'),
      section(lines, 'ANSWER'),
      section(lines, 'AUTHORITY'),
    ] as const;
    const additional = section(lines, 'ADDITIONAL');
    const edns = lines.map((line) => EDNS.exec(line)).find((match) => match !== null);
    const found = [...sections.map(({ length }) => length), additional.length + (edns ? 1 : 0)];
    // what dig was told not to print is missing
    if (found.some((count, index) => count !== counts[index]) || (code > 15 && !edns)) return undefined;
    const header = Buffer.alloc(12);
    const bits = flags.split(' ').reduce((sum, flag) => sum | (FLAGS[flag] ?? 0), 0);
    for (const [index, word] of [id & 0xffff, bits | (code & 15), ...counts].entries())
      header.writeUInt16BE(word, index * 2);
    const [questions, answers, authorities] = sections;
    const records = [answers, authorities, additional];
    return Buffer.concat([
      header,
      ...questions.map(question),
      ...records.flat().map(record),
      ...(edns ? [optOf(edns, code)] : []),
    ]);
  } catch (error) {
    if (error instanceof Unsaid) return undefined;
    throw error;
  }
}

function rcodeOf(name: string): number {
  for (let code = 0; code < MOST_RCODE; code += 1) if (rcodeName(code) === name) return code;
  throw new Unsaid();
}

function section(lines: readonly string[], name: string): string[] {
  const begin = lines.indexOf(`;; ${name} SECTION:`);
  if (begin < 0) return [];
  const rest = lines.slice(begin + 1);
  const end = rest.findIndex((line) => line === '' || line.startsWith(';; '));
  return end < 0 ? rest : rest.slice(0, end);
}

function question(line: string): Buffer {
  const [name = '', className = '', type = ''] = line.replace(/^;/, '').trim().split(/\s+/);
  return Buffer.concat([nameBytes(name), words(typeOf(type), classOf(className))]);
}

function record(line: string): Buffer {
  const [, name = '', ttl = '', className = '', type = '', data = ''] =
    /^(\S+)\s+(\d+)\s+(\S+)\s+(\S+)\s*(.*)$/.exec(line) ?? [];
  const bytes = dataBytes(type.toUpperCase(), data);
  const middle = Buffer.alloc(6);
  middle.writeUInt32BE(Number(ttl) >>> 0);
  middle.writeUInt16BE(bytes.length, 4);
  return Buffer.concat([nameBytes(name), words(typeOf(type), classOf(className)), middle, bytes]);
}

function optOf([, version = '0', flags = '', size = '0']: RegExpExecArray, rcode: number): Buffer {
  const dnssec = flags.split(' ').includes('do') ? DNSSEC_OK : 0;
  const extended = ((rcode >> 4) << 8) | (Number(version) & 255);
  return Buffer.concat([Buffer.from([0]), words(OPT, Number(size) & 0xffff, extended, dnssec, 0)]);
}

function dataBytes(type: string, data: string): Buffer {
  const fields = data.split(/\s+/);
  const [first = '', second = '', third = '', fourth = ''] = fields;
  switch (type) {
    case 'A':
    case 'AAAA':
      if (isIP(data) !== (type === 'A' ? 4 : 6)) throw new Unsaid();
      return Buffer.from(ipaddr.parse(data).toByteArray());
    case 'NS':
    case 'CNAME':
    case 'PTR':
    case 'DNAME':
      return nameBytes(first);
    case 'MX':
      return Buffer.concat([words(Number(first)), nameBytes(second)]);
    case 'SRV':
      return Buffer.concat([words(Number(first), Number(second), Number(third)), nameBytes(fourth)]);
    case 'TXT':
      return textBytes(data);
    case 'SOA':
      return Buffer.concat([nameBytes(first), nameBytes(second), ...fields.slice(2, 7).map(number32)]);
    default:
      throw new Unsaid();
  }
}

function number32(text: string): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(wholeIn(text, 0xffffffff));
  return bytes;
}

function words(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 2);
  for (const [index, number] of numbers.entries())
    bytes.writeUInt16BE(wholeIn(String(number), 0xffff), index * 2);
  return bytes;
}

function wholeIn(text: string, most: number): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(number <= most)) throw new Unsaid();
  return number;
}

function typeOf(name: string): number {
  const number = queryTypeNumber(name.toLowerCase()) ?? queryTypeNumber(name.toUpperCase());
  if (number === undefined) throw new Unsaid();
  return number;
}

function classOf(name: string): number {
  const number = CLASSES[name.toUpperCase()];
  if (number === undefined) throw new Unsaid();
  return number;
}

/** Without compression: it makes a message shorter, and says nothing. */
function nameBytes(name: string): Buffer {
  if (!name.endsWith('.')) throw new Unsaid();
  const labels = name === '.' ? [] : name.slice(0, -1).split('.');
  const parts = labels.map((label) => {
    // an escaped character (RFC 1035, section 5.1) is not read
    if (label === '' || label.length > LONGEST_LABEL || !/^[\x21-\x5b\x5d-\x7e]+$/.test(label))
      throw new Unsaid();
    return Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  });
  return Buffer.concat([...parts, Buffer.from([0])]);
}

/** Character strings in quotation marks (RFC 1035, section 5.1). */
function textBytes(data: string): Buffer {
  const texts = data.match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  if (texts.length === 0 || texts.join(' ') !== data) throw new Unsaid();
  return Buffer.concat(
    texts.map((quoted) => {
      const text = quoted
        .slice(1, -1)
        .replace(/\\(\d{3}|.)/g, (_all, code: string) =>
          code.length === 3 ? String.fromCharCode(Number(code) & 255) : code,
        );
      const bytes = Buffer.from(text, 'latin1');
      if (bytes.length > LONGEST_TEXT) throw new Unsaid();
      return Buffer.concat([Buffer.from([bytes.length]), bytes]);
    }),
  );
}
