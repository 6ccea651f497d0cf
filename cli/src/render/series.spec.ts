import { expect, it } from '@jest/globals';
import { type Schemas } from '../api/client.js';
import { seriesLines } from './series.js';

const same = (text: string) => text;
const colours = { bold: same, dim: same, red: same, green: same, yellow: same } as never;

const answer = {
  ...{ kind: 'mtr', from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T02:00:00.000Z', bucket: '1h' },
  times: ['2026-01-01T00:00:00.000Z', '2026-01-01T01:00:00.000Z'],
  behind: { results: 0, seconds: 0 },
  series: [
    {
      ...{ probe_id: 'p1', destination: '192.0.2.9' },
      values: { runs_due: [2, 0], loss_p50: [0.25, null], rtt_p50_ms: [12.345, null], entries: [2, 0] },
      hops: [
        {
          ttl: 1,
          values: {
            ...{ hop_sent: [6, 0], hop_loss: [0, null], hop_rtt_p50_ms: [0.5, null] },
            hop_addresses: { '192.0.2.1': [2, 0], '\u001b[31m': [0, 0] },
          },
        },
        {
          ttl: 2,
          values: { hop_sent: [6, 0], hop_loss: [1, null], hop_addresses: {}, hop_rtt_p50_ms: [null, null] },
        },
      ],
    },
  ],
} as unknown as Schemas['SeriesDto'];

it('shows the buckets of a series that have something, and of an mtr each hop', () => {
  expect(seriesLines(answer, new Map([['p1', 'Lima']]), false, colours)).toEqual([
    'mtr 2026-01-01 00:00:00Z to 2026-01-01 02:00:00Z, 2 buckets of 1h',
    '',
    'Lima to 192.0.2.9',
    'AT                    RUNS DUE  LOSS P50  RTT P50',
    '2026-01-01 00:00:00Z         2       25%     12.3',
    'AT                    TTL    ADDRESSES  SENT  LOSS  RTT P50',
    '2026-01-01 00:00:00Z    1  192.0.2.1=2     6    0%    0.500',
    '2026-01-01 00:00:00Z    2            -     6  100%        -',
  ]);
});
