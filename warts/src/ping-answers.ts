import { compareAddresses } from './address.js';
import type { PingRecord, PingReply } from './records/ping.js';

/** IP protocol numbers of replies. @internal */
export const ICMP = 1;
/** @internal */
export const TCP = 6;
/** @internal */
export const UDP = 17;
/** @internal */
export const ICMP6 = 58;

/** What a ping sends, by `PingRecord.method`. */
const PROBES: readonly ('echo' | 'timestamp' | 'tcp' | 'udp')[] = [
  'echo',
  'tcp',
  'tcp',
  'udp',
  'udp',
  'timestamp',
  'tcp',
  'tcp',
  'tcp',
  'tcp',
  'udp',
];

/**
 * Whether a reply answers the ping: it is of the kind that answers the method, and UDP is answered by the destination
 * itself. An ICMP error is no answer: the probe did not arrive (RFC 792; RFC 4443, section 3.1).
 */
export function isAnswer(ping: PingRecord, reply: PingReply): boolean {
  if (!isAnswerByKind(ping, reply)) return false;
  // Routers that filter send port unreachable as well, with their own address.
  return PROBES[ping.method] !== 'udp' || compareAddresses(reply.from, ping.dst) === 0;
}

/** The rule of scamper since 20230605, which does not look at the address of a reply. @internal */
export function isAnswerByKind(ping: PingRecord, reply: PingReply): boolean {
  switch (PROBES[ping.method]) {
    case 'echo':
      return isIcmp(reply, 0) || isIcmp6(reply, 129);
    case 'timestamp':
      return isIcmp(reply, 14);
    case 'tcp':
      return reply.protocol === TCP;
    case 'udp':
      return reply.protocol === UDP || isPortUnreachable(reply);
    default:
      return false;
  }
}

function isPortUnreachable(reply: PingReply): boolean {
  return (isIcmp(reply, 3) && reply.icmp_code === 3) || (isIcmp6(reply, 1) && reply.icmp_code === 4);
}

function isIcmp({ from, protocol, icmp_type }: PingReply, type: number): boolean {
  return from.isIPv4 && protocol === ICMP && icmp_type === type;
}

function isIcmp6({ from, protocol, icmp_type }: PingReply, type: number): boolean {
  return from.isIPv6 && protocol === ICMP6 && icmp_type === type;
}
