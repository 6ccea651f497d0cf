import { isIPv6 } from 'node:net';
import { z } from 'zod';
import type { ScamperCommand } from '../scamper.js';
import { canonical } from '../../policy/networks.js';
import { fqdns, ips, PORT, toggle, whole } from '../params.js';

const METHODS = [
  'icmp-echo',
  'icmp-time',
  'tcp-syn',
  'tcp-ack',
  'tcp-ack-sport',
  'udp',
  'udp-dport',
] as const;
type Method = (typeof METHODS)[number];

/** Seconds, counts and bytes, as the contract names them. */
export const pingParams = z
  .object({
    ips,
    fqdns,
    probecount: whole(1, 100),
    'icmp-sum': whole(1, 65_535),
    dport: whole(PORT.least, PORT.most),
    sport: whole(PORT.least, PORT.most),
    wait: whole(1, 20),
    method: z.enum(METHODS).optional(),
    size: whole(1, 255),
    timeout: whole(0, 100),
    ipv4: toggle,
    ipv6: toggle,
  })
  .superRefine((params, context) => {
    const complaint = combinationError(params);
    if (complaint !== null) context.addIssue({ code: 'custom', message: complaint });
  });

export type PingParams = z.infer<typeof pingParams>;

/** What scamper 20211212 cannot do, in a sentence; null when it can. Sizes count from the IP header; the shortest IPv6 packet is 20 bytes longer. */
function combinationError(params: {
  method?: Method | undefined;
  size?: number | undefined;
  ips: string[];
  'icmp-sum'?: number | undefined;
}): string | null {
  const method = params.method ?? 'icmp-echo';
  const overIpv6 = params.ips.some((address) => isIPv6(address) && isIPv6(canonical(address)));
  const sum = params['icmp-sum'] !== undefined;
  if (sum && !method.startsWith('icmp-')) return `icmp-sum does not go with the method ${method}`;
  if (method === 'icmp-time' && overIpv6) return 'icmp-time exists for IPv4 only';
  const least = shortestPacket(method) + (sum ? 2 : 0) + (overIpv6 ? 20 : 0);
  if (params.size !== undefined && params.size < least) {
    return `a ${method} packet${sum ? ' with icmp-sum' : ''} has at least ${least} bytes`;
  }
  return null;
}

/** In bytes, over IPv4. Scamper 20211212 crashes on an icmp-time packet without payload. */
function shortestPacket(method: Method): number {
  if (method.startsWith('tcp-')) return 40;
  return method === 'icmp-time' ? 41 : 28;
}

export const DEFAULT_PROBECOUNT = 4;
/** After the last packet. Scamper's own second loses the last answer of every path that takes longer, and no other. */
export const DEFAULT_TIMEOUT_S = 2;

export function pingCommand(params: PingParams): ScamperCommand {
  return {
    name: 'ping',
    options: [
      ['c', params.probecount ?? DEFAULT_PROBECOUNT],
      ['C', params['icmp-sum']],
      ['d', params.dport],
      ['F', params.sport],
      ['i', params.wait],
      ['P', params.method],
      ['s', params.size],
      // Scamper waits at least a second; it refuses 0.
      ['W', Math.max(1, params.timeout ?? DEFAULT_TIMEOUT_S)],
    ],
  };
}
