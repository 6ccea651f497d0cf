import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';
import { readIcmpExtensions, type IcmpExtension } from './icmp-extension.js';
import { NO_TIME, type Cycle, type List, type Timeval } from './types.js';

/** Bit of `TracelbReply.flags`: the reply is TCP, not ICMP. @internal */
export const TRACELB_REPLY_IS_TCP = 0x02;
/** Bit of `TracelbNode.flags`: `q_ttl` was recorded. @internal */
export const TRACELB_NODE_HAS_Q_TTL = 0x01;

/** An answer to a probe of a load-balanced path. */
export interface TracelbReply {
  from: Address;
  rx: Timeval;
  ipid: number;
  ttl: number;
  flags: number;
  icmp_type: number;
  icmp_code: number;
  icmp_q_ttl: number;
  icmp_q_tos: number;
  tcp_flags: number;
  extensions: IcmpExtension[] | undefined;
}

export interface TracelbProbe {
  tx: Timeval;
  /** What of the probe's header differs from flow to flow: a port or a checksum. */
  flowid: number;
  ttl: number;
  attempt: number;
  replies: TracelbReply[];
}

/** A link from one node to another; `sets` are the probes sent at each TTL between them. */
export interface TracelbLink {
  /** Numbers of nodes, counted from 0; nothing is known behind the link without `to`. */
  from: number;
  to: number | undefined;
  sets: TracelbProbe[][];
}

export interface TracelbNode {
  /** undefined if it was silent: the first hop may be (since scamper 20211212b). */
  addr: Address | undefined;
  name: string | undefined;
  flags: number;
  /** TTL that the node's answers quoted. */
  q_ttl: number;
  links: TracelbLink[];
}

/** All load-balanced paths to a destination (record type 8; warts(5), "tracelb"). Numbers left out are 0. */
export interface TracelbRecord {
  type: 'tracelb';
  list: List | undefined;
  cycle: Cycle | undefined;
  src: Address | undefined;
  dst: Address;
  rtr: Address | undefined;
  start: Timeval;
  /** Why it failed; scamper since 20251020 says so. */
  error: string | undefined;
  sport: number;
  dport: number;
  probe_size_bytes: number;
  method: number;
  first_hop: number;
  wait_timeout_s: number;
  /** Time between two probes, in hundredths of a second. */
  wait_probe_cs: number;
  attempts: number;
  /** Per cent. */
  confidence: number;
  tos: number;
  node_count: number;
  link_count: number;
  probe_count: number;
  probe_count_max: number;
  gap_limit: number;
  userid: number;
  flags: number;
  nodes: TracelbNode[];
}

type TracelbDraft = Omit<TracelbRecord, 'dst'> & { dst: Address | undefined };

interface NodeDraft extends TracelbNode {
  link_count: number;
}

type ReplyDraft = Omit<TracelbReply, 'from'> & { from: Address | undefined };

interface LinkHeader {
  from: number | undefined;
  to: number | undefined;
  set_count: number;
}

/** Read a tracelb record's body. @internal */
export function readTracelb(reader: Reader): TracelbRecord {
  const tracelb: TracelbDraft = {
    type: 'tracelb',
    list: undefined,
    cycle: undefined,
    src: undefined,
    dst: undefined,
    rtr: undefined,
    start: NO_TIME,
    error: undefined,
    sport: 0,
    dport: 0,
    probe_size_bytes: 0,
    method: 0,
    first_hop: 0,
    wait_timeout_s: 0,
    wait_probe_cs: 0,
    attempts: 0,
    confidence: 0,
    tos: 0,
    node_count: 0,
    link_count: 0,
    probe_count: 0,
    probe_count_max: 0,
    gap_limit: 0,
    userid: 0,
    flags: 0,
    nodes: [],
  };
  readParameters(reader, tracelb, readTracelbParameter);
  if (tracelb.dst === undefined) reader.fail('malformed', 'tracelb without a destination');
  const nodes: NodeDraft[] = [];
  for (let left = tracelb.node_count; left > 0; left--) nodes.push(readNode(reader));
  for (let left = tracelb.link_count; left > 0; left--) readLink(reader, nodes);
  if (nodes.some((node) => node.links.length !== node.link_count)) {
    reader.fail('malformed', 'a node has not as many links as it says');
  }
  tracelb.nodes = nodes.map(({ link_count: _count, ...node }) => node);
  return tracelb as TracelbRecord;
}

function readNode(reader: Reader): NodeDraft {
  const node: NodeDraft = { addr: undefined, name: undefined, flags: 0, q_ttl: 0, links: [], link_count: 0 };
  reader.countParts();
  readParameters(reader, node, readNodeParameter);
  return node;
}

function readLink(reader: Reader, nodes: readonly NodeDraft[]): void {
  const header: LinkHeader = { from: undefined, to: undefined, set_count: 0 };
  reader.countParts();
  readParameters(reader, header, readLinkParameter);
  const { from, to, set_count } = header;
  if (from === undefined) reader.fail('malformed', 'link without the node that it begins at');
  const node = nodes[from];
  if (node === undefined || (to !== undefined && to >= nodes.length)) {
    reader.fail('reference', `link from node ${from} to node ${to ?? '*'} of ${nodes.length}`);
  }
  const sets: TracelbProbe[][] = [];
  for (let left = set_count; left > 0; left--) sets.push(readProbeSet(reader));
  node.links.push({ from, to, sets });
}

function readProbeSet(reader: Reader): TracelbProbe[] {
  const header = { probe_count: 0 };
  reader.countParts();
  readParameters(reader, header, (_, set, id) => {
    if (id === 1) set.probe_count = reader.u16();
    return id === 1;
  });
  const probes: TracelbProbe[] = [];
  for (let left = header.probe_count; left > 0; left--) probes.push(readProbe(reader));
  return probes;
}

function readProbe(reader: Reader): TracelbProbe {
  const probe = { tx: NO_TIME, flowid: 0, ttl: 0, attempt: 0, reply_count: 0 };
  reader.countParts();
  readParameters(reader, probe, readProbeParameter);
  const replies: TracelbReply[] = [];
  for (let left = probe.reply_count; left > 0; left--) replies.push(readReply(reader));
  return { tx: probe.tx, flowid: probe.flowid, ttl: probe.ttl, attempt: probe.attempt, replies };
}

function readReply(reader: Reader): TracelbReply {
  const reply: ReplyDraft = {
    from: undefined,
    rx: NO_TIME,
    ipid: 0,
    ttl: 0,
    flags: 0,
    icmp_type: 0,
    icmp_code: 0,
    icmp_q_ttl: 0,
    icmp_q_tos: 0,
    tcp_flags: 0,
    extensions: undefined,
  };
  reader.countParts();
  readParameters(reader, reply, readReplyParameter);
  if (reply.from === undefined) reader.fail('malformed', 'tracelb reply without an address');
  return reply as TracelbReply;
}

function readTracelbParameter(reader: Reader, tracelb: TracelbDraft, id: number): boolean {
  switch (id) {
    case 1:
      tracelb.list = reader.list();
      break;
    case 2:
      tracelb.cycle = reader.cycle();
      break;
    case 3:
      tracelb.src = reader.globalAddress();
      break;
    case 4:
      tracelb.dst = reader.globalAddress();
      break;
    case 5:
      tracelb.start = reader.timeval();
      break;
    case 6:
      tracelb.sport = reader.u16();
      break;
    case 7:
      tracelb.dport = reader.u16();
      break;
    case 8:
      tracelb.probe_size_bytes = reader.u16();
      break;
    case 9:
      tracelb.method = reader.u8();
      break;
    case 10:
      tracelb.first_hop = reader.u8();
      break;
    case 11:
      tracelb.wait_timeout_s = reader.u8();
      break;
    case 12:
      tracelb.wait_probe_cs = reader.u8();
      break;
    case 13:
      tracelb.attempts = reader.u8();
      break;
    case 14:
      tracelb.confidence = reader.u8();
      break;
    case 15:
      tracelb.tos = reader.u8();
      break;
    case 16:
      tracelb.node_count = reader.u16();
      break;
    case 17:
      tracelb.link_count = reader.u16();
      break;
    case 18:
      tracelb.probe_count = reader.u32();
      break;
    case 19:
      tracelb.probe_count_max = reader.u32();
      break;
    case 20:
      tracelb.gap_limit = reader.u8();
      break;
    case 21:
      tracelb.src = reader.address();
      break;
    case 22:
      tracelb.dst = reader.address();
      break;
    case 23:
      tracelb.userid = reader.u32();
      break;
    case 24:
      tracelb.flags = reader.u8();
      break;
    case 25:
      tracelb.rtr = reader.unnumberedAddress();
      break;
    case 26:
      tracelb.error = reader.text();
      break;
    default:
      return false;
  }
  return true;
}

function readNodeParameter(reader: Reader, node: NodeDraft, id: number): boolean {
  switch (id) {
    case 1:
      node.addr = reader.globalAddress();
      break;
    case 2:
      node.flags = reader.u8();
      break;
    case 3:
      node.link_count = reader.u16();
      break;
    case 4:
      node.q_ttl = reader.u8();
      break;
    case 5:
      node.addr = reader.address();
      break;
    case 6:
      node.name = reader.text();
      break;
    default:
      return false;
  }
  return true;
}

function readLinkParameter(reader: Reader, link: LinkHeader, id: number): boolean {
  if (id === 1) link.from = reader.u16();
  else if (id === 2) link.to = reader.u16();
  else if (id === 3) link.set_count = reader.u8();
  else return false;
  return true;
}

function readProbeParameter(
  reader: Reader,
  probe: Omit<TracelbProbe, 'replies'> & { reply_count: number },
  id: number,
): boolean {
  switch (id) {
    case 1:
      probe.tx = reader.timeval();
      break;
    case 2:
      probe.flowid = reader.u16();
      break;
    case 3:
      probe.ttl = reader.u8();
      break;
    case 4:
      probe.attempt = reader.u8();
      break;
    case 5:
      probe.reply_count = reader.u16();
      break;
    default:
      return false;
  }
  return true;
}

/** scamper keeps ICMP type and TCP flags in one place: the later of the two parameters sets both. */
function readReplyParameter(reader: Reader, reply: ReplyDraft, id: number): boolean {
  switch (id) {
    case 1:
      reply.rx = reader.timeval();
      break;
    case 2:
      reply.ipid = reader.u16();
      break;
    case 3:
      reply.ttl = reader.u8();
      break;
    case 4:
      reply.flags = reader.u8();
      break;
    case 5:
      reply.icmp_type = reply.tcp_flags = reader.u8();
      reply.icmp_code = reader.u8();
      break;
    case 6:
      reply.icmp_type = reply.tcp_flags = reader.u8();
      break;
    case 7:
      reply.extensions = readIcmpExtensions(reader);
      break;
    case 8:
      reply.icmp_q_ttl = reader.u8();
      break;
    case 9:
      reply.icmp_q_tos = reader.u8();
      break;
    case 10:
      reply.from = reader.globalAddress();
      break;
    case 11:
      reply.from = reader.address();
      break;
    default:
      return false;
  }
  return true;
}
