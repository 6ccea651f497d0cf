import {
  AXFR,
  digestMessage,
  type DnsDigest,
  dnsDocument,
  type DnsEntry,
  queryTypeName,
  UnreadableMessage,
} from '@pladmed/protocol';
import { jsonFormat } from '../../formats/json.format.js';
import { answerTexts } from './answer-texts.js';
import type { z } from 'zod';
import { type dnsFigures } from './dns.summary.js';

const TRANSFER = queryTypeName(AXFR);
/** Of a summary: records of the answers, and characters of each. */
export const MOST_ANSWERS = 32;
export const MOST_OF_ANSWER = 255;

/** One summary for each query; a zone transfer has one for all its messages. docs/protocol.md, format `dns`. */
export const dnsFormat = jsonFormat(dnsDocument, 3, summaryOf, undefined, isSameTransfer);

/** What a message of an answer says, or what keeps it from being one. */
type Reading = { digest: DnsDigest; message: Buffer } | { problem: string } | undefined;

function summaryOf(entry: DnsEntry, continued: readonly DnsEntry[]): z.infer<typeof dnsFigures> {
  const entries = [entry, ...continued];
  const readings = entries.map((each) => readingOf(each));
  const digests = readings.flatMap((reading) =>
    reading !== undefined && 'digest' in reading ? [reading.digest] : [],
  );
  const last = digests.at(-1);
  const answers = digests.reduce((sum, { header }) => sum + header.answers, 0);
  return {
    type: 'dns',
    name: entry.name,
    ...(entry.class !== undefined && { qclass: entry.class }),
    qtype: entry.type,
    resolver: entry.resolver,
    transport: entry.transport,
    rtt_ms: entry.rtt_ms,
    rcode: last?.rcodeName ?? null,
    answers: last === undefined ? null : answers,
    flags: last?.flags ?? null,
    edns_version: last?.ednsVersion ?? null,
    ...(entry.type === TRANSFER && { messages: digests.length }),
    error: entries.map(({ error }, index) => error ?? problemOf(readings[index])).find(isText) ?? null,
    answer_data: last === undefined ? null : answersOf(readings),
  };
}

/** The messages of one answer follow each other, and carry the very query that they answer. */
function isSameTransfer(entry: DnsEntry, before: DnsEntry): boolean {
  return (
    entry.type === TRANSFER &&
    entry.query !== undefined &&
    entry.query === before.query &&
    entry.sent_at === before.sent_at
  );
}

/** Bytes beside an error are what came, and no answer. */
function readingOf({ response, error }: DnsEntry): Reading {
  if (response === null || isText(error)) return undefined;
  try {
    const message = Buffer.from(response, 'base64');
    return { digest: digestMessage(message), message };
  } catch (failure) {
    if (!(failure instanceof UnreadableMessage)) throw failure;
    return { problem: `the answer cannot be read: ${failure.message}` };
  }
}

/** A zone may have any number of them: no more are written than are kept. */
function answersOf(readings: readonly Reading[]): string[] {
  const texts: string[] = [];
  for (const reading of readings) {
    if (reading === undefined || 'problem' in reading) continue;
    for (const text of answerTexts(reading.message)) {
      if (texts.length === MOST_ANSWERS) return texts;
      texts.push(text.slice(0, MOST_OF_ANSWER));
    }
  }
  return texts;
}

function problemOf(reading: Reading): string | null {
  return reading !== undefined && 'problem' in reading ? reading.problem : null;
}

function isText(value: string | null | undefined): value is string {
  return typeof value === 'string';
}
