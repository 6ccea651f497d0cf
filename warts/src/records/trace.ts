import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';
import { readHops, type TraceHop } from './hop.js';
import { readTraceAttributes, type Doubletree, type TracePmtud } from './trace-attributes.js';
import { NO_TIME, type Cycle, type List, type Timeval } from './types.js';

/** `TraceRecord.method` of a traceroute: how it probes. */
export const TraceMethod = {
  IcmpEcho: 1,
  Udp: 2,
  Tcp: 3,
  IcmpEchoParis: 4,
  UdpParis: 5,
  TcpAck: 6,
} as const;

/** `TraceRecord.stop_reason`: why probing stopped; 3 and 7-10 are ICMP, hop limit, global stop set, halted, in progress. */
export const StopReason = { None: 0, Completed: 1, Unreachable: 2, Loop: 4, GapLimit: 5, Error: 6 } as const;

/**
 * Bits of `TraceRecord.flags`: `dport` holds the checksum that ICMP probes were made to have; answers came from the
 * error queue of a socket, which does not tell what their IP header or the quoted probe was.
 */
export const TraceFlag = { IcmpChecksum: 0x20, ErrorQueue: 0x80 } as const;

/** A traceroute (record type 6; warts(5), "traceroute"). Numbers that the file leaves out are 0. */
export interface TraceRecord {
  type: 'trace';
  list: List | undefined;
  cycle: Cycle | undefined;
  src: Address | undefined;
  dst: Address;
  /** Router through which probes were sent. */
  rtr: Address | undefined;
  start: Timeval;
  stop_reason: number;
  stop_data: number;
  flags: number;
  /** Probes sent to a hop before it is given up. */
  attempts: number;
  hop_limit: number;
  method: number;
  probe_size_bytes: number;
  sport: number;
  dport: number;
  first_hop: number;
  tos: number;
  wait_s: number;
  /** Time between two probes, in hundredths of a second. */
  wait_probe_cs: number;
  loops: number;
  loop_action: number;
  gap_limit: number;
  gap_action: number;
  /** TTL of the last hop probed. */
  hop_count: number;
  probe_count: number;
  /** Per cent. */
  confidence: number;
  userid: number;
  /** IP fragment offset that probes were sent with. */
  fragment_offset: number;
  /** Queries for each hop that may be under way at a time. */
  squeries: number;
  /** TTL at which the trace ended, where probes of a higher TTL were answered; 0: not recorded. */
  stop_hop: number;
  /** Why it failed; scamper since 20251020 says so. */
  error: string | undefined;
  /** Answers, by the TTL of their probe, then in file order. */
  hops: TraceHop[];
  pmtud: TracePmtud | undefined;
  /** Answers to the probes sent at TTL 255 when the gap limit was met. */
  last_ditch: TraceHop[];
  doubletree: Doubletree | undefined;
}

type TraceDraft = Omit<TraceRecord, 'dst'> & { dst: Address | undefined };

const MAX_HOP_COUNT = 255;

/** Read a trace record's body. @internal */
export function readTrace(reader: Reader): TraceRecord {
  const trace: TraceDraft = {
    type: 'trace',
    list: undefined,
    cycle: undefined,
    src: undefined,
    dst: undefined,
    rtr: undefined,
    start: NO_TIME,
    stop_reason: 0,
    stop_data: 0,
    flags: 0,
    attempts: 0,
    hop_limit: 0,
    method: 0,
    probe_size_bytes: 0,
    sport: 0,
    dport: 0,
    first_hop: 0,
    tos: 0,
    wait_s: 0,
    wait_probe_cs: 0,
    loops: 0,
    loop_action: 0,
    gap_limit: 0,
    gap_action: 0,
    hop_count: 0,
    probe_count: 0,
    confidence: 0,
    userid: 0,
    fragment_offset: 0,
    squeries: 0,
    stop_hop: 0,
    error: undefined,
    hops: [],
    pmtud: undefined,
    last_ditch: [],
    doubletree: undefined,
  };
  readParameters(reader, trace, readTraceParameter);
  if (trace.dst === undefined) reader.fail('malformed', 'trace without a destination');
  if (trace.first_hop === 0) trace.first_hop = 1;
  const answers = readHops(reader);
  trace.hops = byTtl(answers);
  setHopCount(reader, trace);
  readAttributes(reader, trace, answers.length > 0);
  return trace as TraceRecord;
}

/** scamper writes attributes always; its reader of 20211212 looks for them behind hops only, so that they may be missing. */
function readAttributes(reader: Reader, trace: TraceDraft, hasHops: boolean): void {
  if (hasHops || reader.remaining >= 2) readTraceAttributes(reader, trace);
}

/** Neighbouring answers of one TTL belong together; a later run of the same TTL replaces the earlier. */
function byTtl(answers: TraceHop[]): TraceHop[] {
  let ascending = true;
  for (let i = 1, last = answers[0]?.probe_ttl ?? 0; i < answers.length; i++) {
    const ttl = answers[i]?.probe_ttl ?? 0;
    ascending &&= ttl >= last;
    last = ttl;
  }
  if (ascending) return answers;
  const runs: TraceHop[][] = [];
  let last = 0;
  for (const hop of answers) {
    if (hop.probe_ttl === last) runs[last]?.push(hop);
    else runs[hop.probe_ttl] = [hop];
    last = hop.probe_ttl;
  }
  return runs.flat();
}

function setHopCount(reader: Reader, trace: TraceDraft): void {
  const highest = trace.hops.at(-1)?.probe_ttl ?? 0;
  if (trace.hop_count === 0) trace.hop_count = highest;
  if (trace.hop_count < highest || trace.hop_count > MAX_HOP_COUNT) {
    reader.fail('malformed', `hop count ${trace.hop_count}, answers up to TTL ${highest}`);
  }
}

function readTraceParameter(reader: Reader, trace: TraceDraft, id: number): boolean {
  switch (id) {
    case 1:
      trace.list = reader.list();
      break;
    case 2:
      trace.cycle = reader.cycle();
      break;
    case 3:
      trace.src = reader.globalAddress();
      break;
    case 4:
      trace.dst = reader.globalAddress();
      break;
    case 5:
      trace.start = reader.timeval();
      break;
    case 6:
      trace.stop_reason = reader.u8();
      break;
    case 7:
      trace.stop_data = reader.u8();
      break;
    case 8:
      trace.flags = reader.u8();
      break;
    case 9:
      trace.attempts = reader.u8();
      break;
    case 10:
      trace.hop_limit = reader.u8();
      break;
    case 11:
      trace.method = reader.u8();
      break;
    case 12:
      trace.probe_size_bytes = reader.u16();
      break;
    case 13:
      trace.sport = reader.u16();
      break;
    case 14:
      trace.dport = reader.u16();
      break;
    case 15:
      trace.first_hop = reader.u8();
      break;
    case 16:
      trace.tos = reader.u8();
      break;
    case 17:
      trace.wait_s = reader.u8();
      break;
    case 18:
      trace.loops = reader.u8();
      break;
    case 19:
      trace.hop_count = reader.u16();
      break;
    case 20:
      trace.gap_limit = reader.u8();
      break;
    case 21:
      trace.gap_action = reader.u8();
      break;
    case 22:
      trace.loop_action = reader.u8();
      break;
    case 23:
      trace.probe_count = reader.u16();
      break;
    case 24:
      trace.wait_probe_cs = reader.u8();
      break;
    case 25:
      trace.confidence = reader.u8();
      break;
    case 26:
      trace.src = reader.address();
      break;
    case 27:
      trace.dst = reader.address();
      break;
    case 28:
      trace.userid = reader.u32();
      break;
    case 29:
      trace.fragment_offset = reader.u16();
      break;
    case 30:
      trace.rtr = reader.unnumberedAddress();
      break;
    case 31:
      trace.squeries = reader.u8();
      break;
    case 32:
      trace.flags = reader.u32();
      break;
    case 33:
      trace.stop_hop = reader.u8();
      break;
    case 34:
      trace.error = reader.text();
      break;
    default:
      return false;
  }
  return true;
}
