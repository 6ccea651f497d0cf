import { compareAddresses } from './address.js';
import { HopFlag, type TraceHop } from './records/hop.js';
import { StopReason, TraceMethod, type TraceRecord } from './records/trace.js';

/** Where the path of a trace ends: what answered probes of a higher TTL stands behind it, and belongs to no hop. */
export interface TraceEnd {
  /** The last TTL of the path. */
  hopCount: number;
  /** The destination's first answer on the path; undefined if it did not answer there. */
  destination: TraceHop | undefined;
}

/**
 * The end of a trace: the TTL at which scamper says that it stopped, or before it the lowest TTL that the destination
 * answered. A trace with several probes under way (`-N`), or from the far end (`-O back`), has answers behind it.
 */
export function endOfTrace(trace: TraceRecord): TraceEnd {
  const last = lastTtl(trace);
  const destination = trace.stop_reason === StopReason.Error ? undefined : firstFromDestination(trace, last);
  if (destination !== undefined) return { hopCount: destination.probe_ttl, destination };
  return { hopCount: Math.min(last, firstUnreachableTtl(trace)), destination };
}

/** The TTL at which scamper says that the trace stopped: that of the last hop if it does not say. */
export function lastTtl({ stop_hop, hop_count }: TraceRecord): number {
  return stop_hop >= 1 && stop_hop <= hop_count ? stop_hop : hop_count;
}

/** An answer that only a destination gives; those from its own address go first, for filters send them as well. */
function firstFromDestination(trace: TraceRecord, lastTtl: number): TraceHop | undefined {
  let found: TraceHop | undefined;
  for (const hop of trace.hops) {
    if (hop.probe_ttl > lastTtl) break;
    if (!isFromDestination(trace, hop)) continue;
    if (compareAddresses(hop.addr, trace.dst) === 0) return hop;
    found ??= hop;
  }
  return found;
}

/** Of a trace that an ICMP unreachable ended: the lowest TTL that was answered so. */
function firstUnreachableTtl(trace: TraceRecord): number {
  if (trace.stop_reason !== StopReason.Unreachable) return Infinity;
  const hop = trace.hops.find((each) => isUnreachable(each) && each.icmp_code === trace.stop_data);
  return hop?.probe_ttl ?? Infinity;
}

/** Whether an answer is of a kind that, to the trace's method, only a destination gives. */
export function isFromDestination(trace: TraceRecord, hop: TraceHop): boolean {
  switch (trace.method) {
    case TraceMethod.Udp:
    case TraceMethod.UdpParis:
      return isPortUnreachable(hop);
    case TraceMethod.IcmpEcho:
    case TraceMethod.IcmpEchoParis:
      return isEchoReply(hop);
    case TraceMethod.Tcp:
    case TraceMethod.TcpAck:
      return (hop.flags & HopFlag.Tcp) !== 0 || isPortUnreachable(hop);
    default:
      return false;
  }
}

function isIcmp({ flags }: TraceHop): boolean {
  return (flags & (HopFlag.Tcp | HopFlag.Udp)) === 0;
}

function isUnreachable(hop: TraceHop): boolean {
  return isIcmp(hop) && hop.icmp_type === (hop.addr.isIPv4 ? 3 : 1);
}

function isPortUnreachable(hop: TraceHop): boolean {
  return isUnreachable(hop) && hop.icmp_code === (hop.addr.isIPv4 ? 3 : 4);
}

function isEchoReply(hop: TraceHop): boolean {
  return isIcmp(hop) && hop.icmp_type === (hop.addr.isIPv4 ? 0 : 129);
}
