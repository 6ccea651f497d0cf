import { mtrParams } from '@pladmed/protocol';
import { defineKind, toEach } from '../kind.js';
import { mtrFormat } from './mtr.format.js';
import { mtrSummary } from './mtr.summary.js';

export const mtr = defineKind({
  name: 'mtr',
  description:
    'The path to an address, with the loss and the round-trip times of each hop over several packets.',
  unitCost: 15,
  params: mtrParams,
  // those for the hops before it strike these
  strikes: ({ packets }, destinations) => toEach(destinations, packets),
  summary: mtrSummary,
  formats: { mtr: mtrFormat },
  resultFormats: ['json'],
  example: {
    summary: 'A path with the loss of each hop, every ten minutes',
    params: { fqdns: ['example.org'], packets: 10 },
    schedule: { type: 'interval', every_s: 600, stop: '2030-01-02T00:00:00Z' },
  },
});
