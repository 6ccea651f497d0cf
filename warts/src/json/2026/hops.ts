import { HopFlag, isQuoting, type TraceHop } from '../../records/hop.js';
import { TraceFlag, type TraceRecord } from '../../records/trace.js';
import { ascii, asciiOf, type Ascii, type JsonWriter } from '../json-writer.js';
import { printableName } from '../text.js';
import { extensionJson, isTooBig } from '../trace.js';

/** What stands between the values; where a value is text, with its quotes. */
const KEY = asciiOf({
  address: '{"addr":"',
  probeTtl: ',"probe_ttl":',
  probeId: ',"probe_id":',
  probeSize: ',"probe_size":',
  tx: ',"tx":{"sec":',
  usec: ',"usec":',
  rtt: ',"rtt":',
  replyTtl: ',"reply_ttl":',
  replyTos: ',"reply_tos":',
  replyIpid: ',"reply_ipid":',
  replySize: ',"reply_size":',
  tcpFlags: ',"tcp_flags":',
  icmpType: ',"icmp_type":',
  icmpCode: ',"icmp_code":',
  quotedTtl: ',"icmp_q_ttl":',
  quotedLength: ',"icmp_q_ipl":',
  quotedTos: ',"icmp_q_tos":',
  // The colon inside of this key is scamper's.
  nextHopMtu: ',"icmp_nhmtu:":',
});
const COMMA = ascii(',');
const END = ascii('}');
const END_OF_HOPS = ascii(']');

/**
 * Writes `key` and those of `hops` whose TTL is `first` to `last`; nothing if there are none. Neighbouring answers to
 * one probe have the time of the first.
 */
export function writeHops(
  out: JsonWriter,
  key: Ascii,
  { flags }: TraceRecord,
  hops: readonly TraceHop[],
  first: number,
  last: number,
): void {
  const hasHeaders = (flags & TraceFlag.ErrorQueue) === 0;
  let probe: TraceHop | undefined;
  for (const hop of hops) {
    if (hop.probe_ttl < first || hop.probe_ttl > last) continue;
    out.put(probe === undefined ? key : COMMA);
    if (probe === undefined || !isOfOneProbe(probe, hop)) probe = hop;
    writeHop(out, hop, probe, hasHeaders);
  }
  if (probe !== undefined) out.put(END_OF_HOPS);
}

function isOfOneProbe(a: TraceHop, b: TraceHop): boolean {
  return (
    a.probe_ttl === b.probe_ttl && a.probe_id === b.probe_id && a.probe_size_bytes === b.probe_size_bytes
  );
}

function writeHop(out: JsonWriter, hop: TraceHop, { tx }: TraceHop, hasHeaders: boolean): void {
  out.address(KEY.address, hop.addr);
  if (hop.name !== undefined) out.text(`,"name":"${printableName(hop.name)}"`);
  out.number(KEY.probeTtl, hop.probe_ttl);
  out.number(KEY.probeId, hop.probe_id);
  out.number(KEY.probeSize, hop.probe_size_bytes);
  if (tx.sec !== 0) out.time(KEY.tx, tx.sec, KEY.usec, tx.usec);
  out.milliseconds(KEY.rtt, hop.rtt_us);
  out.number(KEY.replyTtl, hop.reply_ttl);
  out.number(KEY.replyTos, hop.reply_tos);
  out.put(CLOCK_TEXTS[hop.flags & ANY_CLOCK] ?? NOTHING);
  if (hasHeaders) {
    out.number(KEY.replyIpid, hop.reply_ipid);
    out.number(KEY.replySize, hop.reply_size_bytes);
  }
  if (hop.flags & HopFlag.Tcp) out.number(KEY.tcpFlags, hop.tcp_flags);
  else if ((hop.flags & HopFlag.Udp) === 0) writeIcmpAnswer(out, hop, hasHeaders);
  if (hop.extensions !== undefined) out.text(`,"icmpext":[${hop.extensions.map(extensionJson).join(',')}]`);
  out.put(END);
}

const CLOCKS = [
  [HopFlag.DatalinkTx, 'dltxts'],
  [HopFlag.DatalinkRx, 'dlrxts'],
  [HopFlag.SocketRx, 'sockrxts'],
] as const;
const ANY_CLOCK = HopFlag.DatalinkTx | HopFlag.DatalinkRx | HopFlag.SocketRx;

function clockText(bits: number): string {
  if (bits === 0) return '';
  const names = CLOCKS.filter(([bit]) => bits & bit).map(([, name]) => `"${name}"`);
  return `,"flags":[${names.join(',')}]`;
}

const NOTHING = ascii('');
/** By the three bits. */
const CLOCK_TEXTS = Array.from({ length: ANY_CLOCK + 1 }, (_, bits) => ascii(clockText(bits)));

function writeIcmpAnswer(out: JsonWriter, hop: TraceHop, hasHeaders: boolean): void {
  out.number(KEY.icmpType, hop.icmp_type);
  out.number(KEY.icmpCode, hop.icmp_code);
  if (hasHeaders && isQuoting(hop.addr, hop.icmp_type)) {
    out.number(KEY.quotedTtl, hop.icmp_q_ttl);
    out.number(KEY.quotedLength, hop.icmp_q_ipl_bytes);
    out.number(KEY.quotedTos, hop.icmp_q_tos);
  }
  if (isTooBig(hop.addr, hop.icmp_type, hop.icmp_code)) out.number(KEY.nextHopMtu, hop.icmp_nhmtu_bytes);
}
