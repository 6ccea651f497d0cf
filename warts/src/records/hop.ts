import type { Address } from '../address.js';
import { bytesOfSets, type Reader } from '../reader.js';
import { readIcmpExtensions, type IcmpExtension } from './icmp-extension.js';
import { NO_TIME, type Timeval } from './types.js';

/**
 * Bits of `TraceHop.flags`: whose clock the times are of, and what the answer is; with neither `Tcp` nor `Udp` it is an
 * ICMP message.
 */
export const HopFlag = { SocketRx: 0x01, DatalinkTx: 0x02, DatalinkRx: 0x04, Tcp: 0x20, Udp: 0x40 } as const;

/** One answer to a traceroute's probe (warts(5), "traceroute hops"). */
export interface TraceHop {
  addr: Address;
  name: string | undefined;
  probe_ttl: number;
  /** Which of the probes to this TTL was answered, counted from 1; 0 if not recorded. */
  probe_id: number;
  probe_size_bytes: number;
  reply_ttl: number;
  reply_tos: number;
  reply_size_bytes: number;
  reply_ipid: number;
  flags: number;
  rtt_us: number;
  /** When the probe was sent; seconds are 0 if not recorded. */
  tx: Timeval;
  icmp_type: number;
  icmp_code: number;
  icmp_nhmtu_bytes: number;
  /** TTL, length and TOS of the probe as the ICMP message quotes it. */
  icmp_q_ttl: number;
  icmp_q_ipl_bytes: number;
  icmp_q_tos: number;
  tcp_flags: number;
  extensions: IcmpExtension[] | undefined;
}

/** A count and as many hops. @internal */
export function readHops(reader: Reader): TraceHop[] {
  const hops: TraceHop[] = [];
  for (let left = reader.u16(); left > 0; left--) hops.push(readHop(reader));
  return hops;
}

/** Parameters of a hop by their numbers in warts(5), as bits of `Reader.beginBlock`. */
const HOP = {
  globalAddress: 1 << 0,
  probeTtl: 1 << 1,
  replyTtl: 1 << 2,
  flags: 1 << 3,
  probeId: 1 << 4,
  rtt: 1 << 5,
  icmp: 1 << 6,
  probeSize: 1 << 7,
  replySize: 1 << 8,
  replyIpid: 1 << 9,
  replyTos: 1 << 10,
  nextHopMtu: 1 << 11,
  quotedLength: 1 << 12,
  quotedTtl: 1 << 13,
  tcpFlags: 1 << 14,
  quotedTos: 1 << 15,
  extensions: 1 << 16,
  address: 1 << 17,
  tx: 1 << 18,
  name: 1 << 19,
} as const;
const LAST_OF_HOP = 20;
/** Bytes of the parameters `probeTtl` to `quotedTos`, by those that are there. */
const BYTES_BEFORE_EXTENSIONS = bytesOfSets([1, 1, 1, 1, 4, 2, 2, 2, 2, 1, 2, 2, 1, 1, 1]);

function readHop(reader: Reader): TraceHop {
  reader.countParts();
  const has = reader.beginBlock();
  const globalAddress = has & HOP.globalAddress ? reader.globalAddress() : undefined;
  reader.expect(BYTES_BEFORE_EXTENSIONS[(has >> 1) & 0x7fff] ?? 0);
  const probe_ttl = reader.u8If(has & HOP.probeTtl);
  const reply_ttl = reader.u8If(has & HOP.replyTtl);
  const flags = reader.u8If(has & HOP.flags);
  const probe_id = has & HOP.probeId ? (reader.u8If(1) + 1) & 255 : 0;
  const rtt_us = reader.u32If(has & HOP.rtt);
  const type = reader.u8If(has & HOP.icmp);
  const icmp_code = reader.u8If(has & HOP.icmp);
  const probe_size_bytes = reader.u16If(has & HOP.probeSize);
  const reply_size_bytes = reader.u16If(has & HOP.replySize);
  const reply_ipid = reader.u16If(has & HOP.replyIpid);
  const reply_tos = reader.u8If(has & HOP.replyTos);
  const icmp_nhmtu_bytes = reader.u16If(has & HOP.nextHopMtu);
  const quotedLength = reader.u16If(has & HOP.quotedLength);
  const quotedTtl = reader.u8If(has & HOP.quotedTtl);
  // scamper keeps ICMP type and TCP flags in one place: the later of the two parameters sets both.
  const icmp_type = has & HOP.tcpFlags ? reader.u8If(1) : type;
  const icmp_q_tos = reader.u8If(has & HOP.quotedTos);
  const extensions = has & HOP.extensions ? readIcmpExtensions(reader) : undefined;
  const addr = has & HOP.address ? reader.address() : globalAddress;
  const tx = has & HOP.tx ? reader.timeval() : NO_TIME;
  const name = has & HOP.name ? reader.text() : undefined;
  reader.endBlock(LAST_OF_HOP);
  if (addr === undefined) reader.fail('malformed', 'hop without an address');
  if (probe_ttl === 0) reader.fail('malformed', 'hop with TTL 0');
  const quotes = isQuoting(addr, icmp_type);
  return {
    addr,
    name,
    probe_ttl,
    probe_id,
    probe_size_bytes,
    reply_ttl,
    reply_tos,
    reply_size_bytes,
    reply_ipid,
    flags,
    rtt_us,
    tx,
    icmp_type,
    icmp_code,
    icmp_nhmtu_bytes,
    icmp_q_ttl: has & HOP.quotedTtl ? quotedTtl : Number(quotes),
    icmp_q_ipl_bytes: has & HOP.quotedLength ? quotedLength : quotes ? probe_size_bytes : 0,
    icmp_q_tos,
    tcp_flags: icmp_type,
    extensions,
  };
}

/** Whether an ICMP message of this type from this address quotes the probe: unreachable, too big, time exceeded. @internal */
export function isQuoting(addr: Address, icmpType: number): boolean {
  if (addr.isIPv4) return icmpType === 3 || icmpType === 11;
  return addr.isIPv6 && icmpType >= 1 && icmpType <= 3;
}
