import {
  type DnsEntry,
  type DnsRecord,
  readHeader,
  readLabels,
  recordsOf,
  SOA,
  UnreadableMessage,
} from '@pladmed/protocol';
import { familyOf, type Members, wholeSeconds } from './common.js';

const TXT = 16;
const CLASS_PORT = '53';
/** What a probe waits for an answer: docs/protocol.md, kind `dns`. */
const PATIENCE_MS = 5_000;

/** How a result names what it was asked of. */
interface Asked {
  /** the name server as the caller named it; undefined: the probe's own */
  resolver: string | undefined;
  /** seconds since the clock was compared; -1: unknown */
  lts: number;
}

/** @param entries all of one query, at least one: of several resolvers or tries there is a set */
export function dnsMembers(entries: readonly [DnsEntry, ...DnsEntry[]], asked: Asked): Members {
  if (entries.length === 1) {
    const [entry] = entries;
    return { ...addressesOf(entry, asked), ...outcomeOf(entry) };
  }
  return {
    resultset: entries.map((entry, index) => ({
      subid: index + 1,
      submax: entries.length,
      time: entry.sent_at === undefined ? undefined : wholeSeconds(new Date(entry.sent_at)),
      lts: asked.lts,
      ...addressesOf(entry, asked),
      dst_port: CLASS_PORT,
      ...outcomeOf(entry),
    })),
  };
}

function addressesOf({ resolver, transport }: DnsEntry, asked: Asked): Members {
  return {
    af: familyOf(resolver),
    dst_addr: resolver,
    dst_name: asked.resolver,
    proto: transport.toUpperCase(),
  };
}

function outcomeOf(entry: DnsEntry): Members {
  const { response, error, rtt_ms } = entry;
  if (typeof error === 'string' || response === null) return { error: dnsError(error ?? 'no answer') };
  const message = Buffer.from(response, 'base64');
  try {
    return { result: { ...dnsMessageMembers(message), rt: rtt_ms ?? undefined } };
  } catch (failure) {
    if (!(failure instanceof UnreadableMessage)) throw failure;
    return { error: dnsError(`the answer cannot be read: ${failure.message}`) };
  }
}

/** What a message says. @throws UnreadableMessage where it has no header */
export function dnsMessageMembers(message: Buffer): Members {
  const { id, questions, answers, authorities, additionals } = readHeader(message);
  return {
    abuf: message.toString('base64'),
    ID: id,
    QDCOUNT: questions,
    ANCOUNT: answers,
    NSCOUNT: authorities,
    ARCOUNT: additionals,
    size: message.length,
    answers: answersOf(message),
  };
}

/** The three words that clients look for. @param text what the probe says */
export function dnsError(text: string, isResolution = false): Members {
  if (isResolution) return { getaddrinfo: text };
  return /^timeout\b/i.test(text) ? { timeout: PATIENCE_MS } : { socket: text };
}

/** Atlas writes out TXT and SOA alone; the rest is in `abuf`. */
function answersOf(message: Uint8Array): Members[] | undefined {
  const found: Members[] = [];
  try {
    for (const record of recordsOf(message)) {
      if (record.section !== 'answer') continue;
      if (record.type === TXT)
        found.push({ ...headOf('TXT', message, record), RDATA: texts(message, record) });
      if (record.type === SOA)
        found.push({ ...headOf('SOA', message, record), ...authorityOf(message, record) });
    }
  } catch (failure) {
    // what came before the damage stands; the message itself is whole in `abuf`
    if (!(failure instanceof UnreadableMessage)) throw failure;
  }
  return found.length === 0 ? undefined : found;
}

function headOf(type: string, message: Uint8Array, record: DnsRecord): Members {
  return { TYPE: type, NAME: nameAt(message, record.nameAt).text, TTL: record.ttl };
}

/** Character strings (RFC 1035, section 3.3). */
function texts(message: Uint8Array, { dataAt, dataEnd }: DnsRecord): string[] {
  const found: string[] = [];
  for (let at = dataAt; at < dataEnd;) {
    const end = at + 1 + (message[at] ?? 0);
    if (end > dataEnd) throw new UnreadableMessage('a text that ends early');
    found.push(Buffer.from(message.subarray(at + 1, end)).toString('latin1'));
    at = end;
  }
  return found;
}

function authorityOf(message: Uint8Array, { dataAt, dataEnd }: DnsRecord): Members {
  const primary = nameAt(message, dataAt);
  const mailbox = nameAt(message, primary.end);
  if (mailbox.end + 4 > dataEnd) throw new UnreadableMessage('an SOA record that ends early');
  const serial = Buffer.from(message.subarray(mailbox.end, mailbox.end + 4)).readUInt32BE(0);
  return {
    MNAME: primary.text,
    RNAME: mailbox.text,
    SERIAL: serial,
    RDATA: [primary.text, mailbox.text, String(serial)],
  };
}

function nameAt(message: Uint8Array, at: number): { text: string; end: number } {
  const { labels, end } = readLabels(message, at);
  const text = labels.map((label) => `${Buffer.from(label).toString('latin1')}.`).join('');
  return { text: text === '' ? '.' : text, end };
}
