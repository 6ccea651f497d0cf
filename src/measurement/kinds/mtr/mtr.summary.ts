import { z } from 'zod';
import { count, failure, milliseconds, shape, unreadable, words } from '../../formats/summary.members.js';

const loss = (whose: string) =>
  z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .meta({
      description: `Share of the packets to ${whose} that were not answered, 0 to 1; null if none was sent.`,
    });

const rtt = (which: string) => milliseconds(`${which}, in milliseconds; null without an answer.`);

const hop = z.strictObject({
  address: words('That answered first; null where none did.'),
  name: words('Of that address, where the probe looks names up; native probes do not.'),
  asn: z.array(z.int().min(0)).meta({
    description: 'Autonomous systems of that address, where the probe looks them up; native probes do not.',
  }),
  sent: count('Packets to this hop.'),
  received: count('Those of them that were answered.'),
  loss: loss('this hop'),
  rtt_min_ms: rtt('Shortest round-trip time'),
  rtt_avg_ms: rtt('Mean round-trip time'),
  rtt_max_ms: rtt('Longest round-trip time'),
  rtt_stddev_ms: rtt('Standard deviation of the round-trip times'),
});

/** Figures of a path of which each hop was probed several times. */
export const mtrFigures = z.strictObject({
  type: shape('mtr'),
  destination: z.string().meta({ description: 'As asked for.' }),
  dst: words('Address that was measured; null without one.'),
  resolve_ms: milliseconds(
    'Time that the name took, in milliseconds; null for an address, and where the probe does not say it.',
  ),
  reached: z.boolean().meta({ description: 'Whether the destination itself answered.' }),
  hop_count: z.int().min(0).meta({
    description: 'Hops of the path: to the destination, or to where probing ended.',
  }),
  path: z.array(z.string().nullable()).meta({
    description: 'By TTL from 1: the address that answered first; null where none did.',
  }),
  path_hash: z.string().meta({ description: '16 hexadecimal digits; equal for equal paths.' }),
  loss: loss('the destination'),
  rtt_min_ms: rtt('Shortest round-trip time of the destination'),
  rtt_avg_ms: rtt('Mean round-trip time of the destination'),
  rtt_median_ms: rtt('Median of the round-trip times of the destination'),
  rtt_max_ms: rtt('Longest round-trip time of the destination'),
  rtt_stddev_ms: rtt('Standard deviation of the round-trip times of the destination'),
  hops: z.array(hop).meta({ description: 'By TTL from 1.' }),
  error: failure(),
});

export const mtrSummary = z.union([mtrFigures, unreadable('mtr')]);
