import type { Address } from '../address.js';
import { HopFlag, isQuoting, type TraceHop } from '../records/hop.js';
import type { IcmpExtension } from '../records/icmp-extension.js';
import { TraceFlag, TraceMethod, type TraceRecord } from '../records/trace.js';
import { writeEndpoints } from './endpoints.js';
import { type Ascii, ascii, asciiOf, Names, type JsonWriter } from './json-writer.js';
import { localTime, printableName } from './text.js';

const TRACE_METHODS = [undefined, 'icmp-echo', 'udp', 'tcp', 'icmp-echo-paris', 'udp-paris', 'tcp-ack'];
export const STOP_REASONS = [
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

const METHOD_NAMES = new Names(TRACE_METHODS);
const STOP_NAMES = new Names(STOP_REASONS);

/** Name of a trace's stop reason; a reason without a name is its number. */
export function stopReasonName(reason: number): string {
  return STOP_REASONS[reason] ?? String(reason);
}

/** What stands between the values; where a value is text, with its quotes. */
const KEY = asciiOf({
  userid: '{"type":"trace","version":"0.1", "userid":',
  method: ', "method":',
  src: ', "src":"',
  dst: ', "dst":"',
  rtr: ', "rtr":"',
  sport: ', "sport":',
  dport: ', "dport":',
  checksum: ', "icmp_sum":',
  stopReason: ', "stop_reason":',
  stopData: ', "stop_data":',
  start: ', "start":{"sec":',
  usec: ', "usec":',
  localTime: ', "ftime":"',
  hopCount: '"}, "hop_count":',
  attempts: ', "attempts":',
  hopLimit: ', "hoplimit":',
  firstHop: ', "firsthop":',
  wait: ', "wait":',
  waitProbe: ', "wait_probe":',
  tos: ', "tos":',
  probeSize: ', "probe_size":',
  probeCount: ', "probe_count":',
  firstAddress: ', "hops":[{"addr":"',
  address: ',{"addr":"',
  probeTtl: ', "probe_ttl":',
  probeId: ', "probe_id":',
  tx: ', "tx":{"sec":',
  rtt: ', "rtt":',
  replyTtl: ', "reply_ttl":',
  replyTos: ', "reply_tos":',
  replyIpid: ', "reply_ipid":',
  replySize: ', "reply_size":',
  tcpFlags: ', "tcp_flags":',
  icmpType: ', "icmp_type":',
  icmpCode: ', "icmp_code":',
  quotedTtl: ', "icmp_q_ttl":',
  quotedLength: ', "icmp_q_ipl":',
  quotedTos: ', "icmp_q_tos":',
  // The colon inside of this key is scamper's.
  nextHopMtu: ', "icmp_nhmtu:":',
});
const END = ascii('}');
const END_OF_HOPS = ascii(']');

type Keys<Key extends string> = Readonly<Record<Key, Ascii>>;
type WhatKey =
  | ('userid' | 'method' | 'src' | 'dst' | 'rtr')
  | ('sport' | 'dport' | 'checksum' | 'stopReason' | 'stopData');
type HowKey =
  | ('start' | 'usec' | 'localTime' | 'hopCount' | 'attempts' | 'hopLimit' | 'firstHop')
  | ('wait' | 'waitProbe' | 'tos' | 'probeSize' | 'probeCount');

/** A traceroute as sc_warts2json prints it. */
export function writeTrace(out: JsonWriter, trace: TraceRecord): void {
  writeWhat(out, KEY, STOP_NAMES, trace);
  writeHow(out, KEY, trace, trace.hop_count);
  writeHops(out, trace);
  out.put(END);
}

/** What was measured, and why it ended. @param key those of the dialect, which differ in their spaces */
export function writeWhat(out: JsonWriter, key: Keys<WhatKey>, stopNames: Names, trace: TraceRecord): void {
  out.number(key.userid, trace.userid);
  out.put(key.method);
  out.put(METHOD_NAMES.of(trace.method));
  writeEndpoints(out, key, trace);
  if (hasPorts(trace)) {
    out.number(key.sport, trace.sport);
    out.number(key.dport, trace.dport);
  } else if (trace.flags & TraceFlag.IcmpChecksum) {
    out.number(key.checksum, trace.dport);
  }
  out.put(key.stopReason);
  out.put(stopNames.of(trace.stop_reason));
  out.number(key.stopData, trace.stop_data);
}

/** When it began, and how it was measured. */
export function writeHow(out: JsonWriter, key: Keys<HowKey>, trace: TraceRecord, hopCount: number): void {
  out.number(key.start, trace.start.sec);
  out.number(key.usec, trace.start.usec);
  out.put(key.localTime);
  out.text(localTime(trace.start.sec));
  out.number(key.hopCount, hopCount);
  out.number(key.attempts, trace.attempts);
  out.number(key.hopLimit, trace.hop_limit);
  out.number(key.firstHop, trace.first_hop);
  out.number(key.wait, trace.wait_s);
  out.number(key.waitProbe, trace.wait_probe_cs);
  out.number(key.tos, trace.tos);
  out.number(key.probeSize, trace.probe_size_bytes);
  out.number(key.probeCount, trace.probe_count);
}

function hasPorts({ method }: TraceRecord): boolean {
  return (
    method === TraceMethod.Udp ||
    method === TraceMethod.Tcp ||
    method === TraceMethod.UdpParis ||
    method === TraceMethod.TcpAck
  );
}

function writeHops(out: JsonWriter, trace: TraceRecord): void {
  const hasHeaders = (trace.flags & TraceFlag.ErrorQueue) === 0;
  let key = KEY.firstAddress;
  for (const hop of trace.hops) {
    if (hop.probe_ttl < trace.first_hop) continue;
    out.address(key, hop.addr);
    writeHop(out, hop, hasHeaders);
    key = KEY.address;
  }
  if (key === KEY.address) out.put(END_OF_HOPS);
}

function writeHop(out: JsonWriter, hop: TraceHop, hasHeaders: boolean): void {
  if (hop.name !== undefined) out.text(`, "name":"${printableName(hop.name)}"`);
  out.number(KEY.probeTtl, hop.probe_ttl);
  out.number(KEY.probeId, hop.probe_id);
  out.number(KEY.probeSize, hop.probe_size_bytes);
  if (hop.tx.sec !== 0) out.time(KEY.tx, hop.tx.sec, KEY.usec, hop.tx.usec);
  out.milliseconds(KEY.rtt, hop.rtt_us);
  out.number(KEY.replyTtl, hop.reply_ttl);
  out.number(KEY.replyTos, hop.reply_tos);
  if (hasHeaders) {
    out.number(KEY.replyIpid, hop.reply_ipid);
    out.number(KEY.replySize, hop.reply_size_bytes);
  }
  writeAnswer(out, hop, hasHeaders);
  if (hop.extensions !== undefined) out.text(`, "icmpext":[${hop.extensions.map(extensionJson).join(',')}]`);
  out.put(END);
}

function writeAnswer(out: JsonWriter, hop: TraceHop, hasHeaders: boolean): void {
  if (hop.flags & HopFlag.Tcp) out.number(KEY.tcpFlags, hop.tcp_flags);
  else if ((hop.flags & HopFlag.Udp) === 0) writeIcmpAnswer(out, hop, hasHeaders);
}

function writeIcmpAnswer(out: JsonWriter, hop: TraceHop, hasHeaders: boolean): void {
  out.number(KEY.icmpType, hop.icmp_type);
  out.number(KEY.icmpCode, hop.icmp_code);
  if (hasHeaders && isQuoting(hop.addr, hop.icmp_type)) {
    out.number(KEY.quotedTtl, hop.icmp_q_ttl);
    out.number(KEY.quotedLength, hop.icmp_q_ipl_bytes);
    if (hop.addr.isIPv4) out.number(KEY.quotedTos, hop.icmp_q_tos);
  }
  if (isTooBig(hop.addr, hop.icmp_type, hop.icmp_code)) out.number(KEY.nextHopMtu, hop.icmp_nhmtu_bytes);
}

/** Whether an ICMP message of this type and code, from this address, says that the probe was too big. */
export function isTooBig(from: Address, icmpType: number, icmpCode: number): boolean {
  if (from.isIPv4) return icmpType === 3 && icmpCode === 4;
  return from.isIPv6 && icmpType === 2;
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
