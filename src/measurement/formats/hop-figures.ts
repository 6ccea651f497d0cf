import { pathHash } from '@pladmed/warts';

/** One hop of a path that was probed several times, by whatever program. */
export interface ProbedHop {
  /** that answered first; null: none */
  address: string | null;
  /** as the probe's resolver names it, where it was asked */
  name: string | null;
  /** of the networks that it is in, where the probe looked */
  asn: number[];
  sent: number;
  received: number;
  /** of the answers, in milliseconds */
  rtts: readonly number[];
}

/** Statistics of round-trip times in milliseconds, three decimals at the most; null without any. */
export interface RttFigures {
  rtt_min_ms: number | null;
  rtt_avg_ms: number | null;
  rtt_median_ms: number | null;
  rtt_max_ms: number | null;
  rtt_stddev_ms: number | null;
}

const NO_RTTS: RttFigures = {
  rtt_min_ms: null,
  rtt_avg_ms: null,
  rtt_median_ms: null,
  rtt_max_ms: null,
  rtt_stddev_ms: null,
};

/** @param rtts in milliseconds, in any order */
export function rttFigures(rtts: readonly number[]): RttFigures {
  if (rtts.length === 0) return NO_RTTS;
  const sorted = [...rtts].sort((a, b) => a - b);
  const mean = sorted.reduce((sum, rtt) => sum + rtt, 0) / sorted.length;
  const variance = sorted.reduce((sum, rtt) => sum + (rtt - mean) ** 2, 0) / sorted.length;
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
  return {
    rtt_min_ms: thousandths(sorted[0] ?? 0),
    rtt_avg_ms: thousandths(mean),
    rtt_median_ms: thousandths(median),
    rtt_max_ms: thousandths(sorted.at(-1) ?? 0),
    rtt_stddev_ms: thousandths(Math.sqrt(variance)),
  };
}

/** @returns the share of packets that were not answered, 0 to 1 with at most four decimals; null if none was sent */
export function lossOf(sent: number, received: number): number | null {
  if (sent <= 0) return null;
  return Math.round((Math.max(0, sent - received) / sent) * 10_000) / 10_000;
}

/** The members of a summary of kind `mtr` that its hops tell. @param hops by TTL from 1 */
export function pathFigures(hops: readonly ProbedHop[], reached: boolean) {
  const path = hops.map(({ address }) => address);
  const last = reached ? hops.at(-1) : undefined;
  return {
    reached,
    hop_count: hops.length,
    path,
    path_hash: pathHash(path),
    // of a destination that never answered
    loss: last === undefined ? (hops.length === 0 ? null : 1) : lossOf(last.sent, last.received),
    ...rttFigures(last?.rtts ?? []),
    hops: hops.map(({ address, name, asn, sent, received, rtts }) => {
      const { rtt_median_ms: _median, ...rtt } = rttFigures(rtts);
      return { address, name, asn, sent, received, loss: lossOf(sent, received), ...rtt };
    }),
  };
}

/** To the microsecond. */
export function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}
