import type { PingReply } from '../records/ping.js';

/** Figures of one ping as scamper computes them: round-trip times in whole microseconds, cut and not rounded. */
export interface PingStatistics {
  /** Probes that were answered, and further answers to them. */
  answered: number;
  duplicates: number;
  /** As sc_warts2json prints it; undefined if nothing was sent. */
  loss: string | undefined;
  /** Over all answers, duplicates included; undefined if there are none. */
  rtt: { min_us: number; max_us: number; avg_us: number; stddev_us: number } | undefined;
}

/** @param replies those that count as answers, by `seq` */
export function pingStatistics(sent: number, replies: readonly PingReply[]): PingStatistics {
  let answered = 0;
  let last = -1;
  let min = Infinity;
  let max = 0;
  let sum = 0;
  for (const { seq, rtt_us } of replies) {
    if (seq !== last) answered++;
    last = seq;
    if (rtt_us < min) min = rtt_us;
    if (rtt_us > max) max = rtt_us;
    sum += rtt_us;
  }
  const duplicates = replies.length - answered;
  const loss = sent === 0 ? undefined : lossText(sent - answered, sent);
  if (replies.length === 0) return { answered, duplicates, loss, rtt: undefined };
  const mean = sum / replies.length;
  let squares = 0;
  for (const { rtt_us } of replies) squares += (rtt_us - mean) * (rtt_us - mean);
  const stddev_us = Math.floor(Math.sqrt(squares / replies.length));
  const rtt = { min_us: min, max_us: max, avg_us: Math.floor(mean), stddev_us };
  return { answered, duplicates, loss, rtt };
}

/** `1` and `0` at the ends; between them a float32 with two decimals, exact ties to even as printf(3) rounds. */
function lossText(lost: number, sent: number): string {
  if (lost === sent) return '1';
  if (lost === 0) return '0';
  const hundredths = Math.fround(lost / sent) * 100;
  let whole = Math.floor(hundredths);
  const rest = hundredths - whole;
  if (rest > 0.5 || (rest === 0.5 && whole % 2 === 1)) whole++;
  return (whole / 100).toFixed(2);
}
