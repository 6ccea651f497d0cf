import {
  type Destination,
  MAX_MTR_HOPS,
  mtrDocument,
  type MtrEntry,
  type MtrParams,
  mtrParams,
  writeDocument,
} from '@pladmed/protocol';
import { decode, summarize, type TraceRecord } from '@pladmed/warts';
import type { Kind } from '../../measuring/kind.js';
import {
  DEFAULT_PACKET_BYTES,
  runScamper,
  type ScamperCommand,
  type ScamperMethod,
} from '../../measuring/scamper.js';
import { wantedFamilies } from '../../protocol/switches.js';
import { resolutionMs } from '../../measuring/targets.js';
import { milliseconds, stopwatch } from '../../clock/timing.js';

/** How long a packet's answer is waited for: a router that takes longer counts as lost, as with mtr(8). */
const WAIT_S = 2;
/** Scamper gives up after five silent hops in a row; others on the path may be silent, too. */
const SILENT_HOPS = 15;
const SLACK_MS = 60_000;
const LONGEST_MS = 1_800_000;

const METHODS: Readonly<Record<MtrParams['protocol'], ScamperMethod>> = {
  icmp: 'icmp-paris',
  udp: 'udp-paris',
  tcp: 'tcp',
};

/** The path to each destination, with loss and round-trip times of each hop (docs/adr/0045). */
export const mtr: Kind<MtrParams> = {
  name: 'mtr',
  format: 'mtr',
  params: mtrParams.schema,
  timeLimitMs: (params) => {
    const silence = SILENT_HOPS * params.packets * WAIT_S * 1000;
    const turns = packetsOf(params) * 50;
    return Math.min(LONGEST_MS, silence + turns + resolutionMs(params) + SLACK_MS);
  },
  // Each packet, and an answer as long.
  trafficBytes: (params) => packetsOf(params) * 2 * DEFAULT_PACKET_BYTES,
  measure: async (params, context) => {
    const watch = () => stopwatch(context.clock);
    const targets = await context.targets.targets(params, wantedFamilies(params), watch);
    let destinations: Destination[] = [];
    const own = { ...context, onDestinations: (all: Destination[]) => void (destinations = all) };
    const written = await runScamper(mtrCommand(params), targets, own);
    return Buffer.from(writeDocument(mtrDocument, reportsOf(written, destinations, params.packets)));
  },
};

function packetsOf({ ips, fqdns, packets }: MtrParams): number {
  return (ips.length + fqdns.length) * MAX_MTR_HOPS * packets;
}

/** Exported for its test. */
export function mtrCommand({ packets, protocol, port }: MtrParams): ScamperCommand {
  return {
    name: 'trace',
    options: [
      ['P', METHODS[protocol]],
      // all of them, also when the first was answered
      ['Q', 'on'],
      ['q', packets],
      ['m', MAX_MTR_HOPS],
      ['w', WAIT_S],
      // of icmp-paris it is the checksum
      ['d', protocol === 'icmp' ? undefined : port],
    ],
  };
}

/**
 * @param written by scamper: a trace with the number of its destination, from 1
 * @returns an entry for each destination, in their order
 */
export function reportsOf(
  written: Buffer,
  destinations: readonly Destination[],
  packets: number,
): MtrEntry[] {
  const traces = new Map<number, TraceRecord>();
  for (const record of decode(written).records)
    // today's scamper has a record of those, too, to which it could not send
    if (record.type === 'trace' && record.probe_count > 0) traces.set(record.userid, record);
  return destinations.map((destination, index) => {
    const { note, error, ...asked } = destination;
    const trace = traces.get(index + 1);
    return {
      ...asked,
      ...(note !== undefined && { note }),
      packets,
      ...(trace === undefined ? NOTHING : measuredBy(trace, packets)),
      error: error ?? (trace === undefined ? 'nothing_sent' : null),
    };
  });
}

const NOTHING = { source: null, sent_at: null, reached: false, stop_reason: null, hops: [] };

function measuredBy(trace: TraceRecord, packets: number) {
  const { src, start, reached, stop_reason, hop_count } = summarize(trace);
  return {
    source: src,
    sent_at: new Date(start.sec * 1000 + start.usec / 1000).toISOString(),
    reached,
    stop_reason,
    hops: Array.from({ length: hop_count }, (_, index) => hopOf(trace, index + 1, packets)),
  };
}

function hopOf(trace: TraceRecord, ttl: number, packets: number): MtrEntry['hops'][number] {
  const replies = trace.hops
    .filter(({ probe_ttl }) => probe_ttl === ttl)
    .map(({ addr, probe_id, rtt_us }) => ({
      packet: probe_id,
      address: addr.toString(),
      rtt_ms: milliseconds(rtt_us / 1000),
    }));
  // the record counts all packets; of those to the last hop some may not have been sent when the trace was ended
  const left = trace.probe_count - (ttl - 1) * packets;
  const answered = new Set(replies.map(({ packet }) => packet)).size;
  return { ttl, sent: Math.max(answered, Math.min(packets, Math.max(0, left))), replies };
}
