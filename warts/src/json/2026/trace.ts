import type { TraceRecord } from '../../records/trace.js';
import { lastTtl } from '../../trace-end.js';
import { ascii, asciiOf, Names, type JsonWriter } from '../json-writer.js';
import { STOP_REASONS, writeHow, writeWhat } from '../trace.js';
import { errorMessage, monitor } from './common.js';
import { writeHops } from './hops.js';
import { writePmtud } from './pmtud.js';

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

/** What stands between the values; where a value is text, with its quotes. */
const KEY = asciiOf({
  userid: '{"type":"trace","version":"0.1","userid":',
  method: ',"method":',
  src: ',"src":"',
  dst: ',"dst":"',
  rtr: ',"rtr":"',
  sport: ',"sport":',
  dport: ',"dport":',
  checksum: ',"icmp_sum":',
  stopReason: ',"stop_reason":',
  stopData: ',"stop_data":',
  start: ',"start":{"sec":',
  usec: ',"usec":',
  localTime: ',"ftime":"',
  hopCount: '"},"hop_count":',
  attempts: ',"attempts":',
  hopLimit: ',"hoplimit":',
  firstHop: ',"firsthop":',
  wait: ',"wait":',
  waitProbe: ',"wait_probe":',
  tos: ',"tos":',
  probeSize: ',"probe_size":',
  probeCount: ',"probe_count":',
  hops: ',"hops":[',
  extraHops: ',"extra_hops":[',
});
const STOP_NAMES = new Names([...STOP_REASONS, 'INPROGRESS']);
const END = ascii('}');

/** A traceroute as sc_warts2json of 2026 prints it. */
export function writeTrace(out: JsonWriter, trace: TraceRecord): void {
  const last = lastTtl(trace);
  writeWhat(out, KEY, STOP_NAMES, trace);
  out.text(errorMessage(trace.error));
  writeHow(out, KEY, trace, last);
  out.text(monitor(trace.list));
  out.text(flags(trace.flags));
  writeHops(out, KEY.hops, trace, trace.hops, trace.first_hop, last);
  writeHops(out, KEY.extraHops, trace, trace.hops, Math.max(trace.first_hop, last + 1), Infinity);
  writePmtud(out, trace);
  out.put(END);
}

const FLAG_BITS = 32;

function flags(bits: number): string {
  if (bits === 0) return '';
  const names: string[] = [];
  for (let bit = 0; bit < FLAG_BITS; bit++) {
    if (((bits >>> bit) & 1) === 0) continue;
    names.push(`"${FLAGS[bit] ?? `0x${((1 << bit) >>> 0).toString(16).padStart(8, '0')}`}"`);
  }
  return `,"flags":[${names.join(',')}]`;
}
