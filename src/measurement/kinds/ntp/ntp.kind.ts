import { ntpParams } from '@pladmed/protocol';
import { defineKind, toEach } from '../kind.js';
import { ntpFormat } from './ntp.format.js';
import { ntpSummary } from './ntp.summary.js';

export const ntp = defineKind({
  name: 'ntp',
  description: 'What a time server says: how far clocks are apart, with the bound on the error.',
  unitCost: 1,
  params: ntpParams,
  strikes: ({ samples }, destinations) => toEach(destinations, samples),
  summary: ntpSummary,
  formats: { ntp: ntpFormat },
  resultFormats: ['json'],
  example: {
    summary: 'What time is it there, every hour of a day',
    params: { fqdns: ['ntp.example.org'], samples: 4 },
    schedule: { type: 'interval', every_s: 3600, stop: '2030-01-02T00:00:00Z' },
  },
});
