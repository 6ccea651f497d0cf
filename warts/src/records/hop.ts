import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';
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

type HopDraft = Omit<TraceHop, 'addr' | 'icmp_q_ttl' | 'icmp_q_ipl_bytes'> & {
  addr: Address | undefined;
  icmp_q_ttl: number | undefined;
  icmp_q_ipl_bytes: number | undefined;
};

/** A count and as many hops. */
export function readHops(reader: Reader): TraceHop[] {
  const hops: TraceHop[] = [];
  for (let left = reader.u16(); left > 0; left--) hops.push(readHop(reader));
  return hops;
}

function readHop(reader: Reader): TraceHop {
  const hop: HopDraft = {
    addr: undefined,
    name: undefined,
    probe_ttl: 0,
    probe_id: 0,
    probe_size_bytes: 0,
    reply_ttl: 0,
    reply_tos: 0,
    reply_size_bytes: 0,
    reply_ipid: 0,
    flags: 0,
    rtt_us: 0,
    tx: NO_TIME,
    icmp_type: 0,
    icmp_code: 0,
    icmp_nhmtu_bytes: 0,
    icmp_q_ttl: undefined,
    icmp_q_ipl_bytes: undefined,
    icmp_q_tos: 0,
    tcp_flags: 0,
    extensions: undefined,
  };
  reader.countParts();
  readParameters(reader, hop, readHopParameter);
  if (hop.addr === undefined) reader.fail('malformed', 'hop without an address');
  if (hop.probe_ttl === 0) reader.fail('malformed', 'hop with TTL 0');
  const quotes = isQuoting(hop.addr, hop.icmp_type);
  hop.icmp_q_ttl ??= quotes ? 1 : 0;
  hop.icmp_q_ipl_bytes ??= quotes ? hop.probe_size_bytes : 0;
  return hop as TraceHop;
}

/** Whether an ICMP message of this type from this address quotes the probe: unreachable, too big, time exceeded. */
export function isQuoting(addr: Address, icmpType: number): boolean {
  if (addr.isIPv4) return icmpType === 3 || icmpType === 11;
  return addr.isIPv6 && icmpType >= 1 && icmpType <= 3;
}

/** scamper keeps ICMP type and TCP flags in one place: the later of the two parameters sets both. */
function readHopParameter(reader: Reader, hop: HopDraft, id: number): boolean {
  switch (id) {
    case 1:
      hop.addr = reader.globalAddress();
      break;
    case 2:
      hop.probe_ttl = reader.u8();
      break;
    case 3:
      hop.reply_ttl = reader.u8();
      break;
    case 4:
      hop.flags = reader.u8();
      break;
    case 5:
      hop.probe_id = (reader.u8() + 1) & 255;
      break;
    case 6:
      hop.rtt_us = reader.u32();
      break;
    case 7:
      hop.icmp_type = hop.tcp_flags = reader.u8();
      hop.icmp_code = reader.u8();
      break;
    case 8:
      hop.probe_size_bytes = reader.u16();
      break;
    case 9:
      hop.reply_size_bytes = reader.u16();
      break;
    case 10:
      hop.reply_ipid = reader.u16();
      break;
    case 11:
      hop.reply_tos = reader.u8();
      break;
    case 12:
      hop.icmp_nhmtu_bytes = reader.u16();
      break;
    case 13:
      hop.icmp_q_ipl_bytes = reader.u16();
      break;
    case 14:
      hop.icmp_q_ttl = reader.u8();
      break;
    case 15:
      hop.icmp_type = hop.tcp_flags = reader.u8();
      break;
    case 16:
      hop.icmp_q_tos = reader.u8();
      break;
    case 17:
      hop.extensions = readIcmpExtensions(reader);
      break;
    case 18:
      hop.addr = reader.address();
      break;
    case 19:
      hop.tx = reader.timeval();
      break;
    case 20:
      hop.name = reader.text();
      break;
    default:
      return false;
  }
  return true;
}
