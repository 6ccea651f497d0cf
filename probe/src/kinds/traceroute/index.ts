import { DEFAULT_ATTEMPTS, DEFAULT_WAIT_S, type TracerouteParams } from '@pladmed/protocol';
import type { Kind } from '../../measuring/kind.js';
import { DEFAULT_PACKET_BYTES, runScamper } from '../../measuring/scamper.js';
import { wantedFamilies } from '../../protocol/switches.js';
import { resolutionMs } from '../../measuring/targets.js';
import { stopwatch } from '../../clock/timing.js';
import { tracerouteCommand, tracerouteParams } from './traceroute.params.js';

const SLACK_MS = 60_000;
/** Scamper gives up after five silent hops in a row; a path has rarely more than 30 that answer, some of them on a late attempt. */
const SILENT_HOPS = 15;
/** Probes that a confidence of 99 % may add to a hop. */
const CONFIDENCE_PROBES = 20;
const LONGEST_MS = 1_800_000;
/** Beyond the longest paths of the Internet and the silent hops at which scamper gives up. */
const MOST_HOPS = 40;

export const traceroute: Kind<TracerouteParams> = {
  name: 'traceroute',
  format: 'warts',
  params: tracerouteParams,
  timeLimitMs: (params) => {
    const perHop = probesPerHop(params);
    const silence = SILENT_HOPS * perHop * (params.wait ?? DEFAULT_WAIT_S) * 1000;
    const pauses = (params.maxttl ?? 64) * perHop * (params['wait-probe'] ?? 0) * 10;
    const turns = (params.ips.length + params.fqdns.length) * 64 * perHop * 50;
    return Math.min(LONGEST_MS, silence + pauses + turns + resolutionMs(params) + SLACK_MS);
  },
  trafficBytes: (params) => {
    const hops = Math.min(MOST_HOPS, (params.maxttl ?? MOST_HOPS) - (params.firsthop ?? 1) + 1);
    const targets = params.ips.length + params.fqdns.length;
    return targets * Math.max(1, hops) * probesPerHop(params) * 2 * DEFAULT_PACKET_BYTES;
  },
  measure: async (params, context) => {
    const watch = () => stopwatch(context.clock);
    const targets = await context.targets.targets(params, wantedFamilies(params), watch);
    return runScamper(tracerouteCommand(params), targets, context);
  },
};

function probesPerHop(params: TracerouteParams): number {
  return (params.attempts ?? DEFAULT_ATTEMPTS) + (params.confidence === undefined ? 0 : CONFIDENCE_PROBES);
}
