import {
  classicTracerouteParams,
  DEFAULT_ATTEMPTS,
  type TracerouteParams,
  tracerouteParams,
} from '@pladmed/protocol';
import { wartsFormat } from '../../formats/warts.format.js';
import { defineKind, toEach } from '../kind.js';
import { tracerouteSummary } from './traceroute.summary.js';

/** Scamper gives up after so many hops that do not answer: a target that is silent is struck by all of them. */
const SILENT_HOPS = 5;
/** Packets that a confidence of 99 % may add to a hop. */
const CONFIDENCE_PACKETS = 20;
const MOST_HOPS = 255;

/** Only what goes as far as the target: the packets for the hops before it strike these, each a few. */
function packetsToTarget({
  attempts,
  confidence,
  firsthop = 1,
  maxttl = MOST_HOPS,
}: TracerouteParams): number {
  const hops = Math.min(SILENT_HOPS, Math.max(1, maxttl - firsthop + 1));
  return hops * ((attempts ?? DEFAULT_ATTEMPTS) + (confidence === undefined ? 0 : CONFIDENCE_PACKETS));
}

export const traceroute = defineKind({
  name: 'traceroute',
  description: 'The path to an address, hop by hop, with the round-trip time of each.',
  unitCost: 15,
  params: tracerouteParams,
  classicParams: classicTracerouteParams,
  strikes: (params, destinations) => toEach(destinations, packetsToTarget(params)),
  summary: tracerouteSummary,
  formats: { warts: wartsFormat },
  classicFormat: 'warts',
  resultFormats: ['json', 'dump'],
  example: {
    summary: 'A traceroute, now',
    params: { ips: ['192.0.2.1'], method: 'icmp-paris' },
    schedule: { type: 'once' },
  },
});
