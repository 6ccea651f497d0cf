import { medianOf } from '../median.js';
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

/** Takes the answers of one ping, and says what they come to. One object does for many pings, one after the other. */
export class PingTally {
  /** Round-trip times in microseconds, of which the first `count` are those of this ping's answers, in order. */
  private room = new Uint32Array(64);
  private count = 0;
  private answered = 0;
  private last = -1;
  private min = Infinity;
  private max = 0;
  private sum = 0;

  /** Forgets the ping before. */
  begin(): void {
    this.count = 0;
    this.answered = 0;
    this.last = -1;
    this.min = Infinity;
    this.max = 0;
    this.sum = 0;
  }

  /** @param seq never less than that of the answer before */
  add(seq: number, rtt_us: number): void {
    if (seq !== this.last) this.answered++;
    this.last = seq;
    if (rtt_us < this.min) this.min = rtt_us;
    if (rtt_us > this.max) this.max = rtt_us;
    this.sum += rtt_us;
    if (this.count === this.room.length) this.grow();
    this.room[this.count++] = rtt_us;
  }

  /** @returns of each answer, in microseconds */
  rtts(): number[] {
    const rtts: number[] = [];
    for (let index = 0; index < this.count; index++) rtts.push(this.room[index] ?? 0);
    return rtts;
  }

  /** @returns as `medianOf`; there must be an answer */
  median_us(): number {
    return medianOf(this.room, this.count);
  }

  statistics(sent: number): PingStatistics {
    const { room, count, answered, min, max } = this;
    const duplicates = count - answered;
    const loss = sent === 0 ? undefined : lossText(sent - answered, sent);
    if (count === 0) return { answered, duplicates, loss, rtt: undefined };
    const mean = this.sum / count;
    let squares = 0;
    for (let index = 0; index < count; index++) {
      const rtt_us = room[index] ?? 0;
      squares += (rtt_us - mean) * (rtt_us - mean);
    }
    const stddev_us = Math.floor(Math.sqrt(squares / count));
    const rtt = { min_us: min, max_us: max, avg_us: Math.floor(mean), stddev_us };
    return { answered, duplicates, loss, rtt };
  }

  private grow(): void {
    const larger = new Uint32Array(2 * this.room.length);
    larger.set(this.room);
    this.room = larger;
  }
}

const tally = new PingTally();

/** @param replies those that count as answers, by `seq`. @returns until it is asked again */
export function tallyOf(replies: readonly PingReply[]): PingTally {
  tally.begin();
  for (const { seq, rtt_us } of replies) tally.add(seq, rtt_us);
  return tally;
}

/** @param replies those that count as answers, by `seq` */
export function pingStatistics(sent: number, replies: readonly PingReply[]): PingStatistics {
  return tallyOf(replies).statistics(sent);
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
