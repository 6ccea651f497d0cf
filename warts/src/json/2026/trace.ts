import { HopFlag, isQuoting, type TraceHop } from '../../records/hop.js';
import { TraceFlag, TraceMethod, type TraceRecord } from '../../records/trace.js';
import { extensionJson, isTooBig, TRACE_METHODS, stopReasonName } from '../trace.js';
import { localTime, milliseconds, nameOf, printableName } from '../text.js';
import { errorMessage, monitor } from './common.js';
import { pmtudJson } from './pmtud.js';

const FLAGS = [
  'all-attempts',
  'pmtud',
  'dl',
  'ignorettldst',
  'doubletree',
  'icmp-csum-dport',
  'const-payload',
  'rxerr',
  'ptr',
  'raw',
  'back',
];

/** A traceroute as sc_warts2json of 2026 prints it. */
export function traceJson(trace: TraceRecord): string {
  const { stop_hop, hop_count } = trace;
  const last = stop_hop >= 1 && stop_hop <= hop_count ? stop_hop : hop_count;
  return (
    `{"type":"trace","version":"0.1","userid":${trace.userid},"method":${nameOf(TRACE_METHODS, trace.method)}` +
    (trace.src === undefined ? '' : `,"src":"${trace.src.toString()}"`) +
    `,"dst":"${trace.dst.toString()}"` +
    (trace.rtr === undefined ? '' : `,"rtr":"${trace.rtr.toString()}"`) +
    ports(trace) +
    `,"stop_reason":"${stopReason(trace.stop_reason)}","stop_data":${trace.stop_data}` +
    errorMessage(trace.error) +
    `,"start":{"sec":${trace.start.sec},"usec":${trace.start.usec},"ftime":"${localTime(trace.start.sec)}"}` +
    `,"hop_count":${last},"attempts":${trace.attempts},"hoplimit":${trace.hop_limit}` +
    `,"firsthop":${trace.first_hop},"wait":${trace.wait_s},"wait_probe":${trace.wait_probe_cs}` +
    `,"tos":${trace.tos},"probe_size":${trace.probe_size_bytes},"probe_count":${trace.probe_count}` +
    monitor(trace.list) +
    flags(trace.flags) +
    hopsJson(trace, 'hops', ({ probe_ttl }) => probe_ttl >= trace.first_hop && probe_ttl <= last) +
    hopsJson(trace, 'extra_hops', ({ probe_ttl }) => probe_ttl > last) +
    pmtudJson(trace) +
    '}'
  );
}

const IN_PROGRESS = 10;

function stopReason(reason: number): string {
  return reason === IN_PROGRESS ? 'INPROGRESS' : stopReasonName(reason);
}

function ports(trace: TraceRecord): string {
  switch (trace.method) {
    case TraceMethod.Udp:
    case TraceMethod.Tcp:
    case TraceMethod.UdpParis:
    case TraceMethod.TcpAck:
      return `,"sport":${trace.sport},"dport":${trace.dport}`;
    default:
      return trace.flags & TraceFlag.IcmpChecksum ? `,"icmp_sum":${trace.dport}` : '';
  }
}

const FLAG_BITS = 32;

function flags(bits: number): string {
  const names: string[] = [];
  for (let bit = 0; bit < FLAG_BITS; bit++) {
    if (((bits >>> bit) & 1) === 0) continue;
    names.push(`"${FLAGS[bit] ?? `0x${((1 << bit) >>> 0).toString(16).padStart(8, '0')}`}"`);
  }
  return names.length === 0 ? '' : `,"flags":[${names.join(',')}]`;
}

function hopsJson(trace: TraceRecord, key: string, isOf: (hop: TraceHop) => boolean): string {
  const hops = hopTexts(trace, trace.hops.filter(isOf));
  return hops.length === 0 ? '' : `,"${key}":[${hops.join(',')}]`;
}

/** Neighbouring answers to one probe have the time of the first. */
export function hopTexts(trace: TraceRecord, hops: readonly TraceHop[]): string[] {
  const hasHeaders = (trace.flags & TraceFlag.ErrorQueue) === 0;
  let probe: TraceHop | undefined;
  return hops.map((hop) => {
    if (probe === undefined || !isOfOneProbe(probe, hop)) probe = hop;
    return hopJson(hop, probe, hasHeaders);
  });
}

function isOfOneProbe(a: TraceHop, b: TraceHop): boolean {
  return (
    a.probe_ttl === b.probe_ttl && a.probe_id === b.probe_id && a.probe_size_bytes === b.probe_size_bytes
  );
}

function hopJson(hop: TraceHop, { tx }: TraceHop, hasHeaders: boolean): string {
  return (
    `{"addr":"${hop.addr.toString()}"` +
    (hop.name === undefined ? '' : `,"name":"${printableName(hop.name)}"`) +
    `,"probe_ttl":${hop.probe_ttl},"probe_id":${hop.probe_id},"probe_size":${hop.probe_size_bytes}` +
    (tx.sec === 0 ? '' : `,"tx":{"sec":${tx.sec},"usec":${tx.usec}}`) +
    `,"rtt":${milliseconds(hop.rtt_us)},"reply_ttl":${hop.reply_ttl},"reply_tos":${hop.reply_tos}` +
    hopFlags(hop.flags) +
    (hasHeaders ? `,"reply_ipid":${hop.reply_ipid},"reply_size":${hop.reply_size_bytes}` : '') +
    answer(hop, hasHeaders) +
    (hop.extensions === undefined ? '' : `,"icmpext":[${hop.extensions.map(extensionJson).join(',')}]`) +
    '}'
  );
}

const CLOCKS = [
  [HopFlag.DatalinkTx, 'dltxts'],
  [HopFlag.DatalinkRx, 'dlrxts'],
  [HopFlag.SocketRx, 'sockrxts'],
] as const;

function hopFlags(bits: number): string {
  const names = CLOCKS.filter(([bit]) => bits & bit).map(([, name]) => `"${name}"`);
  return names.length === 0 ? '' : `,"flags":[${names.join(',')}]`;
}

function answer(hop: TraceHop, hasHeaders: boolean): string {
  if (hop.flags & HopFlag.Tcp) return `,"tcp_flags":${hop.tcp_flags}`;
  if (hop.flags & HopFlag.Udp) return '';
  let text = `,"icmp_type":${hop.icmp_type},"icmp_code":${hop.icmp_code}`;
  if (hasHeaders && isQuoting(hop.addr, hop.icmp_type)) {
    text += `,"icmp_q_ttl":${hop.icmp_q_ttl},"icmp_q_ipl":${hop.icmp_q_ipl_bytes},"icmp_q_tos":${hop.icmp_q_tos}`;
  }
  // The colon inside of this key is scamper's.
  if (isTooBig(hop)) text += `,"icmp_nhmtu:":${hop.icmp_nhmtu_bytes}`;
  return text;
}
