import { z } from 'zod';
import type { ScamperCommand } from '../scamper.js';
import { fqdns, fraction, ips, PORT, toggle, whole } from '../params.js';

/** The longest wait for a reply that scamper 20211212 takes, in seconds. */
const LONGEST_WAIT_S = 10;

export const tracerouteParams = z
  .object({
    ips,
    fqdns,
    attempts: whole(1, 10),
    confidence: fraction(0, 0.99),
    dport: whole(PORT.least, PORT.most),
    firsthop: whole(1, 255),
    maxttl: whole(1, 255),
    // `icp` is a misspelling that callers of the classic routes depend on.
    method: z.enum(['icmp-paris', 'icp', 'udp-paris']).optional(),
    sport: whole(PORT.least, PORT.most),
    wait: whole(1, 20),
    'wait-probe': whole(0, 100),
    ipv4: toggle,
    ipv6: toggle,
  })
  .refine((params) => (params.firsthop ?? 1) <= (params.maxttl ?? 255), 'firsthop is beyond maxttl');

export type TracerouteParams = z.infer<typeof tracerouteParams>;

export const DEFAULT_ATTEMPTS = 2;
export const DEFAULT_WAIT_S = 5;

export function tracerouteCommand(params: TracerouteParams): ScamperCommand {
  return {
    name: 'trace',
    options: [
      ['q', params.attempts],
      ['c', confidence(params.confidence)],
      ['d', params.dport],
      ['f', params.firsthop],
      ['m', params.maxttl],
      ['P', params.method === 'icp' ? 'icmp-paris' : params.method],
      ['s', params.sport],
      // The record of the trace says which wait was used.
      ['w', params.wait === undefined ? undefined : Math.min(params.wait, LONGEST_WAIT_S)],
      // Both count tens of milliseconds.
      ['W', params['wait-probe']],
    ],
  };
}

/** Scamper knows 95 and 99 %: the least of them that is as sure as was asked for; 0 asks for none. */
function confidence(asked: number | undefined): number | undefined {
  if (asked === undefined || asked === 0) return undefined;
  return asked <= 0.95 ? 95 : 99;
}
