import { isIPv6 } from 'node:net';
import { type PingParams, pingParams as stated } from '@pladmed/protocol';
import type { ScamperCommand } from '../../measuring/scamper.js';
import { canonical } from '../../policy/networks.js';

type Method = NonNullable<PingParams['method']>;
type Checked = Pick<PingParams, 'method' | 'size' | 'ips' | 'icmp-sum' | 'dport' | 'sport' | 'probecount'>;

/** What is stated of a ping, without what scamper cannot do. */
export const pingParams = stated.schema.superRefine((params, context) => {
  const complaint = combinationError(params);
  if (complaint !== null) context.addIssue({ code: 'custom', message: complaint });
});

/** The first port that scamper sends to where nobody says. */
const FIRST_DPORT = 33_435;
const LAST_PORT = 65_535;

/** What scamper cannot do, in a sentence; null when it can. Sizes count from the IP header; the shortest IPv6 packet is 20 bytes longer. */
function combinationError(params: Checked): string | null {
  const method = params.method ?? 'icmp-echo';
  const overIpv6 = params.ips.some((address) => isIPv6(address) && isIPv6(canonical(address)));
  const sum = params['icmp-sum'] !== undefined;
  if (sum && !method.startsWith('icmp-')) return `icmp-sum does not go with the method ${method}`;
  if (method === 'icmp-time' && overIpv6) return 'icmp-time exists for IPv4 only';
  const least = shortestPacket(method) + (sum ? 2 : 0) + (overIpv6 ? 20 : 0);
  if (params.size !== undefined && params.size < least) {
    return `a ${method} packet${sum ? ' with icmp-sum' : ''} has at least ${least} bytes`;
  }
  return portError(params);
}

/** Two methods take another port for each packet. Scamper 20211212 goes on from port 0 behind the last, today's refuses the command. */
function portError({ method, dport = FIRST_DPORT, sport = 0, probecount }: Checked): string | null {
  const [name, first] = method === 'udp-dport' ? ['dport', dport] : ['sport', sport];
  if (method !== 'udp-dport' && method !== 'tcp-ack-sport') return null;
  const highest = LAST_PORT - probecount + 1;
  if (first <= highest) return null;
  return `${method} has a port for each packet: with ${probecount} packets ${name} is at most ${highest}`;
}

/** In bytes, over IPv4. Scamper 20211212 crashes on an icmp-time packet without payload. */
function shortestPacket(method: Method): number {
  if (method.startsWith('tcp-')) return 40;
  return method === 'icmp-time' ? 41 : 28;
}

export function pingCommand(params: PingParams): ScamperCommand {
  return {
    name: 'ping',
    options: [
      ['c', params.probecount],
      ['C', params['icmp-sum']],
      ['d', params.dport],
      ['F', params.sport],
      ['i', params.wait],
      ['P', params.method],
      ['s', params.size],
      // Scamper waits at least a second; it refuses 0.
      ['W', Math.max(1, params.timeout)],
    ],
  };
}
