import type { ReactNode } from 'react';
import { serverNow } from '../api/clock.js';
import type { Operation } from '../api/queries.js';
import type { Series } from '../api/series.js';
import { lineColour, LOSS_LEGEND } from '../plots/palette.js';
import type { TimePlotData } from '../plots/time-plot.js';
import { localTime, ms, percent, utcTime, whole } from '../ui/format.js';
import { CheckBox, SelectField } from '../ui/inputs.js';
import { Button } from '../ui/parts.js';
import { useDark } from '../ui/scheme.js';
import { Scroll } from '../ui/table.js';
import { figureColumns } from './figure-data.js';
import { destinationsOf } from './words.js';

/** Lines that are drawn without being asked for. */
export const FEW = 10;
const MOST_ROWS = 400;

/** What of a plot is in the address. */
export interface PlotSearch {
  from?: string | undefined;
  to?: string | undefined;
  probes?: string[] | undefined;
  destination?: string | undefined;
  log?: boolean | undefined;
  before?: boolean | undefined;
}

export type Change = { [Name in keyof PlotSearch]?: PlotSearch[Name] | undefined };

/** Which range, which destination, and how it is drawn. */
export function Tools({
  operation,
  search,
  set,
  children,
}: {
  operation: Operation;
  search: PlotSearch;
  set: (change: Change) => void;
  children?: ReactNode;
}): ReactNode {
  const destinations = destinationsOf(operation);
  const last = (seconds: number) => () =>
    set({ from: new Date(serverNow() - seconds * 1_000).toISOString(), to: undefined });
  return (
    <div className="actions">
      {destinations.length > 1 && (
        <SelectField
          label="Destination"
          value={search.destination ?? ''}
          options={[['', 'all'], ...destinations.map((each) => [each, each] as const)]}
          onText={(text) => set({ destination: text || undefined })}
        />
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
        <CheckBox
          small
          label="Logarithmic"
          checked={search.log === true}
          onCheck={(on) => set({ log: on || undefined })}
        />
      )}
      <CheckBox
        small
        label="Period before"
        checked={search.before === true}
        onCheck={(on) => set({ before: on || undefined })}
      />
      {children}
    </div>
  );
}

/** What stands under the crosshair, or last. */
export function Readout({ data, at }: { data: TimePlotData; at: number | null }): ReactNode {
  const index = at ?? data.middle.findLastIndex((value) => value !== null);
  const time = data.times[index];
  if (time === undefined) return null;
  return (
    <p className="in tight small muted readout">
      <time title={utcTime(time * 1_000)}>{localTime(time * 1_000)}</time> · median {ms(data.middle[index])} ·{' '}
      {data.band} {ms(data.low[index])} – {ms(data.high[index])} · least {ms(data.least[index])} · most{' '}
      {ms(data.most[index])}
      {data.loss !== undefined && <> · loss {percent(data.loss[index])}</>} · {whole(data.due[index] ?? 0)}{' '}
      due
      {(data.missing[index] ?? 0) > 0 && <> · {whole(data.missing[index] ?? 0)} missing</>}
      {data.lines.slice(0, FEW + 1).map(({ name, values }) => (
        <span key={name}>
          {' '}
          · {name} {ms(values[index])}
        </span>
      ))}
    </p>
  );
}

/** Probes on and off. */
export function Legend({
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
  set: (change: Change) => void;
}): ReactNode {
  const dark = useDark();
  if (each === undefined || each.series.length < 2) return null;
  const ids = each.series.map(({ probe_id }) => probe_id ?? '');
  const on = chosen ?? (ids.length <= FEW ? ids : []);
  const swatch = (id: string): ReactNode =>
    shown.includes(id) && (
      <i className="swatch" style={{ background: lineColour(shown.indexOf(id), dark) }} />
    );
  return (
    <fieldset className="series-legend">
      <legend className="visually-hidden">Probes in the plot</legend>
      {ids.map((id) => (
        <CheckBox
          key={id}
          small
          label={
            <>
              {swatch(id)}
              {names.get(id) ?? id}
            </>
          }
          checked={on.includes(id)}
          onCheck={(add) => set({ probes: add ? [...on, id] : on.filter((other) => other !== id) })}
        />
      ))}
    </fieldset>
  );
}

export function LossLegend({ of = 'Strip at the foot' }: { of?: string }): ReactNode {
  return (
    <ul className="loss-legend small muted">
      <li>{of}, packet loss:</li>
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

/** The same figures, to be read one by one. */
export function FiguresTable({ data, title }: { data: TimePlotData; title: string }): ReactNode {
  const rows = data.times.map((time, index) => ({ time, index })).slice(-MOST_ROWS);
  const columns = figureColumns(data);
  return (
    <details className="in tight">
      <summary>Table</summary>
      <Scroll label={`${title}, as a table`} tall>
        <table>
          <thead>
            <tr>
              <th scope="col">From</th>
              {columns.map(({ head }) => (
                <th key={head} scope="col" className="right">
                  {head}
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
                {columns.map(({ head, values, shown }) => (
                  <td key={head} className="right">
                    {shown(values[index] ?? null)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}
