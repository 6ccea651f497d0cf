import type { NeighbourRecord } from '../records/neighbour.js';
import type { Timeval } from '../records/types.js';
import { between } from './delays.js';

/** Neighbour discovery in figures. */
export interface NeighbourSummary {
  type: 'neighbourdisc';
  src: string | null;
  dst: string | null;
  start: Timeval;
  sent: number;
  /** Probes with at least one reply. */
  received: number;
  /** Milliseconds to the first reply; null without one. */
  rtt_ms: number | null;
  /** Link-layer addresses that answered; more than one tells of a conflict. At most 32. */
  macs: string[];
}

const MAX_MACS = 32;

/** @internal */
export function summarizeNeighbour({ src_ip, dst_ip, start, probes }: NeighbourRecord): NeighbourSummary {
  const answered = probes.filter(({ replies }) => replies.length > 0);
  const [first] = answered;
  const macs = new Set(answered.flatMap(({ replies }) => replies.map(({ mac }) => mac.toString())));
  return {
    type: 'neighbourdisc',
    src: src_ip?.toString() ?? null,
    dst: dst_ip?.toString() ?? null,
    start,
    sent: probes.length,
    received: answered.length,
    rtt_ms: first?.replies[0] === undefined ? null : between(first.tx, first.replies[0].rx) / 1000,
    macs: [...macs].slice(0, MAX_MACS),
  };
}
