import type { Timeval } from '../records/types.js';

/** Delays in milliseconds with at most three decimals; all null if there are none. */
export interface Delays {
  min_ms: number | null;
  avg_ms: number | null;
  median_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  max_ms: number | null;
}

/** One packet that arrived, or its answer. @internal */
export interface Arrival {
  seq: number;
  /** Microseconds from when it was sent to when it arrived; below 0 where two clocks do not agree. */
  delay_us: number;
  /** When it arrived: only its order counts. */
  at: Timeval;
}

/** Microseconds from one time to another. @internal */
export function between(from: Timeval, to: Timeval): number {
  return (to.sec - from.sec) * 1_000_000 + to.usec - from.usec;
}

/**
 * Figures over delays in microseconds. A percentile p of n delays is the one of rank ceil(p n / 100) in ascending
 * order: the smallest at which the empirical distribution reaches p per cent (RFC 2330, section 11.3).
 * @internal
 */
export function delaysOf(delays_us: readonly number[]): Delays {
  const sorted = new Float64Array(delays_us).sort();
  const count = sorted.length;
  const rank = (percent: number): number | null =>
    count === 0 ? null : (sorted[Math.ceil((percent * count) / 100) - 1] ?? 0) / 1000;
  const sum = sorted.reduce((total, delay) => total + delay, 0);
  return {
    min_ms: count === 0 ? null : (sorted[0] ?? 0) / 1000,
    avg_ms: count === 0 ? null : Math.trunc(sum / count) / 1000,
    median_ms: rank(50),
    p95_ms: rank(95),
    p99_ms: rank(99),
    max_ms: rank(100),
  };
}

/**
 * How many packets arrived reordered (RFC 4737, section 3.3): in the order of arrival, those whose number is smaller
 * than the next expected, which is one more than the largest number so far. Duplicates must not be among them.
 * @internal
 */
export function countReordered(arrivals: readonly Arrival[]): number {
  const byArrival = arrivals.toSorted((a, b) => a.at.sec - b.at.sec || a.at.usec - b.at.usec);
  let nextExpected = -Infinity;
  let reordered = 0;
  for (const { seq } of byArrival) {
    if (seq < nextExpected) reordered++;
    else nextExpected = seq + 1;
  }
  return reordered;
}

/** Share of what was sent that did not arrive, 0 to 1 with at most four decimals; null if nothing was sent. @internal */
export function lossOf(sent: number, received: number): number | null {
  return sent === 0 ? null : Math.round(((sent - received) / sent) * 10_000) / 10_000;
}
