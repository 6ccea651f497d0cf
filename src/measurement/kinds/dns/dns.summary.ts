import { z } from 'zod';
import { count, failure, milliseconds, shape, unreadable, words } from '../../formats/summary.members.js';

const rcode = () => words("IANA's name of the response code, all twelve bits of it; null without an answer.");
const rtt = () => milliseconds('Time from the query to its answer, in milliseconds; null without an answer.');

/** Figures of one query, or of all messages of a zone transfer. */
export const dnsFigures = z.strictObject({
  type: shape('dns'),
  name: z.string().meta({ description: 'As asked for.' }),
  qclass: z
    .string()
    .optional()
    .meta({ description: 'Class asked for; absent: an older probe does not say it.' }),
  qtype: z.string().meta({ description: 'Record type asked for, as dig names it.' }),
  resolver: z.string().meta({ description: 'Address of the name server that was asked.' }),
  transport: z.enum(['udp', 'tcp']).meta({ description: 'How it was asked.' }),
  rtt_ms: rtt(),
  rcode: rcode(),
  answers: count('Records of the answer section, of all messages; null without an answer.'),
  flags: z.array(z.string()).nullable().meta({
    description: 'Those of `aa`, `tc`, `rd`, `ra`, `ad`, `cd` that are set; null without an answer.',
  }),
  edns_version: count('Null where the answer has no OPT record, or there is none.'),
  messages: z.int().min(0).optional().meta({ description: 'Of a zone transfer: messages that were read.' }),
  error: failure(),
  answer_data: z.array(z.string()).nullable().optional().meta({
    description:
      'Data of the first 32 records of the answer section, as dig writes it, 255 characters of each; null without an answer; absent: stored by an earlier version, and not read anew yet.',
  }),
});

/** What dig printed of an answer, for a classic probe. */
const printed = z.strictObject({ type: shape('dns'), rcode: rcode(), rtt_ms: rtt() });

/** What a Globalping probe says of a query. */
const reported = z.strictObject({
  type: shape('dns'),
  name: z.string().meta({ description: 'As asked for.' }),
  qtype: z.string().meta({ description: 'Record type asked for.' }),
  resolver: words('Address of the name server that was asked; `private` for one in a private network.'),
  transport: z.string().meta({ description: '`udp` or `tcp`: how it was asked.' }),
  rtt_ms: rtt(),
  rcode: rcode(),
  answers: count('Records of the answer section; null without an answer.'),
  error: failure(),
});

export const dnsSummary = z.union([dnsFigures, printed, reported, unreadable('dns')]);
