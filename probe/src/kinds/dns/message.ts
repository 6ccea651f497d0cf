import { randomInt } from 'node:crypto';
import packet from 'dns-packet';
import ipaddr from 'ipaddr.js';
import { isOn } from '../params.js';
import { type DnsParams, QUERY_TYPES, type QueryType } from './dns.params.js';

export interface Question {
  name: string;
  type: QueryType;
}

const HEADER_BYTES = 12;
const RESPONSE_BIT = 0x80;
const TRUNCATION_BIT = 0x02;
/** RFC 9715's size that no path fragments. */
const DEFAULT_UDP_SIZE = 1232;
const DNSSEC_OK = 0x8000;
/** The library's types do not know that options may be given by number and bytes. */
const NSID_OPTION = { code: 3, data: Buffer.alloc(0) } as unknown as packet.PacketOpt;

/** The name whose PTR record names an address. */
export function reverseName(address: string): string {
  const parsed = ipaddr.parse(address);
  if (parsed.kind() === 'ipv4') return `${parsed.toByteArray().reverse().join('.')}.in-addr.arpa`;
  const nibbles = parsed.toByteArray().flatMap((byte) => [byte >> 4, byte & 15]);
  return `${nibbles
    .reverse()
    .map((nibble) => nibble.toString(16))
    .join('.')}.ip6.arpa`;
}

/** A query in wire format, with a random id. */
export function encodeQuery(question: Question, params: DnsParams): Buffer {
  const recursion = params.rd === undefined || isOn(params.rd) ? packet.RECURSION_DESIRED : 0;
  const checking = isOn(params.cd) ? packet.CHECKING_DISABLED : 0;
  return packet.encode({
    type: 'query',
    id: randomInt(0, 0x10000),
    flags: recursion | checking,
    questions: [
      { name: question.name === '.' ? '.' : question.name.replace(/\.$/, ''), type: wireType(question.type) },
    ],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: params.udp_size ?? DEFAULT_UDP_SIZE,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: isOn(params.do) ? DNSSEC_OK : 0,
        flag_do: isOn(params.do),
        options: isOn(params.nsid) ? [NSID_OPTION] : [],
      },
    ],
  });
}

/** The library writes types that it has no name for by their number. */
function wireType(type: QueryType): packet.RecordType {
  return `UNKNOWN_${QUERY_TYPES[type]}` as packet.RecordType;
}

/**
 * Whether a message answers a query: same id, a response, and the very question (RFC 5452). A response without a question
 * section is taken for errors only, as servers may leave it out there.
 */
export function answers(response: Buffer, query: Buffer): boolean {
  if (response.length < HEADER_BYTES || response.readUInt16BE(0) !== query.readUInt16BE(0)) return false;
  const flags = response.readUInt8(2);
  if ((flags & RESPONSE_BIT) === 0) return false;
  const questions = response.readUInt16BE(4);
  if (questions === 0) return (response.readUInt8(3) & 0x0f) !== 0;
  if (questions !== 1) return false;
  const asked = questionBytes(query);
  return asked.equals(questionBytes(response, asked.length));
}

/** The question section, in lower case (names compare without case). Labels' lengths are below 64 and no letters. */
function questionBytes(message: Buffer, length?: number): Buffer {
  let end = HEADER_BYTES;
  if (length === undefined) {
    while (message.readUInt8(end) !== 0) end += message.readUInt8(end) + 1;
    end += 5;
  } else {
    end += length;
  }
  return Buffer.from(message.subarray(HEADER_BYTES, end)).map((byte) =>
    byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte,
  ) as Buffer;
}

export function isTruncated(response: Buffer): boolean {
  return (response.readUInt8(2) & TRUNCATION_BIT) !== 0;
}

/** Whether a zone transfer is over with these messages: its SOA came twice, or a server refused it. */
export function isTransferComplete(messages: readonly Buffer[]): boolean {
  let soas = 0;
  for (const message of messages) {
    if ((message.readUInt8(3) & 0x0f) !== 0) return true;
    try {
      soas += (packet.decode(message).answers ?? []).filter(({ type }) => type === 'SOA').length;
    } catch {
      return true;
    }
  }
  return soas >= 2;
}
