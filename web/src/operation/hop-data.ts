import type { Series } from '../api/series.js';

/** What a hop of an mtr came to over a range, and in each of its buckets. */
export interface HopRow {
  ttl: number;
  /** who answered, those first that answered most reports first */
  addresses: readonly string[];
  sent: number;
  /** share of the packets that were not answered, 0 to 1; null: none was sent */
  loss: number | null;
  /** milliseconds */
  best: number | null;
  mean: number | null;
  worst: number | null;
  buckets: readonly { at: string; sent: number; loss: number | null; median: number | null }[];
}

type Hop = NonNullable<Series['series'][number]['hops']>[number];

/** The columns that rows are made of. */
export const HOP_METRICS = [
  'hop_sent',
  'hop_received',
  'hop_addresses',
  ...['min', 'mean', 'max', 'p50'].map((each) => `hop_rtt_${each}_ms`),
];

/** @returns a row for each TTL from 1 that packets were sent to */
export function hopRows({ times, series }: Series): HopRow[] {
  const hops = series[0]?.hops ?? [];
  return hops.map((hop) => rowOf(hop, times)).filter(({ sent }) => sent > 0);
}

function rowOf({ ttl, values }: Hop, times: readonly string[]): HopRow {
  const numbers = (name: string): (number | null)[] => {
    const column = values[name];
    return times.map((_, index) => (Array.isArray(column) ? numberIn(column[index]) : null));
  };
  const sent = numbers('hop_sent').map((count) => count ?? 0);
  const received = numbers('hop_received').map((count) => count ?? 0);
  const medians = numbers('hop_rtt_p50_ms');
  const all = { sent: sum(sent), received: sum(received) };
  const means = numbers('hop_rtt_mean_ms');
  return {
    ttl,
    addresses: addressesIn(values['hop_addresses']),
    sent: all.sent,
    loss: shareLost(all.sent, all.received),
    best: extreme(numbers('hop_rtt_min_ms'), Math.min),
    // each answer counts alike, in whichever bucket it is
    mean:
      all.received === 0
        ? null
        : sum(means.map((mean, index) => (mean ?? 0) * (received[index] ?? 0))) / all.received,
    worst: extreme(numbers('hop_rtt_max_ms'), Math.max),
    buckets: times.map((at, index) => ({
      at,
      sent: sent[index] ?? 0,
      loss: shareLost(sent[index] ?? 0, received[index] ?? 0),
      median: medians[index] ?? null,
    })),
  };
}

const numberIn = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
const shareLost = (sent: number, received: number): number | null =>
  sent === 0 ? null : Math.max(0, sent - received) / sent;

function extreme(values: readonly (number | null)[], of: (...values: number[]) => number): number | null {
  const there = values.filter((value) => value !== null);
  return there.length === 0 ? null : there.reduce((one, other) => of(one, other));
}

/** @param column how many reports had each address answer first, by bucket */
function addressesIn(column: unknown): string[] {
  const counts = Object.entries((column ?? {}) as Record<string, readonly number[]>);
  return counts
    .map(([address, each]) => [address, sum(each)] as const)
    .toSorted(([, one], [, other]) => other - one)
    .map(([address]) => address);
}
