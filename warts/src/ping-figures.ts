import { PingTally } from './json/ping-statistics.js';
import { isAnswer } from './ping-answers.js';
import type { Reader, UnknownParameters } from './reader.js';
import { newReply, readPing, readPingHead, readReply, type PingRecord } from './records/ping.js';
import { pingSummary, summarize, type PingSummary } from './summary.js';

/** A ping without its replies: what they come to. */
export interface PingFigures {
  type: 'ping-figures';
  userid: number;
  /** As `summarize` makes it of the whole record. */
  summary: PingSummary;
  /** Of each answer (`isAnswer`), by `seq`. */
  rtts_us: number[];
  unknown_parameters?: UnknownParameters[];
}

/** They take in one reply and one ping after the other: an object for each reply would be most of what decoding allocates. */
const reply = newReply();
const tally = new PingTally();

/** Read a ping record's body, and keep its figures alone. @internal */
export function readPingFigures(reader: Reader): PingFigures {
  return figuresOfAnswers(reader, readPingHead(reader)) ?? figuresOfRecord(reader);
}

/** @returns undefined if one of the replies is no answer, or they are not by `seq`: the record has to be read as a whole */
function figuresOfAnswers(reader: Reader, ping: PingRecord): PingFigures | undefined {
  tally.begin();
  let last = 0;
  for (let left = reader.u16(); left > 0; left--) {
    readReply(reader, ping, reply);
    const { seq, rtt_us } = reply;
    if (seq < last || !isAnswer(ping, reply)) return undefined;
    last = seq;
    tally.add(seq, rtt_us);
  }
  const summary = pingSummary(ping, tally, []);
  return { type: 'ping-figures', userid: ping.userid, summary, rtts_us: tally.rtts() };
}

function figuresOfRecord(reader: Reader): PingFigures {
  reader.restart();
  const ping = readPing(reader);
  const answers = ping.replies.filter((each) => isAnswer(ping, each));
  return {
    type: 'ping-figures',
    userid: ping.userid,
    summary: summarize(ping),
    rtts_us: answers.map(({ rtt_us }) => rtt_us),
  };
}
