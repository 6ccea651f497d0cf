import { type Summary } from '../formats/summary.js';
import { familyOf, type Members, membersIn, numberIn, textIn } from './common.js';

/** What stands around the payload: the IP header, and eight bytes of ICMP or UDP, or twenty of TCP. */
const IP_HEADERS = { 4: 20, 6: 40 } as const;
const HEADERS = { ICMP: 8, UDP: 8, TCP: 20 } as const;
const LOST: Members = { x: '*' };

/** A ping that was not sent. */
export const NO_PACKETS: Members = { sent: 0, rcvd: 0, dup: 0, min: -1, avg: -1, max: -1 };

/**
 * @param record what sc_warts2json says of one destination
 * @param figures its entry in the summary of the result, which has the figures that the platform shows
 */
export function pingMembers(record: Members, figures: Summary): Members {
  const dst = textIn(record, 'dst') ?? '';
  const sent = numberIn(record, 'ping_sent') ?? 0;
  const answers = membersIn(record, 'responses').filter((reply) => isAnswer(record, reply));
  const bySeq = new Map<number, Members[]>();
  for (const reply of answers) {
    const seq = numberIn(reply, 'seq') ?? 0;
    bySeq.set(seq, [...(bySeq.get(seq) ?? []), reply]);
  }
  return {
    ...packetMembers(record),
    ttl: answers[0] && numberIn(answers[0], 'reply_ttl'),
    sent,
    rcvd: bySeq.size,
    dup: answers.length - bySeq.size,
    min: numberIn(figures, 'rtt_min_ms') ?? -1,
    avg: numberIn(figures, 'rtt_avg_ms') ?? -1,
    max: numberIn(figures, 'rtt_max_ms') ?? -1,
    result: Array.from({ length: sent }, (_, seq) => packetsOf(bySeq.get(seq) ?? [], dst)).flat(),
  };
}

/** Of one probe packet: its answer and those that came again, or that it was lost. */
function packetsOf(replies: readonly Members[], dst: string): Members[] {
  if (replies.length === 0) return [LOST];
  return replies.map((reply, index) => {
    const from = textIn(reply, 'from');
    return {
      rtt: numberIn(reply, 'rtt'),
      ttl: numberIn(reply, 'reply_ttl'),
      ...(index > 0 && { dup: 1 }),
      ...(from !== dst && { src_addr: from }),
    };
  });
}

/** What results of pings and traceroutes say of their packets alike. @param record what sc_warts2json says of one destination */
export function packetMembers(record: Members): Members {
  const dst = textIn(record, 'dst') ?? '';
  const af = familyOf(dst) ?? 4;
  const proto = protocolOf(record);
  const size = numberIn(record, 'probe_size');
  return {
    af,
    src_addr: textIn(record, 'src'),
    dst_addr: dst,
    proto,
    // of the payload
    size: size === undefined ? undefined : Math.max(0, size - IP_HEADERS[af] - HEADERS[proto]),
  };
}

/** In upper case: sagan takes `icmp` for malformed. */
export function protocolOf(record: Members): 'ICMP' | 'TCP' | 'UDP' {
  const method = textIn(record, 'method') ?? '';
  if (method.startsWith('tcp')) return 'TCP';
  return method.startsWith('udp') ? 'UDP' : 'ICMP';
}

/** The rule of the decoder (`isAnswer` of @pladmed/warts), on what it prints: an ICMP error is no answer. */
function isAnswer(record: Members, reply: Members): boolean {
  const protocol = textIn(reply, 'reply_proto');
  switch (protocolOf(record)) {
    case 'TCP':
      return protocol === 'tcp';
    case 'UDP':
      return reply['from'] === record['dst'] && (protocol === 'udp' || isIcmp(reply, [3, 3], [1, 4]));
    default:
      return textIn(record, 'method') === 'icmp-time' ? isIcmp(reply, [14]) : isIcmp(reply, [0], [129]);
  }
}

type TypeAndCode = [type: number, code?: number];

function isIcmp(reply: Members, v4: TypeAndCode, v6?: TypeAndCode): boolean {
  const wanted = familyOf(reply['from']) === 6 ? v6 : v4;
  if (reply['reply_proto'] !== 'icmp' || wanted === undefined) return false;
  const [type, code] = wanted;
  return reply['icmp_type'] === type && (code === undefined || reply['icmp_code'] === code);
}
