import { tallyOf, type PingTally } from './json/ping-statistics.js';
import { stopReasonName } from './json/trace.js';
import { pathHash } from './path-hash.js';
import { ICMP, ICMP6, isAnswer, TCP, UDP } from './ping-answers.js';
import type { PingRecord, PingReply } from './records/ping.js';
import type { TraceRecord } from './records/trace.js';
import type { Timeval } from './records/types.js';
import type { WartsRecord } from './record.js';
import { summarizeDealias, type DealiasSummary } from './summaries/dealias.js';
import { summarizeHost, type HostSummary } from './summaries/host.js';
import { summarizeHttp, type HttpSummary } from './summaries/http.js';
import { summarizeNeighbour, type NeighbourSummary } from './summaries/neighbour.js';
import {
  summarizeOwamp,
  summarizeUdpprobe,
  type OwampSummary,
  type UdpprobeSummary,
} from './summaries/packets.js';
import { endOfTrace } from './trace-end.js';

interface SummaryOfAny {
  /** null if the record does not tell. */
  src: string | null;
  dst: string;
  start: Timeval;
}

/** Replies to a ping that are no answers, of one kind and from one address. */
export interface PingError {
  /** `icmp`, `icmp6`, `tcp`, `udp` or the number of the IP protocol; null: see `PingSummary.errors`. */
  protocol: string | null;
  /** Of an ICMP message, as in its header; null for other protocols. */
  icmp_type: number | null;
  icmp_code: number | null;
  from: string | null;
  count: number;
}

/** A ping in figures. Times are milliseconds with at most three decimals, null without an answer. */
export interface PingSummary extends SummaryOfAny {
  type: 'ping';
  sent: number;
  /** Probes that the destination answered; an ICMP error is no answer (`isAnswer`). */
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
  /**
   * Replies that are no answers, most frequent first. Beyond `MAX_ERRORS` kinds and senders the rest is one entry, of
   * which all but `count` is null.
   */
  errors: PingError[];
}

/** A traceroute in figures. */
export interface TraceSummary extends SummaryOfAny {
  type: 'trace';
  /** Probes sent; null if the record does not tell. */
  sent: number | null;
  /** Whether the destination itself answered. */
  reached: boolean;
  /** The last TTL of the path: where the destination answered first, or else where probing ended. */
  hop_count: number;
  stop_reason: string;
  /** By TTL from 1 to at most `hop_count`: the address that answered first, null where none did. */
  path: (string | null)[];
  /** 16 hexadecimal digits; equal for equal paths. See the README. */
  path_hash: string;
  /** RTT of the destination's answer; null if it did not answer. */
  rtt_ms: number | null;
}

/** Summaries by the type of their record. */
export interface Summaries {
  ping: PingSummary;
  trace: TraceSummary;
  dealias: DealiasSummary;
  neighbourdisc: NeighbourSummary;
  host: HostSummary;
  http: HttpSummary;
  udpprobe: UdpprobeSummary;
  owamp: OwampSummary;
}

/** A record that has figures. */
export type SummarizableRecord = Extract<WartsRecord, { type: keyof Summaries }>;

type Summarizers = {
  [Type in keyof Summaries]: (record: Extract<WartsRecord, { type: Type }>) => Summaries[Type];
};

const SUMMARIZERS: Summarizers = {
  ping: summarizePing,
  trace: summarizeTrace,
  dealias: summarizeDealias,
  neighbourdisc: summarizeNeighbour,
  host: summarizeHost,
  http: summarizeHttp,
  udpprobe: summarizeUdpprobe,
  owamp: summarizeOwamp,
};

/** Whether a record is of a type that has figures. */
export function isSummarizable(record: WartsRecord): record is SummarizableRecord {
  return Object.hasOwn(SUMMARIZERS, record.type);
}

/** What a record comes to, in figures. */
export function summarize<R extends SummarizableRecord>(record: R): Summaries[R['type']] {
  const summarizer: (of: never) => Summaries[keyof Summaries] = SUMMARIZERS[record.type];
  return summarizer(record as never) as Summaries[R['type']];
}

function summarizePing(ping: PingRecord): PingSummary {
  const { replies } = ping;
  const others = replies.filter((reply) => !isAnswer(ping, reply));
  const answers = others.length === 0 ? replies : replies.filter((reply) => isAnswer(ping, reply));
  return pingSummary(ping, tallyOf(answers), countErrors(others));
}

/** @internal */
export function pingSummary(ping: PingRecord, tally: PingTally, errors: PingError[]): PingSummary {
  const { answered, duplicates, rtt } = tally.statistics(ping.sent);
  return {
    type: 'ping',
    ...origin(ping),
    sent: ping.sent,
    received: answered,
    duplicates,
    loss: ping.sent === 0 ? null : Math.round(((ping.sent - answered) / ping.sent) * 10_000) / 10_000,
    rtt_min_ms: rtt === undefined ? null : rtt.min_us / 1000,
    rtt_avg_ms: rtt === undefined ? null : rtt.avg_us / 1000,
    rtt_median_ms: rtt === undefined ? null : tally.median_us() / 1000,
    rtt_max_ms: rtt === undefined ? null : rtt.max_us / 1000,
    rtt_stddev_ms: rtt === undefined ? null : rtt.stddev_us / 1000,
    errors,
  };
}

function origin({ src, dst, start }: PingRecord | TraceRecord): SummaryOfAny {
  return { src: src?.toString() ?? null, dst: dst.toString(), start };
}

/** A record may hold 65,535 replies, each of a kind of its own: a summary must stay small. */
export const MAX_ERRORS = 32;

function countErrors(replies: readonly PingReply[]): PingError[] {
  if (replies.length === 0) return [];
  const kinds = new Map<string, PingError>();
  for (const reply of replies) {
    const error = errorOf(reply);
    const key = `${error.protocol} ${error.icmp_type} ${error.icmp_code} ${error.from}`;
    const known = kinds.get(key);
    if (known === undefined) kinds.set(key, error);
    else known.count++;
  }
  const errors = [...kinds.values()].sort((a, b) => b.count - a.count);
  const rest = errors.splice(MAX_ERRORS).reduce((count, error) => count + error.count, 0);
  if (rest > 0) errors.push({ protocol: null, icmp_type: null, icmp_code: null, from: null, count: rest });
  return errors;
}

const PROTOCOLS: Readonly<Record<number, string>> = {
  [ICMP]: 'icmp',
  [TCP]: 'tcp',
  [UDP]: 'udp',
  [ICMP6]: 'icmp6',
};

function errorOf({ protocol, icmp_type, icmp_code, from }: PingReply): PingError {
  const isIcmp = protocol === ICMP || protocol === ICMP6;
  return {
    protocol: PROTOCOLS[protocol] ?? String(protocol),
    icmp_type: isIcmp ? icmp_type : null,
    icmp_code: isIcmp ? icmp_code : null,
    from: from.toString(),
    count: 1,
  };
}

function summarizeTrace(trace: TraceRecord): TraceSummary {
  const { hopCount, destination } = endOfTrace(trace);
  const path = pathOf(trace, hopCount);
  return {
    type: 'trace',
    ...origin(trace),
    sent: trace.probe_count === 0 && trace.hops.length > 0 ? null : trace.probe_count,
    reached: destination !== undefined,
    hop_count: hopCount,
    stop_reason: stopReasonName(trace.stop_reason),
    path,
    path_hash: pathHash(path),
    rtt_ms: destination === undefined ? null : destination.rtt_us / 1000,
  };
}

function pathOf(trace: TraceRecord, hopCount: number): (string | null)[] {
  const path: (string | null)[] = [];
  for (const hop of trace.hops) {
    if (hop.probe_ttl > hopCount) break;
    while (path.length < hop.probe_ttl) path.push(null);
    path[hop.probe_ttl - 1] ??= hop.addr.toString();
  }
  return path;
}
