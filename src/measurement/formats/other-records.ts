import { type Address, isSummarizable, summarize, type WartsRecord } from '@pladmed/warts';
import { z } from 'zod';
import { count, milliseconds, moment, shape, words } from './summary.members.js';
import { type Summary } from './summary.js';

const ends = {
  src: words('Address of the host that measured; null if the record does not tell.'),
  dst: words('Address that was measured; null if there is none.'),
  started_at: moment("Begin, by that host's clock."),
  error: words('Why it failed, in the words of scamper; null: it does not say.'),
};
const asked = {
  sent: count('Probes sent.'),
  received: count('Probes that were answered.'),
};
const delays = {
  ...asked,
  duplicates: count('Further arrivals of a packet that has arrived.'),
  loss: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .meta({ description: 'Share of the packets that did not arrive, 0 to 1; null if none was sent.' }),
  reordered: count('Packets that arrived reordered (RFC 4737, section 3.3).'),
  min_ms: milliseconds('Smallest delay, in milliseconds; of one way below 0 where the clocks do not agree.'),
  avg_ms: milliseconds('Mean delay, in milliseconds.'),
  median_ms: milliseconds('Median delay, in milliseconds.'),
  p95_ms: milliseconds('Delay that 95 % do not exceed, in milliseconds.'),
  p99_ms: milliseconds('Delay that 99 % do not exceed, in milliseconds.'),
  max_ms: milliseconds('Largest delay, in milliseconds.'),
};
const packets = { packets: count('Packets in the record.') };
const list = <Item extends z.ZodType>(item: Item, description: string) => z.array(item).meta({ description });

/** What files of scamper bring beside pings and traces: entries of summaries by their `type`, by the decoder's `summarize` (warts/README.md). */
export const OTHER_RECORDS = {
  tracelb: {
    nodes: count('Nodes that the paths have together.'),
    links: count('Links between them.'),
  },
  dealias: {
    ...asked,
    method: z.string().meta({ description: 'How aliases were looked for.' }),
    result: z.string().meta({ description: 'What was found, in the words of scamper.' }),
    aliases: list(z.array(z.string()), 'Groups of addresses of one router, each.'),
  },
  neighbourdisc: {
    ...asked,
    rtt_ms: milliseconds('Time to the first reply, in milliseconds; null without one.'),
    macs: list(z.string(), 'Link-layer addresses that answered, 32 at the most.'),
  },
  tbit: packets,
  sting: packets,
  sniff: packets,
  host: {
    ...asked,
    qname: words('Name that was asked for.'),
    qclass: z.string().meta({ description: 'Class of the query.' }),
    qtype: z.string().meta({ description: 'Type of the query.' }),
    rcode: words('Response code of the first answer; null without one.'),
    time_ms: milliseconds('From the query to its answer, in milliseconds; null without one.'),
    answer_count: count('Records in the answer section of the first answer.'),
    answers: list(
      z.strictObject({
        type: z.string().meta({ description: 'Type of the record.' }),
        name: z.string().meta({ description: 'Name that has it.' }),
        ttl_s: z.int().min(0).meta({ description: 'How long it may be kept, in seconds.' }),
        data: words('Its data as zone files have it; null where scamper keeps none.'),
      }),
      'The first records of the first answer, 32 at the most.',
    ),
  },
  'scamper-http': {
    url: words('URL that was asked for.'),
    stop: z.string().meta({ description: 'Why it ended, in the words of scamper.' }),
    status: count('Status of the first answer; null without one.'),
    handshake_ms: milliseconds('Handshake of TCP, in milliseconds.'),
    first_byte_ms: milliseconds('From the request to the first byte of the answer, in milliseconds.'),
    total_ms: milliseconds('From the start to the last byte either way, in milliseconds.'),
    bytes_sent: count('Bytes of headers and bodies that were sent, decrypted.'),
    bytes_received: count('Bytes of headers and bodies that came, decrypted.'),
    tls_bytes_sent: count('Bytes of records of TLS that were sent.'),
    tls_bytes_received: count('Bytes of records of TLS that came.'),
  },
  udpprobe: { ...delays, strays: count('Replies that are older than their probe.') },
  owamp: {
    ...delays,
    direction: z
      .enum(['tx', 'rx'])
      .meta({ description: 'tx: packets went to the server; rx: they came from it.' }),
  },
} satisfies Record<string, z.ZodRawShape>;

export type OtherRecord = keyof typeof OTHER_RECORDS;

export const OTHER_RECORD_TYPES = Object.keys(OTHER_RECORDS) as OtherRecord[];

/** @returns the shape of an entry of such a record */
export function otherRecordSummary(type: OtherRecord) {
  return z.strictObject({ type: shape(type), ...ends, ...OTHER_RECORDS[type] });
}

/** What a record comes to that is neither a ping nor a trace: one entry; of those, and of what is no measurement, none. */
export function summariesOfOther(record: WartsRecord): Summary[] {
  switch (record.type) {
    case 'ping':
    case 'trace':
    case 'list':
    case 'cycle-start':
    case 'cycle-definition':
    case 'cycle-stop':
    case 'address':
    case 'skipped':
      return [];
    default: {
      const type = record.type === 'http' ? 'scamper-http' : record.type;
      const {
        start: _start,
        type: _type,
        ...figures
      } = isSummarizable(record) ? summarize(record) : countsOf(record);
      return [{ type, src: null, dst: null, ...endsOf(record), ...figures, ...factsOf(record) }];
    }
  }
}

type Other = Extract<WartsRecord, { type: 'tracelb' | 'tbit' | 'sting' | 'sniff' }>;

function countsOf(record: Other): Summary {
  switch (record.type) {
    case 'tracelb':
      return {
        nodes: record.nodes.length,
        links: record.nodes.reduce((sum, { links }) => sum + links.length, 0),
      };
    default:
      return { packets: record.packets.length };
  }
}

function endsOf(record: object): Summary {
  const { src, dst } = record as { src?: Address; dst?: Address };
  return { ...(src && { src: src.toString() }), ...(dst && { dst: dst.toString() }) };
}

function factsOf(record: object): Summary {
  const { start, error } = record as { start?: { sec: number; usec: number }; error?: string };
  const began =
    start === undefined || start.sec === 0 ? null : new Date(start.sec * 1000 + start.usec / 1000);
  return { started_at: began?.toISOString() ?? null, error: error ?? null };
}
