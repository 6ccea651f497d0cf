import { type TraceSummary } from '@pladmed/warts';
import { z } from 'zod';
import { count, milliseconds, ofPackets } from '../../formats/summary.members.js';

const { measured, entry } = ofPackets('trace', {
  sent: count('Probe packets sent; null if the record does not tell.'),
  reached: z.boolean().meta({ description: 'Whether the destination itself answered.' }),
  hop_count: z.int().min(0).meta({
    description:
      'Last TTL of the path, in hops: where the destination answered first, or where probing ended.',
  }),
  stop_reason: z.string().meta({ description: 'Why probing ended, as scamper names it.' }),
  path: z.array(z.string().nullable()).meta({
    description: 'By TTL from 1: the address that answered first; null where none did.',
  }),
  path_hash: z.string().meta({ description: '16 hexadecimal digits; equal for equal paths.' }),
  rtt_ms: milliseconds(
    "Round-trip time of the destination's answer, in milliseconds; null if it did not answer.",
  ),
});

/** Figures of a traceroute to one destination. */
export const tracerouteSummary = entry;
measured satisfies z.ZodType<TraceSummary>;
