import { wartsFormat } from '../../../results/formats/warts.format.js';
import { defineKind } from '../kind.js';
import { TracerouteParams } from './traceroute.params.js';

export const traceroute = defineKind({
  name: 'traceroute',
  unitCost: 15,
  paramsClass: TracerouteParams,
  classicParamsClass: TracerouteParams,
  formats: { warts: wartsFormat },
  resultFormats: ['json', 'dump'],
  example: {
    summary: 'A traceroute, now',
    params: { ips: ['192.0.2.1'], method: 'icmp-paris' },
    schedule: { type: 'once' },
  },
});
