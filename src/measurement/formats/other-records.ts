import { type Address, isSummarizable, summarize, type WartsRecord } from '@pladmed/warts';
import { z } from 'zod';
import { moment, words } from './summary.members.js';
import { type Summary } from './summary.js';

/** Types of records that files of scamper bring beside pings and traces, as entries of summaries name them. */
export const OTHER_RECORDS = [
  'tracelb',
  'dealias',
  'neighbourdisc',
  'tbit',
  'sting',
  'sniff',
  'host',
  'scamper-http',
  'udpprobe',
  'owamp',
] as const;

/** An entry of one of them. The figures are those of the decoder's `summarize` (warts/README.md), others for each type. */
export const otherRecordSummary = z.looseObject({
  type: z.enum(OTHER_RECORDS).meta({ description: 'Which record of scamper this is.' }),
  src: words('Address of the host that measured; null if the record does not tell.'),
  dst: words('Address that was measured; null if there is none.'),
  started_at: moment("Begin, by that host's clock."),
  error: words('Why it failed, in the words of scamper; null: it does not say.'),
});

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
