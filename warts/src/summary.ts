import { destinationHop } from './dump.js';
import { stopReasonName } from './json/trace.js';
import { pingStatistics } from './json/ping-statistics.js';
import { pathHash } from './path-hash.js';
import type { PingRecord } from './records/ping.js';
import type { TraceRecord } from './records/trace.js';
import type { Timeval } from './records/types.js';

interface SummaryOfAny {
  /** null if the record does not tell. */
  src: string | null;
  dst: string;
  start: Timeval;
}

/** A ping in figures. Times are milliseconds with at most three decimals, null without an answer. */
export interface PingSummary extends SummaryOfAny {
  type: 'ping';
  sent: number;
  /** Probes that were answered. */
  received: number;
  /** Further answers to a probe that was answered already. */
  duplicates: number;
  /** Share of the probes that were not answered, 0 to 1 with at most four decimals; null if none was sent. */
  loss: number | null;
  rtt_min_ms: number | null;
  rtt_avg_ms: number | null;
  rtt_median_ms: number | null;
  rtt_max_ms: number | null;
  rtt_stddev_ms: number | null;
}

/** A traceroute in figures. */
export interface TraceSummary extends SummaryOfAny {
  type: 'trace';
  /** Whether the destination itself answered. */
  reached: boolean;
  hop_count: number;
  stop_reason: string;
  /** By TTL from 1: the address that answered first, null where none did. */
  path: (string | null)[];
  /** 16 hexadecimal digits; equal for equal paths. See the README. */
  path_hash: string;
  /** RTT of the destination's answer; null if it did not answer. */
  rtt_ms: number | null;
}

/** What a ping or a traceroute comes to. */
export function summarize(record: PingRecord): PingSummary;
export function summarize(record: TraceRecord): TraceSummary;
export function summarize(record: PingRecord | TraceRecord): PingSummary | TraceSummary;
export function summarize(record: PingRecord | TraceRecord): PingSummary | TraceSummary {
  return record.type === 'ping' ? summarizePing(record) : summarizeTrace(record);
}

function summarizePing(ping: PingRecord): PingSummary {
  const { answered, duplicates, rtt } = pingStatistics(ping);
  return {
    type: 'ping',
    ...origin(ping),
    sent: ping.sent,
    received: answered,
    duplicates,
    loss: ping.sent === 0 ? null : Math.round(((ping.sent - answered) / ping.sent) * 10_000) / 10_000,
    rtt_min_ms: rtt === undefined ? null : rtt.min_us / 1000,
    rtt_avg_ms: rtt === undefined ? null : rtt.avg_us / 1000,
    rtt_median_ms: rtt === undefined ? null : medianUs(ping) / 1000,
    rtt_max_ms: rtt === undefined ? null : rtt.max_us / 1000,
    rtt_stddev_ms: rtt === undefined ? null : rtt.stddev_us / 1000,
  };
}

function origin({ src, dst, start }: PingRecord | TraceRecord): SummaryOfAny {
  return { src: src?.toString() ?? null, dst: dst.toString(), start };
}

/** Median over all answers in whole microseconds: of two middle values the mean, cut as the average is. */
function medianUs(ping: PingRecord): number {
  const rtts = Float64Array.from(ping.replies, (reply) => reply.rtt_us).sort();
  const middle = rtts.length >> 1;
  const upper = rtts[middle] ?? 0;
  return rtts.length % 2 === 1 ? upper : Math.floor(((rtts[middle - 1] ?? 0) + upper) / 2);
}

function summarizeTrace(trace: TraceRecord): TraceSummary {
  const destination = destinationHop(trace);
  const path = pathOf(trace);
  return {
    type: 'trace',
    ...origin(trace),
    reached: destination !== undefined,
    hop_count: trace.hop_count,
    stop_reason: stopReasonName(trace.stop_reason),
    path,
    path_hash: pathHash(path),
    rtt_ms: destination === undefined ? null : destination.rtt_us / 1000,
  };
}

function pathOf(trace: TraceRecord): (string | null)[] {
  const path: (string | null)[] = [];
  for (const hop of trace.hops) {
    while (path.length < hop.probe_ttl) path.push(null);
    path[hop.probe_ttl - 1] ??= hop.addr.toString();
  }
  return path;
}
