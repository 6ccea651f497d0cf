import { compareAddresses, compareAddresses64, type Address } from '../address.js';
import {
  TRACELB_NODE_HAS_Q_TTL,
  TRACELB_REPLY_IS_TCP,
  type TracelbLink,
  type TracelbNode,
  type TracelbProbe,
  type TracelbRecord,
  type TracelbReply,
} from '../records/tracelb.js';
import type { Timeval } from '../records/types.js';
import { errorMessage, monitor } from './2026/common.js';
import type { JsonDialect } from './dialect.js';
import { localTime, milliseconds, printableName } from './text.js';
import { extensionJson } from './trace.js';

const METHODS = [undefined, 'udp-dport', 'icmp-echo', 'udp-sport', 'tcp-sport', 'tcp-ack-sport'];
const METHOD_ICMP_ECHO = 2;

const SILENT = '{"addr":"*"}';

/** A tracelb record as sc_warts2json prints it. */
export function tracelbJson(lb: TracelbRecord, dialect: JsonDialect = '20211212'): string {
  const isNew = dialect === '2026';
  const hasPorts = lb.method !== METHOD_ICMP_ECHO && METHODS[lb.method] !== undefined;
  const nodes = lb.nodes.filter((node) => node.links.length > 0).map((node) => nodeJson(lb, node, isNew));
  return (
    `{"type":"tracelb", "version":"0.1", "userid":${lb.userid}, "method":"${METHODS[lb.method] ?? (isNew ? lb.method : '(null)')}"` +
    (lb.src === undefined ? '' : `, "src":"${lb.src.toString()}"`) +
    `, "dst":"${lb.dst.toString()}"` +
    (lb.rtr === undefined ? '' : `, "rtr":"${lb.rtr.toString()}"`) +
    (hasPorts ? `, "sport":${lb.sport}, "dport":${lb.dport}` : '') +
    `, "start":{"sec":${lb.start.sec}, "usec":${lb.start.usec}, "ftime":"${localTime(lb.start.sec)}"}` +
    `, "probe_size":${lb.probe_size_bytes}, "firsthop":${lb.first_hop}, "attempts":${lb.attempts}` +
    `, "confidence":${lb.confidence}, "tos":${lb.tos}, "gaplimit":${lb.gap_limit}` +
    `, "wait_timeout":${lb.wait_timeout_s}, "wait_probe":${isNew ? lb.wait_probe_cs : lb.wait_probe_cs * 10}` +
    `, "probec":${lb.probe_count}, "probec_max":${lb.probe_count_max}` +
    `, "nodec":${lb.node_count}, "linkc":${lb.link_count}` +
    (isNew ? errorMessage(lb.error) + monitor(lb.list) : '') +
    (nodes.length === 0 ? '' : `, "nodes":[${nodes.join(',')}]`) +
    '}'
  );
}

function nodeJson(lb: TracelbRecord, node: TracelbNode, isNew: boolean): string {
  const [only] = node.links;
  const links =
    node.links.length === 1 && only !== undefined
      ? singleLink(lb, only, isNew)
      : severalLinks(lb, node.links, isNew);
  return (
    `{"addr":"${node.addr?.toString() ?? '*'}"` +
    (node.name === undefined ? '' : `, "name":"${printableName(node.name)}"`) +
    (node.flags & TRACELB_NODE_HAS_Q_TTL ? `, "q_ttl":${node.q_ttl}` : '') +
    `, "linkc":${node.links.length}, "links":[${links}]}`
  );
}

/** One array with what the first probes of each link met. The blank before the first probe is that of 20211212. */
function severalLinks(lb: TracelbRecord, links: readonly TracelbLink[], isNew: boolean): string {
  const farEnds = links.map((link) => {
    const addr = farEnd(lb, link);
    if (addr === undefined) return isNew ? `{"probes":[${unanswered(link)}]}` : SILENT;
    const probes = probesOf(link.sets[0], addr, isNew);
    return `{"addr":"${addr.toString()}", "probes":[${isNew ? '' : ' '}${probes}]}`;
  });
  return `[${farEnds.join(',')}]`;
}

/** The probes to a node without an address; of a link that leads to none, nothing is printed. */
function unanswered({ to, sets }: TracelbLink): string {
  const set = to === undefined ? [] : (sets[0] ?? []);
  return set.map((probe) => probeJson(probe, [], true)).join(',');
}

/** What each TTL before the link's far end met, then the far end. */
function singleLink(lb: TracelbRecord, link: TracelbLink, isNew: boolean): string {
  const addr = farEnd(lb, link);
  const last =
    addr === undefined
      ? SILENT
      : `{"addr":"${addr.toString()}", "probes":[${probesOf(link.sets.at(-1), addr, isNew)}]}`;
  return [...link.sets.slice(0, -1).map((set) => setSummary(set, isNew)), last]
    .map((part) => `[${part}]`)
    .join(',');
}

function farEnd(lb: TracelbRecord, link: TracelbLink): Address | undefined {
  return link.to === undefined ? undefined : lb.nodes[link.to]?.addr;
}

/** All probes of a set, each with its replies from one address. */
function probesOf(set: readonly TracelbProbe[] | undefined, addr: Address, isNew: boolean): string {
  const key = addr.toString();
  return (set ?? [])
    .map((probe) =>
      probeJson(
        probe,
        probe.replies.filter(({ from }) => from.toString() === key),
        isNew,
      ),
    )
    .join(',');
}

/** Each address that answered with the probes it answered; then `*` if some flow had no answer at all. */
function setSummary(set: readonly TracelbProbe[], isNew: boolean): string {
  const compare = isNew ? compareAddresses64 : compareAddresses;
  const answers = [...answersByAddress(set).values()].sort((a, b) => compare(a.addr, b.addr));
  const parts = answers.map(({ addr, probes }) => {
    const list = probes.map(({ probe, replies }) => probeJson(probe, replies, isNew));
    return `{"addr":"${addr.toString()}", "probes":[${list.join(',')}]}`;
  });
  if (hasSilentFlow(set)) parts.push(SILENT);
  return parts.join(', ');
}

/** The probes that an address answered, and its replies to each. */
interface Answers {
  addr: Address;
  probes: { probe: TracelbProbe; replies: TracelbReply[] }[];
}

function answersByAddress(set: readonly TracelbProbe[]): Map<string, Answers> {
  const byAddress = new Map<string, Answers>();
  for (const probe of set) {
    for (const reply of probe.replies) {
      const key = reply.from.toString();
      const answers = byAddress.get(key) ?? { addr: reply.from, probes: [] };
      byAddress.set(key, answers);
      const last = answers.probes.at(-1);
      if (last?.probe === probe) last.replies.push(reply);
      else answers.probes.push({ probe, replies: [reply] });
    }
  }
  return byAddress;
}

/** Neighbouring probes of one flow id are one flow. */
function hasSilentFlow(set: readonly TracelbProbe[]): boolean {
  let silent = false;
  let flowid: number | undefined;
  for (const probe of set) {
    if (probe.flowid !== flowid) {
      if (silent) return true;
      silent = true;
      flowid = probe.flowid;
    }
    if (probe.replies.length > 0) silent = false;
  }
  return silent;
}

function probeJson(
  { tx, ttl, attempt, flowid }: TracelbProbe,
  replies: readonly TracelbReply[],
  isNew: boolean,
): string {
  return (
    `{"tx":{"sec":${tx.sec}, "usec":${tx.usec}}, "replyc":${replies.length}` +
    `, "ttl":${ttl}, "attempt":${attempt}, "flowid":${flowid}` +
    (replies.length === 0
      ? ''
      : `, "replies":[${replies.map((reply) => replyJson(tx, reply, isNew)).join(',')}]`) +
    '}'
  );
}

function replyJson(tx: Timeval, reply: TracelbReply, isNew: boolean): string {
  const { rx, ttl, from } = reply;
  return (
    `{"rx":{"sec":${rx.sec}, "usec":${rx.usec}}, "ttl":${ttl}, "rtt":${milliseconds(between(tx, rx))}` +
    (from.isIPv4 ? `, "ipid":${reply.ipid}` : '') +
    (reply.flags & TRACELB_REPLY_IS_TCP ? `, "tcp_flags":${reply.tcp_flags}` : icmpFields(reply)) +
    (isNew && reply.extensions !== undefined
      ? `,"icmpext":[${reply.extensions.map(extensionJson).join(',')}]`
      : '') +
    '}'
  );
}

/** Microseconds from one time to another, modulo 2^32 as scamper counts them. */
function between(from: Timeval, to: Timeval): number {
  return ((to.sec - from.sec) * 1_000_000 + to.usec - from.usec) >>> 0;
}

function icmpFields(reply: TracelbReply): string {
  const { icmp_type, icmp_code, icmp_q_tos, icmp_q_ttl } = reply;
  const quotes = reply.from.isIPv4 ? icmp_type === 3 || icmp_type === 11 : icmp_type === 1 || icmp_type === 3;
  return (
    `, "icmp_type":${icmp_type}, "icmp_code":${icmp_code}, "icmp_q_tos":${icmp_q_tos}` +
    (quotes ? `, "icmp_q_ttl":${icmp_q_ttl}` : '')
  );
}
