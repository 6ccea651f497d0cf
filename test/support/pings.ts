import { decode, encode, type PingRecord } from '@pladmed/warts';
import { pingWarts } from '../bench/warts-sample.js';

export interface MadePing {
  sent: number;
  /** microseconds, of each answer, in the order of the packets; one more than once is a duplicate */
  answers: { packet: number; rttUs: number }[];
  /** its place among the destinations of the operation, from 1 */
  userid?: number;
}

/** A warts file of pings with these answers, all to the address of the sample. */
export function madePings(pings: readonly MadePing[]): Buffer {
  const sample = decode(pingWarts()).records.find((record): record is PingRecord => record.type === 'ping');
  const [reply] = sample?.replies ?? [];
  if (sample === undefined || reply === undefined) throw new Error('the sample has no ping');
  const records = pings.map(({ sent, answers, userid = 0 }) => ({
    ...sample,
    ...{ userid, sent, count: sent, reply_count: 0 },
    replies: answers.map(({ packet, rttUs }) => ({ ...reply, seq: packet, rtt_us: rttUs })),
  }));
  return Buffer.from(encode(records));
}
