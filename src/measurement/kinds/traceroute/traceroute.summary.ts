import { type TraceSummary } from '@pladmed/warts';
import { z } from 'zod';
import {
  count,
  milliseconds,
  ofPackets,
  reported,
  unreadable,
  words,
} from '../../formats/summary.members.js';

const figures = {
  reached: z.boolean().meta({ description: 'Whether the destination itself answered.' }),
  hop_count: z.int().min(0).meta({
    description:
      'Last TTL of the path, in hops: where the destination answered first, or where probing ended.',
  }),
  path: z.array(z.string().nullable()).meta({
    description: 'By TTL from 1: the address that answered first; null where none did.',
  }),
  path_hash: z.string().meta({ description: '16 hexadecimal digits; equal for equal paths.' }),
  rtt_ms: milliseconds(
    "Round-trip time of the destination's answer, in milliseconds; null if it did not answer.",
  ),
};

const { measured, entry } = ofPackets('trace', {
  sent: count('Probe packets sent; null if the record does not tell.'),
  reached: figures.reached,
  hop_count: figures.hop_count,
  stop_reason: z.string().meta({ description: 'Why probing ended, as scamper names it.' }),
  path: figures.path,
  path_hash: figures.path_hash,
  rtt_ms: figures.rtt_ms,
});

/** Figures of a traceroute to one destination. */
export const tracerouteSummary = z.union([
  ...entry.options,
  reported('trace', {
    ...figures,
    stop_reason: words('`COMPLETED` where the destination answered; else null: such a probe does not tell.'),
  }),
  unreadable('trace'),
]);
measured satisfies z.ZodType<TraceSummary>;
