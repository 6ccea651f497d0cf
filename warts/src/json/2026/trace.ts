import type { TraceHop } from '../../records/hop.js';
import { TraceFlag, TraceMethod, type TraceRecord } from '../../records/trace.js';
import { lastTtl } from '../../trace-end.js';
import { stopReasonName, TRACE_METHODS } from '../trace.js';
import { localTime, nameOf } from '../text.js';
import { errorMessage, monitor } from './common.js';
import { hopTexts } from './hops.js';
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
  const last = lastTtl(trace);
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
    hopsJson(trace, 'hops', ({ probe_ttl }) => probe_ttl <= last) +
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
  const hops = hopTexts(
    trace,
    trace.hops.filter((hop) => hop.probe_ttl >= trace.first_hop && isOf(hop)),
  );
  return hops.length === 0 ? '' : `,"${key}":[${hops.join(',')}]`;
}
