import type { Kind } from '../kind.js';
import { runScamper } from '../scamper.js';
import {
  DEFAULT_ATTEMPTS,
  DEFAULT_WAIT_S,
  tracerouteCommand,
  type TracerouteParams,
  tracerouteParams,
} from './traceroute.params.js';

const SLACK_MS = 60_000;
/** Scamper gives up after five silent hops in a row; a path has rarely more than 30 that answer, some of them on a late attempt. */
const SILENT_HOPS = 15;
/** Probes that a confidence of 99 % may add to a hop. */
const CONFIDENCE_PROBES = 20;
const LONGEST_MS = 1_800_000;

export const traceroute: Kind<TracerouteParams> = {
  name: 'traceroute',
  format: 'warts',
  params: tracerouteParams,
  timeLimitMs: (params) => {
    const perHop =
      (params.attempts ?? DEFAULT_ATTEMPTS) + (params.confidence === undefined ? 0 : CONFIDENCE_PROBES);
    const silence = SILENT_HOPS * perHop * (params.wait ?? DEFAULT_WAIT_S) * 1000;
    const pauses = (params.maxttl ?? 64) * perHop * (params['wait-probe'] ?? 0) * 10;
    const turns = (params.ips.length + params.fqdns.length) * 64 * perHop * 50;
    return Math.min(LONGEST_MS, silence + pauses + turns + SLACK_MS);
  },
  measure: async (params, context) =>
    runScamper(tracerouteCommand(params), await context.targets.destinations(params), context),
};
