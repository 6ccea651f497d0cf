import { wartsFormat } from '../../formats/warts.format.js';
import { defineKind, toEach } from '../kind.js';
import { ClassicPingParams, PingParams } from './ping.params.js';

/** Scamper's own. */
const DEFAULT_PROBECOUNT = 4;

export const ping = defineKind({
  name: 'ping',
  unitCost: 1,
  paramsClass: PingParams,
  classicParamsClass: ClassicPingParams,
  strikes: ({ probecount = DEFAULT_PROBECOUNT }: PingParams, destinations) =>
    toEach(destinations, probecount),
  formats: { warts: wartsFormat },
  classicFormat: 'warts',
  resultFormats: ['json'],
  example: {
    summary: 'Four pings, now',
    params: { ips: ['192.0.2.1'], probecount: 4 },
    schedule: { type: 'once' },
  },
});
