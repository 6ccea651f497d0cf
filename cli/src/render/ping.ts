import { type Schemas } from '../api/client.js';
import { type Decoded, numberOf, objectsOf } from './decoded.js';
import { spark } from './spark.js';
import { type Column, ms, percent, row } from './text.js';
import { type View } from './view.js';

export type Ping = Extract<Schemas['PingSummary'], { rtt_avg_ms: unknown }>;

const SPARK_WIDTH = 20;
const TIME: Column = { title: 'TIME', width: 20 };
const COLUMNS: readonly Column[] = [
  { title: 'PROBE', width: 16 },
  { title: 'TARGET', width: 24 },
  { title: 'SENT', width: 4, align: 'right' },
  { title: 'LOSS', width: 6, align: 'right' },
  { title: 'MIN', width: 7, align: 'right' },
  { title: 'AVG', width: 7, align: 'right' },
  { title: 'MAX', width: 7, align: 'right' },
  { title: 'STDDEV', width: 7, align: 'right' },
  { title: 'RTT' },
];

const columnsOf = (withTime: boolean): readonly Column[] => (withTime ? [TIME, ...COLUMNS] : COLUMNS);

/** The titles above rows of pings; all times are milliseconds. */
export function pingTitles(withTime: boolean): string {
  const columns = columnsOf(withTime);
  return row(
    columns,
    columns.map(({ title }) => title),
  );
}

/** One row: figures, and a line of the RTTs in the order in which the packets were sent. */
export function pingRow(ping: Ping, record: Decoded | undefined, view: View): string {
  const { colours, time } = view;
  const isWhole = ping.loss === 0;
  const tint = isWhole ? colours.green : ping.received === 0 ? colours.red : colours.yellow;
  const cells = [
    view.probe,
    targetOf(ping),
    String(ping.sent),
    tint(percent(ping.loss)),
    ms(ping.rtt_min_ms),
    ms(ping.rtt_avg_ms),
    ms(ping.rtt_max_ms),
    ms(ping.rtt_stddev_ms),
    [spark(rttsOf(record), SPARK_WIDTH), notesOf(ping)].filter((part) => part !== '').join(' '),
  ];
  return row(columnsOf(time !== undefined), time === undefined ? cells : [time, ...cells]);
}

/** By packet: the RTT of its first answer, null without one; none where the raw bytes are not at hand. */
function rttsOf(record: Decoded | undefined): (number | null)[] {
  const sent = Math.min(numberOf(record?.['ping_sent']) ?? 0, 1000);
  const rtts = Array.from({ length: sent }, () => null as number | null);
  for (const { seq, rtt } of objectsOf(record?.['responses'])) {
    const [index, value] = [numberOf(seq), numberOf(rtt)];
    if (index !== undefined && value !== undefined && index < sent) rtts[index] ??= value;
  }
  return rtts;
}

function targetOf(ping: Ping): string {
  const name = 'destination' in ping ? ping.destination : ping.dst;
  return name === ping.dst ? name : `${name} (${ping.dst ?? 'no address'})`;
}

function notesOf(ping: Ping): string {
  const { duplicates } = ping;
  // probes of other platforms do not tell
  const replies = ('errors' in ping ? ping.errors : []).map(
    ({ protocol, icmp_type, icmp_code, from, count }) => {
      const what =
        icmp_type === null ? (protocol ?? '?') : `${protocol ?? 'icmp'} ${icmp_type}/${icmp_code ?? 0}`;
      return `${count}× ${what} from ${from ?? '?'}`;
    },
  );
  return [...(duplicates !== null && duplicates > 0 ? [`${duplicates} DUP`] : []), ...replies].join(', ');
}
