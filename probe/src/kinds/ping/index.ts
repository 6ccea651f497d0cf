import type { Kind } from '../kind.js';
import { DEFAULT_PACKET_BYTES, runScamper } from '../scamper.js';
import { DEFAULT_PROBECOUNT, pingCommand, type PingParams, pingParams } from './ping.params.js';

const SLACK_MS = 30_000;

export const ping: Kind<PingParams> = {
  name: 'ping',
  format: 'warts',
  params: pingParams,
  timeLimitMs: (params) => {
    const count = params.probecount ?? DEFAULT_PROBECOUNT;
    const seconds = count * (params.wait ?? 1) + (params.timeout ?? 1);
    // A packet of each destination may have to wait for its turn at the least packet rate.
    const turns = count * (params.ips.length + params.fqdns.length);
    return (seconds + turns) * 1000 + SLACK_MS;
  },
  // Each packet, and an answer as long.
  trafficBytes: (params) =>
    (params.ips.length + params.fqdns.length) *
    (params.probecount ?? DEFAULT_PROBECOUNT) *
    2 *
    (params.size ?? DEFAULT_PACKET_BYTES),
  measure: async (params, context) => {
    const addresses = await context.targets.destinations(params);
    // A packet to each, and the next one after `wait`, which is a second or more.
    return runScamper(pingCommand(params), addresses, context, addresses.length);
  },
};
