import type { PingParams } from '@pladmed/protocol';
import type { Kind } from '../../measuring/kind.js';
import { DEFAULT_PACKET_BYTES, runScamper } from '../../measuring/scamper.js';
import { wantedFamilies } from '../../protocol/switches.js';
import { resolutionMs } from '../../measuring/targets.js';
import { stopwatch } from '../../clock/timing.js';
import { pingCommand, pingParams } from './ping.params.js';

const SLACK_MS = 30_000;

export const ping: Kind<PingParams> = {
  name: 'ping',
  format: 'warts',
  params: pingParams,
  timeLimitMs: (params) => {
    const count = params.probecount;
    const seconds = count * (params.wait ?? 1) + params.timeout;
    // A packet of each destination may have to wait for its turn at the least packet rate.
    const turns = count * (params.ips.length + params.fqdns.length);
    // Names may have one address, and scamper measures an address once at a time.
    return (
      (seconds * (params.ips.length + params.fqdns.length) + turns) * 1000 + resolutionMs(params) + SLACK_MS
    );
  },
  // Each packet, and an answer as long.
  trafficBytes: (params) =>
    (params.ips.length + params.fqdns.length) * params.probecount * 2 * (params.size ?? DEFAULT_PACKET_BYTES),
  measure: async (params, context) => {
    const watch = () => stopwatch(context.clock);
    const targets = await context.targets.targets(params, wantedFamilies(params), watch);
    // A packet to each, and the next one after `wait`, which is a second or more.
    return runScamper(pingCommand(params), targets, context, targets.length);
  },
};
