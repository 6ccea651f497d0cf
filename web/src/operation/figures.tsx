import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState, type ReactNode } from 'react';
import type { Operation } from '../api/queries.js';
import { series, type Series } from '../api/series.js';
import { lineColour, LOSS_LEGEND } from '../plots/palette.js';
import { TimePlot, type TimePlotData } from '../plots/time-plot.js';
import { localTime, ms, percent, utcTime, whole } from '../ui/format.js';
import { Button, Empty, Field, Loaded, Panel } from '../ui/parts.js';
import { useDark } from '../ui/scheme.js';
import { destinationsOf } from './words.js';

const route = getRouteApi('/operations/$id');

/** Which figure of a kind is drawn over time, by its name in the API's columns. */
const FIGURE: Record<Operation['kind'], { title: string; name: string }> = {
  ping: { title: 'Round-trip time', name: 'rtt' },
  traceroute: { title: 'Round-trip time', name: 'rtt' },
  dns: { title: 'Response time', name: 'rtt' },
  http: { title: 'Total time', name: 'total' },
  tls: { title: 'Handshake time', name: 'handshake' },
  ntp: { title: 'Clock offset', name: 'offset' },
  mtr: { title: 'Round-trip time', name: 'rtt' },
  warts: { title: 'Round-trip time', name: 'rtt' },
};
/** Lines that are drawn without being asked for. */
const FEW = 10;
const MOST_LINES = 100;

type Values = (number | null)[];

export function Figures({
  operation,
  names,
}: {
  operation: Operation;
  names: ReadonlyMap<string, string>;
}): ReactNode {
  const { title, name } = FIGURE[operation.kind];
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [at, setAt] = useState<number | null>(null);
  const asked = {
    ...(search.from !== undefined && { from: search.from }),
    ...(search.to !== undefined && { to: search.to }),
    ...(search.destination !== undefined && { destination: search.destination }),
  };
  const metrics = [
    ...['min', 'p5', 'p50', 'p95', 'max'].map((each) => `${name}_${each}_ms`),
    'runs_due',
    'runs_received',
    'runs_missing',
  ];
  const loss = operation.kind === 'ping' ? ['loss'] : [];
  const all = useQuery(series(operation.id, { ...asked, by: 'all', metrics: [...metrics, ...loss] }));
  const each = useQuery({
    ...series(operation.id, { ...asked, by: 'probe', metrics: [`${name}_p50_ms`, ...loss] }),
    enabled: operation.probe_count <= MOST_LINES,
  });
  const set = (change: Record<string, unknown>): void => {
    void navigate({ search: (before) => drop({ ...before, ...change }), replace: true });
  };
  const zoom = (from: number, to: number): void => set({ from: iso(from), to: iso(to) });
  const chosen = search.probes;
  const lines = useMemo(
    () =>
      (each.data?.series ?? []).filter(({ probe_id }) =>
        chosen === undefined ? (each.data?.series.length ?? 0) <= FEW : chosen.includes(probe_id ?? ''),
      ),
    [each.data, chosen],
  );
  return (
    <Panel title={title} bare aside={<Tools operation={operation} set={set} search={search} />}>
      <Loaded query={all} lines={9}>
        {(answer) => {
          const data = plotted(answer, name, lines, names, each.data);
          if (data.times.length === 0)
            return (
              <Empty title="No result yet.">
                <p>The plot begins with the first one, by itself.</p>
              </Empty>
            );
          return (
            <>
              <TimePlot
                data={data}
                label={labelOf(title, data)}
                unit="ms"
                log={search.log === true && operation.kind !== 'ntp'}
                onZoom={zoom}
                onAll={() => set({ from: undefined, to: undefined })}
                onCursor={setAt}
              />
              <Readout data={data} at={at} />
              <Legend
                each={each.data}
                names={names}
                chosen={chosen}
                set={set}
                shown={lines.map(({ probe_id }) => probe_id)}
              />
              {data.loss !== undefined && <LossLegend />}
              <Table data={data} title={title} />
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}

function drop<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

const iso = (seconds: number): string => new Date(Math.round(seconds) * 1_000).toISOString();

function columnOf(values: Record<string, unknown> | undefined, name: string, count: number): Values {
  const column = values?.[name];
  return Array.isArray(column) ? (column as Values) : Array.from({ length: count }, () => null);
}

function plotted(
  answer: Series,
  name: string,
  lines: Series['series'],
  names: ReadonlyMap<string, string>,
  each: Series | undefined,
): TimePlotData {
  const values = answer.series[0]?.values;
  const count = answer.times.length;
  const of = (column: string): Values => columnOf(values, column, count);
  const figure = (column: string): Values => of(`${name}_${column}_ms`);
  // both were asked at nearly the same time: one bucket more or less
  const offset = each === undefined ? 0 : answer.times.indexOf(each.times[0] ?? '');
  const due = of('runs_due');
  return {
    times: answer.times.map((time) => Date.parse(time) / 1_000),
    bucketS: answer.bucket_s,
    ...{
      least: figure('min'),
      low: figure('p5'),
      middle: figure('p50'),
      high: figure('p95'),
      most: figure('max'),
    },
    lines: lines.map(({ probe_id, values: own }) => {
      const column = columnOf(own, `${name}_p50_ms`, count);
      return {
        name: names.get(probe_id ?? '') ?? probe_id ?? '',
        values: Array.from({ length: count }, (_, index) => column[index - Math.max(0, offset)] ?? null),
      };
    }),
    loss: values !== undefined && 'loss' in values ? of('loss') : undefined,
    due,
    missing: of('runs_missing'),
  };
}

function labelOf(title: string, { times, middle, loss, due }: TimePlotData): string {
  const known = middle.filter((value) => value !== null).sort((a, b) => a - b);
  const from = localTime((times[0] ?? 0) * 1_000);
  const to = localTime((times.at(-1) ?? 0) * 1_000);
  const lost = (loss ?? []).filter((share) => share !== null);
  const losses = lost.length === 0 ? '' : `, loss up to ${percent(Math.max(...lost))}`;
  const runs = due.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  return `${title} from ${from} to ${to}: medians from ${ms(known[0])} to ${ms(known.at(-1))}${losses}, ${whole(runs)} runs due`;
}

function Tools({
  operation,
  set,
  search,
}: {
  operation: Operation;
  set: (change: Record<string, unknown>) => void;
  search: {
    from?: string | undefined;
    to?: string | undefined;
    log?: boolean | undefined;
    destination?: string | undefined;
  };
}): ReactNode {
  const destinations = destinationsOf(operation);
  const now = Date.now();
  const last = (seconds: number) => () =>
    set({ from: new Date(now - seconds * 1_000).toISOString(), to: undefined });
  return (
    <div className="actions">
      {destinations.length > 1 && (
        <Field label="Destination">
          {(describing) => (
            <select
              {...describing}
              value={search.destination ?? ''}
              onChange={(event) => set({ destination: event.target.value || undefined })}
            >
              <option value="">all</option>
              {destinations.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Button size="small" onClick={last(3_600)}>
        Last hour
      </Button>
      <Button size="small" onClick={last(86_400)}>
        Last day
      </Button>
      <Button size="small" onClick={() => set({ from: undefined, to: undefined })}>
        All
      </Button>
      {operation.kind !== 'ntp' && (
        <label className="check small">
          <input
            type="checkbox"
            checked={search.log === true}
            onChange={(event) => set({ log: event.target.checked || undefined })}
          />
          Logarithmic
        </label>
      )}
    </div>
  );
}

/** What stands under the crosshair, or last. */
function Readout({ data, at }: { data: TimePlotData; at: number | null }): ReactNode {
  const index = at ?? data.middle.findLastIndex((value) => value !== null);
  const time = data.times[index];
  if (time === undefined) return null;
  return (
    <p className="in tight small muted readout">
      <time title={utcTime(time * 1_000)}>{localTime(time * 1_000)}</time> · median {ms(data.middle[index])} ·
      5–95 % {ms(data.low[index])} – {ms(data.high[index])} · least {ms(data.least[index])} · most{' '}
      {ms(data.most[index])}
      {data.loss !== undefined && <> · loss {percent(data.loss[index])}</>} · {whole(data.due[index] ?? 0)}{' '}
      due
      {(data.missing[index] ?? 0) > 0 && <> · {whole(data.missing[index] ?? 0)} missing</>}
      {data.lines.slice(0, FEW).map(({ name, values }) => (
        <span key={name}>
          {' '}
          · {name} {ms(values[index])}
        </span>
      ))}
    </p>
  );
}

function Legend({
  each,
  names,
  chosen,
  shown,
  set,
}: {
  each: Series | undefined;
  names: ReadonlyMap<string, string>;
  chosen: readonly string[] | undefined;
  shown: readonly (string | null)[];
  set: (change: Record<string, unknown>) => void;
}): ReactNode {
  const dark = useDark();
  if (each === undefined || each.series.length < 2) return null;
  const ids = each.series.map(({ probe_id }) => probe_id ?? '');
  const on = chosen ?? (ids.length <= FEW ? ids : []);
  return (
    <fieldset className="series-legend">
      <legend className="visually-hidden">Probes in the plot</legend>
      {ids.map((id) => (
        <label key={id} className="check small">
          <input
            type="checkbox"
            checked={on.includes(id)}
            onChange={(event) =>
              set({ probes: event.target.checked ? [...on, id] : on.filter((other) => other !== id) })
            }
          />
          {shown.includes(id) && (
            <i className="swatch" style={{ background: lineColour(shown.indexOf(id), dark) }} />
          )}
          {names.get(id) ?? id}
        </label>
      ))}
    </fieldset>
  );
}

function LossLegend(): ReactNode {
  return (
    <ul className="loss-legend small muted">
      <li>Strip at the foot, packet loss:</li>
      {LOSS_LEGEND.map(([background, text]) => (
        <li key={text}>
          <i className="swatch" style={{ background }} /> {text}
        </li>
      ))}
      <li>
        <i className="swatch" style={{ background: 'var(--bad-soft)' }} /> runs missing
      </li>
    </ul>
  );
}

const MOST_ROWS = 400;

function Table({ data, title }: { data: TimePlotData; title: string }): ReactNode {
  const rows = data.times.map((time, index) => ({ time, index })).slice(-MOST_ROWS);
  return (
    <details className="in tight">
      <summary>Table</summary>
      <div className="scroll tall" role="region" aria-label={`${title}, as a table`} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {['From', 'Median', '5 %', '95 %', 'Least', 'Most', 'Loss', 'Due', 'Missing'].map((each) => (
                <th key={each} scope="col" className={each === 'From' ? '' : 'right'}>
                  {each}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ time, index }) => (
              <tr key={time}>
                <th scope="row" className="nowrap">
                  <time title={utcTime(time * 1_000)}>{localTime(time * 1_000)}</time>
                </th>
                {[data.middle, data.low, data.high, data.least, data.most].map((column, place) => (
                  <td key={place} className="right">
                    {ms(column[index])}
                  </td>
                ))}
                <td className="right">{percent(data.loss?.[index])}</td>
                <td className="right">{whole(data.due[index] ?? 0)}</td>
                <td className="right">{whole(data.missing[index] ?? 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
