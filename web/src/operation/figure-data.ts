import type { Operation } from '../api/queries.js';
import type { Series } from '../api/series.js';
import type { Cell } from '../plots/csv.js';
import type { TimePlotData } from '../plots/time-plot.js';
import { localTime, ms, percent, whole } from '../ui/format.js';

type Values = (number | null)[];

const ROUND_TRIP = { title: 'Round-trip time', name: 'rtt' };
/** Which figure of a kind is drawn over time, by its name in the API's columns. */
const FIGURE: Readonly<Record<Operation['kind'], { title: string; name: string }>> = {
  ping: ROUND_TRIP,
  traceroute: ROUND_TRIP,
  dns: { title: 'Response time', name: 'rtt' },
  http: { title: 'Total time', name: 'total' },
  tls: { title: 'Handshake time', name: 'handshake' },
  ntp: { title: 'Clock offset', name: 'offset' },
  mtr: ROUND_TRIP,
  warts: ROUND_TRIP,
};
/** What lies between the lower and the upper bound, where it is no error. */
export const BAND = '5–95 %';
/** The column that has the loss, of kinds that know one. */
const LOSS: Partial<Record<Operation['kind'], string>> = { ping: 'loss', mtr: 'loss_mean' };

export const figureOf = (kind: Operation['kind']): { title: string; name: string } => FIGURE[kind];

/** @returns the columns that the plot of a kind is made of */
export function metricsOf(kind: Operation['kind']): { all: string[]; each: string[] } {
  const { name } = figureOf(kind);
  const loss = LOSS[kind] === undefined ? [] : [LOSS[kind]];
  const bound = kind === 'ntp' ? ['error_p50_ms'] : [];
  const smoke = ['min', 'p5', 'p50', 'p95', 'max'].map((each) => `${name}_${each}_ms`);
  return {
    all: [...smoke, ...bound, 'runs_due', 'runs_received', 'runs_missing', ...loss],
    each: [`${name}_p50_ms`, ...loss],
  };
}

export interface Shown {
  /** of everything together */
  all: Series;
  /** a line for each probe */
  each: Series | undefined;
  lines: Series['series'];
  names: ReadonlyMap<string, string>;
  /** of the period before */
  before: Series | undefined;
}

/** @returns what a time plot draws of the answers of the server */
export function plotted(kind: Operation['kind'], { all, each, lines, names, before }: Shown): TimePlotData {
  const { name } = figureOf(kind);
  const values = all.series[0]?.values;
  const count = all.times.length;
  const of = (column: string): Values => columnOf(values, column, count);
  const figure = (column: string): Values => of(`${name}_${column}_ms`);
  const middle = figure('p50');
  const bound = kind === 'ntp' ? of('error_p50_ms') : undefined;
  // both were asked at nearly the same time: one bucket more or less
  const offset = each === undefined ? 0 : Math.max(0, all.times.indexOf(each.times[0] ?? ''));
  return {
    times: all.times.map((time) => Date.parse(time) / 1_000),
    bucketS: all.bucket_s,
    ...{ least: figure('min'), middle, most: figure('max') },
    // of a clock the band is where its offset may be
    low: bound === undefined ? figure('p5') : middle.map((value, index) => plus(value, bound[index], -1)),
    high: bound === undefined ? figure('p95') : middle.map((value, index) => plus(value, bound[index], 1)),
    band: bound === undefined ? BAND : 'error bound',
    lines: [
      ...lines.map(({ probe_id, values: own }) => {
        const column = columnOf(own, `${name}_p50_ms`, count);
        return {
          name: names.get(probe_id ?? '') ?? probe_id ?? '',
          values: Array.from({ length: count }, (_, index) => column[index - offset] ?? null),
        };
      }),
      ...beforeOf(before, `${name}_p50_ms`, count),
    ],
    loss: LOSS[kind] !== undefined && values !== undefined ? of(LOSS[kind]) : undefined,
    due: of('runs_due'),
    missing: of('runs_missing'),
  };
}

function plus(value: number | null, bound: number | null | undefined, sign: 1 | -1): number | null {
  return value === null || bound === null || bound === undefined ? null : value + sign * bound;
}

function beforeOf(before: Series | undefined, column: string, count: number): TimePlotData['lines'] {
  if (before === undefined) return [];
  const values = columnOf(before.series[0]?.values, column, before.times.length);
  return [{ name: 'the period before', values: values.slice(0, count), dashed: true }];
}

function columnOf(values: Record<string, unknown> | undefined, name: string, count: number): Values {
  const column = values?.[name];
  return Array.isArray(column) ? (column as Values) : Array.from({ length: count }, () => null);
}

/** @returns the range that ends where this one begins, and is as long */
export function periodBefore({ times, bucket_s }: Series): { from: string; to: string } | undefined {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const [from, to] = [Date.parse(first), Date.parse(last) + bucket_s * 1_000];
  return { from: new Date(2 * from - to).toISOString(), to: first };
}

/** @returns what a plot shows, in words: for those who do not see it */
export function labelOf(title: string, { times, middle, loss, due }: TimePlotData): string {
  const known = middle.filter((value) => value !== null).sort((a, b) => a - b);
  const from = localTime((times[0] ?? 0) * 1_000);
  const to = localTime((times.at(-1) ?? 0) * 1_000);
  const lost = (loss ?? []).filter((share) => share !== null);
  const losses = lost.length === 0 ? '' : `, loss up to ${percent(Math.max(...lost))}`;
  const runs = due.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  return `${title} from ${from} to ${to}: medians from ${ms(known[0])} to ${ms(known.at(-1))}${losses}, ${whole(runs)} runs due`;
}

interface FigureColumn {
  /** in a table of the page */
  head: string;
  /** in a file */
  name: string;
  values: readonly (number | null)[];
  shown: (value: number | null) => string;
}

/** @returns the figures that a plot draws for each time, without those that it does not know */
export function figureColumns(data: TimePlotData): FigureColumn[] {
  const isRange = data.band === BAND;
  const time = (head: string, name: string, values: FigureColumn['values']): FigureColumn => ({
    ...{ head, name: `${name}_ms`, values, shown: ms },
  });
  const runs = (head: string, name: string, values: FigureColumn['values']): FigureColumn => ({
    ...{ head, name, values, shown: (count) => whole(count ?? 0) },
  });
  return [
    time('Median', 'median', data.middle),
    time(isRange ? '5 %' : 'Bound below', isRange ? 'p5' : 'bound_below', data.low),
    time(isRange ? '95 %' : 'Bound above', isRange ? 'p95' : 'bound_above', data.high),
    time('Least', 'least', data.least),
    time('Most', 'most', data.most),
    ...(data.loss === undefined
      ? []
      : [{ head: 'Loss', name: 'loss', values: data.loss, shown: (share: number | null) => percent(share) }]),
    // single results are not counted by time
    ...(data.bucketS === 0
      ? []
      : [runs('Due', 'runs_due', data.due), runs('Missing', 'runs_missing', data.missing)]),
  ];
}

/** @returns what a plot draws, as rows under a row of names: times in UTC, milliseconds, loss as a share of 1 */
export function rowsOf(data: TimePlotData): Cell[][] {
  const columns = [...figureColumns(data), ...data.lines];
  return [
    ['from', ...columns.map(({ name }) => name)],
    ...data.times.map((time, index) => [
      new Date(time * 1_000).toISOString(),
      ...columns.map(({ values }) => values[index] ?? null),
    ]),
  ];
}
