import { type PingSummary } from '@pladmed/warts';
import { z } from 'zod';
import {
  count,
  milliseconds,
  ofPackets,
  reported,
  unreadable,
  words,
} from '../../formats/summary.members.js';

const rtt = (which: string) => milliseconds(`${which}, in milliseconds; null without an answer.`);

const figures = {
  sent: z.int().min(0).meta({ description: 'Probe packets sent.' }),
  received: z.int().min(0).meta({ description: 'Those that the destination answered.' }),
  duplicates: z.int().min(0).meta({ description: 'Further answers to one that was answered already.' }),
  loss: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .meta({ description: 'Share of the packets that were not answered, 0 to 1; null if none was sent.' }),
  rtt_min_ms: rtt('Shortest round-trip time'),
  rtt_avg_ms: rtt('Mean round-trip time'),
  rtt_median_ms: rtt('Median of the round-trip times'),
  rtt_max_ms: rtt('Longest round-trip time'),
  rtt_stddev_ms: rtt('Standard deviation of the round-trip times'),
};

const { measured, entry } = ofPackets('ping', {
  ...figures,
  errors: z
    .array(
      z.strictObject({
        protocol: words('`icmp`, `icmp6`, `tcp`, `udp`, or the number of the IP protocol.'),
        icmp_type: count('Of an ICMP message, as in its header; null for other protocols.'),
        icmp_code: count('Of an ICMP message, as in its header; null for other protocols.'),
        from: words('Address that sent them.'),
        count: z.int().min(1).meta({ description: 'How many there were.' }),
      }),
    )
    .meta({ description: 'Replies that are no answers, most frequent first; a last entry counts the rest.' }),
});

/** Figures of a ping to one destination. */
export const pingSummary = z.union([
  ...entry.options,
  reported('ping', {
    ...figures,
    duplicates: count('Null: such a probe does not tell.'),
  }),
  unreadable('ping'),
]);
measured satisfies z.ZodType<PingSummary>;
