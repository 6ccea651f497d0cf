import { DEFAULT_TCP_PORT, type TracerouteParams, tracerouteParams as stated } from '@pladmed/protocol';
import type { ScamperCommand } from '../../measuring/scamper.js';

/** The longest wait for a reply that scamper 20211212 takes, in seconds. */
const LONGEST_WAIT_S = 10;

export const tracerouteParams = stated.schema.refine(
  ({ firsthop = 1, maxttl = 255 }) => firsthop <= maxttl,
  'firsthop is beyond maxttl',
);

export function tracerouteCommand(params: TracerouteParams): ScamperCommand {
  return {
    name: 'trace',
    options: [
      ['q', params.attempts],
      ['c', confidence(params.confidence)],
      // what scamper takes where nobody says depends on its version
      ['d', params.dport ?? (params.method === 'tcp' ? DEFAULT_TCP_PORT : undefined)],
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
