import { HopFlag, isQuoting, type TraceHop } from '../../records/hop.js';
import { TraceFlag, type TraceRecord } from '../../records/trace.js';
import { milliseconds, printableName } from '../text.js';
import { extensionJson, isTooBig } from '../trace.js';

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
