import { familyOf, type Members, membersIn, numberIn, textIn, wholeSeconds } from './common.js';
import { packetMembers } from './ping.js';

/** ICMP unreachable by its code, where Atlas has a letter for it. */
const LETTERS: Readonly<Record<4 | 6, Readonly<Record<number, string>>>> = {
  // RFC 792, RFC 1812 section 5.2.7.1
  4: { 0: 'N', 1: 'H', 2: 'P', 3: 'p', 6: 'N', 7: 'H', 9: 'A', 10: 'A', 11: 'N', 12: 'H', 13: 'A' },
  // RFC 4443, section 3.1
  6: { 0: 'N', 1: 'A', 3: 'H', 4: 'p' },
};
const UNREACHABLE = { 4: 3, 6: 1 } as const;
/** Packets that a silent hop was sent, where the record does not say. */
const ATTEMPTS = 2;
/** The highest hop limit there is. */
const MOST_HOPS = 255;

/** @param record what sc_warts2json says of one destination @param end of the run */
export function tracerouteMembers(record: Members, end: Date): Members {
  return {
    ...packetMembers(record),
    // scamper keeps the flow of all packets the same: there is one path
    paris_id: 1,
    endtime: wholeSeconds(end),
    result: hopsOf(record),
  };
}

/** One entry for each hop from the first to the last, without gaps. */
function hopsOf(record: Members): Members[] {
  const replies = membersIn(record, 'hops');
  const byTtl = new Map<number, Members[]>();
  for (const reply of replies) {
    const ttl = numberIn(reply, 'probe_ttl') ?? 0;
    byTtl.set(ttl, [...(byTtl.get(ttl) ?? []), reply]);
  }
  const first = numberIn(record, 'firsthop') ?? 1;
  const last = Math.min(MOST_HOPS, Math.max(numberIn(record, 'hop_count') ?? 0, ...byTtl.keys()));
  const attempts = numberIn(record, 'attempts') ?? ATTEMPTS;
  const silent = Array.from({ length: attempts }, () => ({ x: '*' }));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => {
    const answered = byTtl.get(first + index)?.map((reply) => replyOf(record, reply));
    return { hop: first + index, result: answered ?? silent };
  });
}

function replyOf(record: Members, reply: Members): Members {
  return {
    from: textIn(reply, 'addr'),
    rtt: numberIn(reply, 'rtt'),
    size: numberIn(reply, 'reply_size'),
    ttl: numberIn(reply, 'reply_ttl'),
    err: errorOf(record, reply),
    flags: flagsOf(reply),
    mtu: numberIn(reply, 'icmp_nhmtu:'),
    icmpext: extensionsOf(reply),
  };
}

/** The flags of a reply by TCP, a letter each (RFC 9293, section 3.1), from the lowest bit up. */
const TCP_FLAGS = 'FSRPAU';

function flagsOf(reply: Members): string | undefined {
  const flags = numberIn(reply, 'tcp_flags');
  if (flags === undefined) return undefined;
  return [...TCP_FLAGS].filter((_letter, bit) => (flags & (1 << bit)) !== 0).join('');
}

/** @returns the letter, or the code, of an ICMP unreachable that is none of the destination's own answers */
function errorOf(record: Members, reply: Members): string | number | undefined {
  const af = familyOf(reply['addr']);
  const code = numberIn(reply, 'icmp_code');
  if (af === undefined || code === undefined || reply['icmp_type'] !== UNREACHABLE[af]) return undefined;
  const letter = LETTERS[af][code];
  // a closed port is how the destination answers: sagan would say that the traceroute failed
  if (letter === 'p' && reply['addr'] === record['dst']) return undefined;
  return letter ?? code;
}

/** MPLS labels and other objects of RFC 4884. */
function extensionsOf(reply: Members): Members | undefined {
  const objects = membersIn(reply, 'icmpext');
  if (objects.length === 0) return undefined;
  return {
    version: 2,
    rfc4884: 1,
    obj: objects.map((object) => {
      const labels = membersIn(object, 'mpls_labels');
      return {
        class: numberIn(object, 'ie_cn'),
        type: numberIn(object, 'ie_ct'),
        ...(labels.length > 0 && { mpls: labels.map(labelOf) }),
      };
    }),
  };
}

function labelOf(label: Members): Members {
  return {
    label: numberIn(label, 'mpls_label'),
    exp: numberIn(label, 'mpls_exp'),
    s: numberIn(label, 'mpls_s'),
    ttl: numberIn(label, 'mpls_ttl'),
  };
}
