import type { OwampRecord } from '../records/owamp.js';
import type { Timeval } from '../records/types.js';
import type { UdpprobeRecord } from '../records/udpprobe.js';
import { between, countReordered, delaysOf, lossOf, type Arrival, type Delays } from './delays.js';

interface PacketSummary extends Delays {
  src: string | null;
  dst: string | null;
  start: Timeval;
  sent: number;
  /** Packets that arrived, or that were answered; each counts once. */
  received: number;
  /** Further arrivals of the same packet, or further answers to it. */
  duplicates: number;
  /** Share of the packets that did not arrive, 0 to 1 with at most four decimals; null if none was sent. */
  loss: number | null;
  /** Packets that arrived reordered (RFC 4737, section 3.3). */
  reordered: number;
}

/** A UDP probe in figures; delays are round-trip times of first answers. */
export interface UdpprobeSummary extends PacketSummary {
  type: 'udpprobe';
  /** Replies older than their probe: records that share a port have each other's. */
  strays: number;
}

/** One-way delay in figures; delays are those of first arrivals and below 0 where the clocks do not agree. */
export interface OwampSummary extends PacketSummary {
  type: 'owamp';
  /** `tx`: packets went to the server; `rx`: they came from it. */
  direction: 'tx' | 'rx';
}

/** First arrivals by packet, and how many more there were. */
interface Arrivals {
  first: Arrival[];
  duplicates: number;
}

/** Arrivals of one packet, of which the earliest counts. */
function addArrivals(all: Arrivals, seq: number, sent: Timeval, times: readonly Timeval[]): void {
  const arrivals = times.map((at) => ({ seq, delay_us: between(sent, at), at }));
  const [first, ...rest] = arrivals.sort((a, b) => a.delay_us - b.delay_us);
  if (first !== undefined) all.first.push(first);
  all.duplicates += rest.length;
}

function figures(
  sent: number,
  { first, duplicates }: Arrivals,
): Omit<PacketSummary, 'src' | 'dst' | 'start'> {
  return {
    sent,
    received: first.length,
    duplicates,
    loss: lossOf(sent, first.length),
    reordered: countReordered(first),
    ...delaysOf(first.map(({ delay_us }) => delay_us)),
  };
}

function ends({
  src,
  dst,
  start,
}: UdpprobeRecord | OwampRecord): Pick<PacketSummary, 'src' | 'dst' | 'start'> {
  return { src: src?.toString() ?? null, dst: dst?.toString() ?? null, start };
}

/** @internal */
export function summarizeUdpprobe(record: UdpprobeRecord): UdpprobeSummary {
  const arrivals: Arrivals = { first: [], duplicates: 0 };
  let strays = 0;
  record.probes.forEach(({ tx, replies }, seq) => {
    const times = replies.map(({ rx }) => rx).filter((rx) => between(tx, rx) >= 0);
    strays += replies.length - times.length;
    addArrivals(arrivals, seq, tx, times);
  });
  return { type: 'udpprobe', ...ends(record), ...figures(record.probes.length, arrivals), strays };
}

const TO_SERVER = 0;

/** @internal */
export function summarizeOwamp(record: OwampRecord): OwampSummary {
  const arrivals: Arrivals = { first: [], duplicates: 0 };
  const sent = record.packets.filter((packet) => packet.sent);
  for (const { seq, tx, receptions } of sent) {
    addArrivals(
      arrivals,
      seq,
      tx,
      receptions.map(({ time }) => time),
    );
  }
  const direction = record.direction === TO_SERVER ? 'tx' : 'rx';
  return { type: 'owamp', ...ends(record), direction, ...figures(sent.length, arrivals) };
}
