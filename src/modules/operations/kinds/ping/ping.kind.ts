import { wartsFormat } from '../../../results/formats/warts.format.js';
import { defineKind } from '../kind.js';
import { PingParams } from './ping.params.js';

export const ping = defineKind({
  name: 'ping',
  unitCost: 1,
  paramsClass: PingParams,
  classicParamsClass: PingParams,
  formats: { warts: wartsFormat },
  resultFormats: ['json'],
  example: {
    summary: 'Four pings, now',
    params: { ips: ['192.0.2.1'], probecount: 4 },
    schedule: { type: 'once' },
  },
});
