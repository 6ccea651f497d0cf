import { type Schemas } from '../api/client.js';
import { type Colours } from '../terminal/terminal.js';
import { safe, safeDeep } from '../terminal/safe.js';
import { count, ms, percent, table, time } from './text.js';

type Answer = Schemas['SeriesDto'];
type OneSeries = Answer['series'][number];
type Values = Readonly<
  Record<string, readonly (number | null)[] | Readonly<Record<string, readonly number[]>>>
>;

/** Of all that a kind may have, what is shown where nobody has named columns. */
const TELLING = [
  ...['runs_due', 'runs_received', 'runs_failed', 'sent', 'loss', 'loss_p50', 'reached', 'paths'],
  ...['rcodes', 'statuses', 'versions', 'rtt_min_ms', 'rtt_p50_ms', 'rtt_p95_ms', 'rtt_max_ms'],
  ...['connect_p50_ms', 'handshake_p50_ms', 'total_p50_ms', 'offset_p50_ms', 'error_p50_ms', 'delay_p50_ms'],
];
const OF_HOPS = [
  ...['hop_addresses', 'hop_sent', 'hop_loss', 'hop_rtt_min_ms', 'hop_rtt_p50_ms', 'hop_rtt_p95_ms'],
  ...['hop_rtt_max_ms'],
];
/** Counts that say whether a bucket has anything. */
const BASES = ['runs_due', 'entries', 'hop_sent'];

/**
 * Tables of the buckets that have something: of each series one, and of the hops of its paths one.
 * @param names of its probes, by id
 * @param isChosen all columns that came are shown, since somebody has named them
 */
export function seriesLines(
  given: Answer,
  names: ReadonlyMap<string, string>,
  isChosen: boolean,
  colours: Colours,
): string[] {
  const answer = safeDeep(given);
  const { kind, from, to, times, bucket, behind } = answer;
  const late = behind.results === 0 ? '' : `; ${count(behind.results, 'result')} of the server not in it yet`;
  return [
    `${colours.bold(kind)} ${time(from)} to ${time(to)}, ${count(times.length, 'bucket')} of ${bucket}${late}`,
    ...answer.series.flatMap((series) => [
      ...headOf(series, names, colours),
      ...rowsOf(answer, [{ values: series.values }], isChosen ? undefined : TELLING),
      ...(series.hops === undefined ? [] : rowsOf(answer, series.hops, isChosen ? undefined : OF_HOPS)),
    ]),
  ];
}

function headOf(
  { probe_id, destination }: OneSeries,
  names: ReadonlyMap<string, string>,
  colours: Colours,
): string[] {
  const of = [
    ...(probe_id === null ? [] : [safe(names.get(probe_id) ?? probe_id)]),
    ...(destination === null ? [] : [`to ${destination}`]),
  ];
  return of.length === 0 ? [] : ['', colours.bold(of.join(' '))];
}

/** @param lists of one series, or one for each of its hops @param telling absent: all columns that there are */
function rowsOf(
  { times }: Answer,
  lists: readonly { ttl?: number; values: Values }[],
  telling: readonly string[] | undefined,
): string[] {
  const there = Object.keys(lists[0]?.values ?? {});
  const shown = telling?.filter((name) => there.includes(name)) ?? there;
  if (shown.length === 0) return [];
  const hasTtl = lists[0]?.ttl !== undefined;
  const rows = times.flatMap((at, index) =>
    lists
      .filter(({ values }) => hasSomething(values, index))
      .map(({ ttl, values }) => [
        time(at),
        ...(hasTtl ? [String(ttl)] : []),
        ...shown.map((name) => cellOf(name, values[name], index)),
      ]),
  );
  if (rows.length === 0) return ['nothing was due, and nothing came'];
  const titles = [{ title: 'AT' }, ...(hasTtl ? [{ title: 'TTL', align: 'right' as const }] : [])];
  const columns = shown.map((name) => ({ title: titleOf(name), align: 'right' as const }));
  return table([...titles, ...columns], rows);
}

function hasSomething(values: Values, index: number): boolean {
  const bases = BASES.map((name) => values[name]).filter((list) => Array.isArray(list));
  return bases.length === 0 || bases.some((list) => (list[index] ?? 0) > 0);
}

function titleOf(name: string): string {
  return name.replace(/^hop_/, '').replace(/_ms$/, '').replaceAll('_', ' ').toUpperCase();
}

function cellOf(name: string, values: Values[string] | undefined, index: number): string {
  if (values === undefined) return '-';
  if (Array.isArray(values)) return numberOf(name, (values as readonly (number | null)[])[index] ?? null);
  const met = Object.entries(values as Readonly<Record<string, readonly number[]>>).filter(
    ([, counts]) => (counts[index] ?? 0) > 0,
  );
  return met.map(([text, counts]) => `${text}=${counts[index] ?? 0}`).join(' ') || '-';
}

function numberOf(name: string, value: number | null): string {
  if (value === null) return '-';
  if (name.endsWith('_ms')) return ms(value);
  return /(^|_)loss$|^loss_(min|p\d+|max|mean|stddev)$/.test(name) ? percent(value) : String(value);
}
