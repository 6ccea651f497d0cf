import { digestMessage, recordsOf, SOA, soaText } from '@pladmed/protocol';
import { damage, mismatch, unreadable } from './message.js';

/** What a message means for the exchange in which it came. */
export interface Verdict {
  /** Why the message is no part of the answer; null where it is. */
  problem: string | null;
  /** Nothing more is to come, or nothing more of it can be used. */
  over: boolean;
  /** Why the answer, of which this message is a part, is not whole. */
  error: string | null;
}

/** Judges each message of a TCP connection, in order, once. */
export type Judge = (message: Buffer) => Verdict;

const MORE: Verdict = { problem: null, over: false, error: null };
const WHOLE: Verdict = { problem: null, over: true, error: null };
const refused = (problem: string): Verdict => ({ problem, over: true, error: null });
const broken = (error: string): Verdict => ({ problem: null, over: true, error });

/** One message answers the query. */
export function singleAnswer(query: Buffer): Judge {
  return (message) => {
    const problem = mismatch(message, query) ?? damage(message);
    return problem === null ? WHOLE : refused(problem);
  };
}

/**
 * A zone transfer: each message has the query's id, the first record is an SOA, and the same SOA again is the last one (RFC 5936,
 * section 2.2). A server that refuses says so in one message.
 */
export function zoneTransfer(query: Buffer): Judge {
  let first: string | null = null;
  let messages = 0;
  return (message) => {
    const problem = mismatch(message, query, messages > 0) ?? damage(message);
    if (problem !== null) return refused(problem);
    messages++;
    const { rcode, rcodeName } = digestMessage(message);
    if (rcode !== 0) return messages === 1 ? WHOLE : broken(`the zone ends with ${rcodeName}`);
    const verdict = unreadable(() => readRecords(message));
    return typeof verdict === 'string' ? refused(verdict) : verdict;
  };

  function readRecords(message: Buffer): Verdict {
    let isOver = false;
    for (const record of recordsOf(message)) {
      if (record.section !== 'answer') break;
      if (isOver) return broken('the zone goes on behind its closing SOA');
      if (record.type !== SOA) {
        if (first === null) return broken('the zone does not begin with an SOA');
        continue;
      }
      const soa = soaText(message, record);
      if (first !== null && soa !== first) return broken('the zone closes with another SOA');
      isOver = first !== null;
      first = soa;
    }
    if (first === null) return broken('the answer has no zone');
    return isOver ? WHOLE : MORE;
  }
}
