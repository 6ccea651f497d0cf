import { randomInt } from 'node:crypto';
import { digestMessage, questionSection, readHeader, UnreadableMessage } from '@pladmed/protocol';
import packet from 'dns-packet';
import ipaddr from 'ipaddr.js';
import { isOn } from '../protocol/switches.js';
import type { DnsParams } from './dns.params.js';

export interface Question {
  name: string;
  /** The number of a query type. */
  type: number;
}

const DNSSEC_OK = 0x8000;
const TRUNCATION_BIT = 0x0200;
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
  const recursion = params.rd ? packet.RECURSION_DESIRED : 0;
  const checking = isOn(params.cd) ? packet.CHECKING_DISABLED : 0;
  return packet.encode({
    type: 'query',
    id: randomInt(0, 0x10000),
    flags: recursion | checking,
    questions: [
      {
        name: question.name === '.' ? '.' : question.name.replace(/\.$/, ''),
        // The library writes types that it has no name for by their number.
        type: `UNKNOWN_${question.type}` as packet.RecordType,
        // It knows the class ANY, and its types do not.
        class: params.class.toUpperCase() as packet.RecordClass,
      },
    ],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: params.udp_size,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: isOn(params.do) ? DNSSEC_OK : 0,
        flag_do: isOn(params.do),
        options: isOn(params.nsid) ? [NSID_OPTION] : [],
      },
    ],
  });
}

/**
 * Says why a message does not answer a query: the id, the kind of message, or the question (RFC 5452, section 9.1).
 * @param isContinuation of a zone transfer: later messages may leave the question out (RFC 5936, section 2.2)
 * @returns null where it answers it
 */
export function mismatch(message: Buffer, query: Buffer, isContinuation = false): string | null {
  return unreadable(() => {
    const [header, asked] = [readHeader(message), readHeader(query)];
    if (header.id !== asked.id) return 'a message with another id';
    if (!header.isResponse) return 'a query in the place of an answer';
    if (header.opcode !== asked.opcode) return 'a message with another opcode';
    // Servers may leave the question out of an error.
    if (header.questions === 0 && (header.rcode !== 0 || isContinuation)) return null;
    return questionSection(message) === questionSection(query) ? null : 'the answer is for another question';
  });
}

/** Says why an answer cannot be read, or not to its end. @returns null where it can */
export function damage(message: Buffer): string | null {
  return unreadable(() => {
    digestMessage(message);
    return null;
  });
}

/** @returns what the check says; a sentence where the message cannot be read for it */
export function unreadable<Said>(check: () => Said): Said | string {
  try {
    return check();
  } catch (error) {
    if (error instanceof UnreadableMessage) return `the answer cannot be read: ${error.message}`;
    throw error;
  }
}

export function isTruncated(response: Buffer): boolean {
  return (readHeader(response).bits & TRUNCATION_BIT) !== 0;
}
