import { classicPingParams, pingParams } from '@pladmed/protocol';
import { wartsFormat } from '../../formats/warts.format.js';
import { defineKind, toEach } from '../kind.js';
import { pingSummary } from './ping.summary.js';

export const ping = defineKind({
  name: 'ping',
  description: 'Round-trip times and losses of packets to an address.',
  unitCost: 1,
  params: pingParams,
  classicParams: classicPingParams,
  strikes: ({ probecount }, destinations) => toEach(destinations, probecount),
  summary: pingSummary,
  formats: { warts: wartsFormat },
  classicFormat: 'warts',
  resultFormats: ['json'],
  example: {
    summary: 'Four pings, now',
    params: { ips: ['192.0.2.1'], probecount: 4 },
    schedule: { type: 'once' },
  },
});
