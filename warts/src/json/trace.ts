import { HopFlag, isQuoting, type TraceHop } from '../records/hop.js';
import type { IcmpExtension } from '../records/icmp-extension.js';
import { TraceFlag, TraceMethod, type TraceRecord } from '../records/trace.js';
import { localTime, milliseconds, nameOf, printableName } from './text.js';

export const TRACE_METHODS = [
  undefined,
  'icmp-echo',
  'udp',
  'tcp',
  'icmp-echo-paris',
  'udp-paris',
  'tcp-ack',
];
const STOP_REASONS = [
  'NONE',
  'COMPLETED',
  'UNREACH',
  'ICMP',
  'LOOP',
  'GAPLIMIT',
  'ERROR',
  'HOPLIMIT',
  'GSS',
  'HALTED',
];

/** Name of a trace's stop reason; a reason without a name is its number. */
export function stopReasonName(reason: number): string {
  return STOP_REASONS[reason] ?? String(reason);
}

/** A traceroute as sc_warts2json prints it. */
export function traceJson(trace: TraceRecord): string {
  return (
    `{"type":"trace","version":"0.1", "userid":${trace.userid}, "method":${nameOf(TRACE_METHODS, trace.method)}` +
    (trace.src === undefined ? '' : `, "src":"${trace.src.toString()}"`) +
    `, "dst":"${trace.dst.toString()}"` +
    (trace.rtr === undefined ? '' : `, "rtr":"${trace.rtr.toString()}"`) +
    ports(trace) +
    `, "stop_reason":"${stopReasonName(trace.stop_reason)}", "stop_data":${trace.stop_data}` +
    `, "start":{"sec":${trace.start.sec}, "usec":${trace.start.usec}, "ftime":"${localTime(trace.start.sec)}"}` +
    `, "hop_count":${trace.hop_count}, "attempts":${trace.attempts}, "hoplimit":${trace.hop_limit}` +
    `, "firsthop":${trace.first_hop}, "wait":${trace.wait_s}, "wait_probe":${trace.wait_probe_cs}` +
    `, "tos":${trace.tos}, "probe_size":${trace.probe_size_bytes}, "probe_count":${trace.probe_count}` +
    hops(trace) +
    '}'
  );
}

function ports(trace: TraceRecord): string {
  switch (trace.method) {
    case TraceMethod.Udp:
    case TraceMethod.Tcp:
    case TraceMethod.UdpParis:
    case TraceMethod.TcpAck:
      return `, "sport":${trace.sport}, "dport":${trace.dport}`;
    default:
      return trace.flags & TraceFlag.IcmpChecksum ? `, "icmp_sum":${trace.dport}` : '';
  }
}

function hops(trace: TraceRecord): string {
  const hasHeaders = (trace.flags & TraceFlag.ErrorQueue) === 0;
  let text = '';
  for (const hop of trace.hops) {
    if (hop.probe_ttl >= trace.first_hop)
      text += (text === '' ? ', "hops":[' : ',') + hopJson(hop, hasHeaders);
  }
  return text === '' ? '' : text + ']';
}

function hopJson(hop: TraceHop, hasHeaders: boolean): string {
  return (
    `{"addr":"${hop.addr.toString()}"` +
    (hop.name === undefined ? '' : `, "name":"${printableName(hop.name)}"`) +
    `, "probe_ttl":${hop.probe_ttl}, "probe_id":${hop.probe_id}, "probe_size":${hop.probe_size_bytes}` +
    (hop.tx.sec === 0 ? '' : `, "tx":{"sec":${hop.tx.sec}, "usec":${hop.tx.usec}}`) +
    `, "rtt":${milliseconds(hop.rtt_us)}, "reply_ttl":${hop.reply_ttl}, "reply_tos":${hop.reply_tos}` +
    (hasHeaders ? `, "reply_ipid":${hop.reply_ipid}, "reply_size":${hop.reply_size_bytes}` : '') +
    answer(hop, hasHeaders) +
    (hop.extensions === undefined ? '' : `, "icmpext":[${hop.extensions.map(extensionJson).join(',')}]`) +
    '}'
  );
}

function answer(hop: TraceHop, hasHeaders: boolean): string {
  if (hop.flags & HopFlag.Tcp) return `, "tcp_flags":${hop.tcp_flags}`;
  if (hop.flags & HopFlag.Udp) return '';
  let text = `, "icmp_type":${hop.icmp_type}, "icmp_code":${hop.icmp_code}`;
  if (hasHeaders && isQuoting(hop.addr, hop.icmp_type)) {
    text += `, "icmp_q_ttl":${hop.icmp_q_ttl}, "icmp_q_ipl":${hop.icmp_q_ipl_bytes}`;
    if (hop.addr.isIPv4) text += `, "icmp_q_tos":${hop.icmp_q_tos}`;
  }
  // The colon inside of this key is scamper's.
  if (isTooBig(hop)) text += `, "icmp_nhmtu:":${hop.icmp_nhmtu_bytes}`;
  return text;
}

export function isTooBig(hop: Pick<TraceHop, 'addr' | 'icmp_type' | 'icmp_code'>): boolean {
  if (hop.addr.isIPv4) return hop.icmp_type === 3 && hop.icmp_code === 4;
  return hop.addr.isIPv6 && hop.icmp_type === 2;
}

export function extensionJson(extension: IcmpExtension): string {
  const { class: ie_cn, type: ie_ct, data } = extension;
  const labels = ie_cn === 1 && ie_ct === 1 ? `,"mpls_labels":[${mplsLabels(data)}]` : '';
  return `{"ie_cn":${ie_cn},"ie_ct":${ie_ct},"ie_dl":${data.length}${labels}}`;
}

/** A label stack (RFC 3032): 20 bits of label, 3 of experimental use, 1 bottom of stack, 8 of TTL. */
function mplsLabels(data: Uint8Array): string {
  const labels: string[] = [];
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at + 4 <= data.length; at += 4) {
    const entry = view.getUint32(at);
    labels.push(
      `{"mpls_ttl":${entry & 255},"mpls_s":${(entry >>> 8) & 1}` +
        `,"mpls_exp":${(entry >>> 9) & 7},"mpls_label":${entry >>> 12}}`,
    );
  }
  return labels.join(',');
}
