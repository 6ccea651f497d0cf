import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import type { Operation } from '../api/queries.js';
import { series, type Series } from '../api/series.js';
import { SavePlot } from '../plots/save.js';
import { TimePlot } from '../plots/time-plot.js';
import { timePlotSvg } from '../plots/time-plot-svg.js';
import { Empty, Loaded, Panel } from '../ui/parts.js';
import { useDark } from '../ui/scheme.js';
import { figureOf, labelOf, metricsOf, periodBefore, plotted, rowsOf } from './figure-data.js';
import {
  type Change,
  FEW,
  FiguresTable,
  Legend,
  LossLegend,
  type PlotSearch,
  Readout,
  Tools,
} from './figure-parts.js';
import { titleOf } from './words.js';

const MOST_LINES = 100;

interface Props {
  operation: Operation;
  names: ReadonlyMap<string, string>;
  search: PlotSearch;
  set: (change: Change) => void;
  /** once the figures have come: what is less urgent is asked for then */
  onShown?: () => void;
  /** the plot alone, for pages of others */
  bare?: boolean;
}

/** What a kind measures, over time: all together as smoke, and a line for each probe. */
export function Figures(props: Props): ReactNode {
  const { operation, names, search, set, onShown, bare = false } = props;
  const { title } = figureOf(operation.kind);
  const { all, each, before } = useFigures(operation, search);
  const chosen = search.probes;
  const { isPending } = all;
  useEffect(() => {
    if (!isPending) onShown?.();
  }, [isPending, onShown]);
  const lines = useMemo(() => linesOf(each.data, chosen), [each.data, chosen]);
  const dark = useDark();
  const log = search.log === true && operation.kind !== 'ntp';
  const data =
    all.data === undefined
      ? undefined
      : plotted(operation.kind, { all: all.data, each: each.data, lines, names, before: before.data });
  const draw = () =>
    data && timePlotSvg(data, { title: `${titleOf(operation)}: ${title}`, unit: 'ms', log, dark });
  const plot = (
    <Loaded query={all} lines={9}>
      {() =>
        data === undefined || isBlank(data) ? (
          <Nothing ranged={search.from !== undefined || search.to !== undefined} />
        ) : (
          <Plot {...props} data={data} title={title} log={log} each={each.data} lines={lines} />
        )
      }
    </Loaded>
  );
  if (bare) return plot;
  return (
    <Panel
      title={title}
      bare
      aside={
        <Tools operation={operation} search={search} set={set}>
          <SavePlot name={title} draw={draw} figures={() => (data === undefined ? [] : rowsOf(data))} />
        </Tools>
      }
    >
      {before.isSuccess && isEmpty(before.data) && (
        <p className="in tight small muted">Nothing was measured in the period before this one.</p>
      )}
      {plot}
    </Panel>
  );
}

function Nothing({ ranged }: { ranged: boolean }): ReactNode {
  return ranged ? (
    <Empty title="Nothing was measured in this range.">
      <p>“All” shows what there is.</p>
    </Empty>
  ) : (
    <Empty title="No result yet.">
      <p>The plot begins with the first one, by itself.</p>
    </Empty>
  );
}

function useFigures(operation: Operation, search: PlotSearch) {
  const { id, kind } = operation;
  const asked = {
    ...(search.from !== undefined && { from: search.from }),
    ...(search.to !== undefined && { to: search.to }),
    ...(search.destination !== undefined && { destination: search.destination }),
  };
  const metrics = metricsOf(kind);
  const all = useQuery(series(id, { ...asked, by: 'all', metrics: metrics.all }));
  const each = useQuery({
    ...series(id, { ...asked, by: 'probe', metrics: metrics.each }),
    // of many probes no line is drawn unasked: their answer is long, and must not hold up the plot
    enabled: operation.probe_count <= MOST_LINES && (operation.probe_count <= FEW || all.isSuccess),
  });
  const range = all.data === undefined ? undefined : periodBefore(all.data);
  const before = useQuery({
    ...series(id, {
      ...asked,
      ...(range ?? {}),
      ...(all.data !== undefined && { bucket: all.data.bucket }),
      by: 'all',
      metrics: metrics.each,
    }),
    enabled: search.before === true && range !== undefined,
  });
  return {
    all,
    each,
    before: search.before === true ? before : { data: undefined, isSuccess: false as const },
  };
}

/** Nothing came and nothing is missing: axes alone would tell nobody anything. */
function isBlank({ middle, missing }: ReturnType<typeof plotted>): boolean {
  return middle.every((value) => value === null) && !missing.some((count) => (count ?? 0) > 0);
}

function isEmpty(before: Series): boolean {
  const [column] = Object.values(before.series[0]?.values ?? {});
  return !Array.isArray(column) || column.every((value) => value === null);
}

function linesOf(each: Series | undefined, chosen: readonly string[] | undefined): Series['series'] {
  const all = each?.series ?? [];
  if (chosen === undefined) return all.length <= FEW ? all : [];
  return all.filter(({ probe_id }) => chosen.includes(probe_id ?? ''));
}

function Plot({
  operation,
  names,
  search,
  set,
  bare = false,
  data,
  title,
  log,
  each,
  lines,
}: Props & {
  data: ReturnType<typeof plotted>;
  title: string;
  log: boolean;
  each: Series | undefined;
  lines: Series['series'];
}): ReactNode {
  const [at, setAt] = useState<number | null>(null);
  return (
    <>
      <TimePlot
        data={data}
        label={`${labelOf(title, data)}${bare ? `: ${titleOf(operation)}` : ''}`}
        unit="ms"
        log={log}
        onZoom={(from, to) => set({ from: iso(from), to: iso(to) })}
        onAll={() => set({ from: undefined, to: undefined })}
        onCursor={setAt}
      />
      <Readout data={data} at={at} />
      {!bare && (
        <>
          <Legend
            each={each}
            names={names}
            chosen={search.probes}
            set={set}
            shown={lines.map(({ probe_id }) => probe_id)}
          />
          {data.loss !== undefined && <LossLegend />}
          <FiguresTable data={data} title={title} />
        </>
      )}
    </>
  );
}

const iso = (seconds: number): string => new Date(Math.round(seconds) * 1_000).toISOString();
