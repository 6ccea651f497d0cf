import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Operation } from '../api/queries.js';
import { series, type Series } from '../api/series.js';
import { type Layer, StackPlot } from '../plots/stack-plot.js';
import { ms, whole } from '../ui/format.js';
import { Empty, Loaded, Panel } from '../ui/parts.js';
import type { PlotSearch } from './figure-parts.js';

interface Stack {
  title: string;
  metrics: readonly string[];
  layers: (answer: Series) => Layer[];
  format: (value: number) => string;
}

/** Means: they add up, which quantiles do not. */
const PHASES = ['resolve', 'connect', 'tls', 'first_byte', 'total'].map((phase) => `${phase}_mean_ms`);

/** What is told over time beside the figure of a kind. */
const STACKS: Partial<Record<Operation['kind'], readonly Stack[]>> = {
  dns: [{ title: 'Response codes', metrics: ['rcodes'], layers: countsOf('rcodes'), format: whole }],
  http: [
    { title: 'Time by phase', metrics: PHASES, layers: phasesOf, format: ms },
    { title: 'Status codes', metrics: ['statuses'], layers: countsOf('statuses'), format: whole },
  ],
  tls: [{ title: 'Versions of TLS', metrics: ['versions'], layers: countsOf('versions'), format: whole }],
};

export function Stacks({ operation, search }: { operation: Operation; search: PlotSearch }): ReactNode {
  return (STACKS[operation.kind] ?? []).map((stack) => (
    <OneStack key={stack.title} operation={operation} search={search} stack={stack} />
  ));
}

function OneStack({
  operation,
  search,
  stack: { title, metrics, layers, format },
}: {
  operation: Operation;
  search: PlotSearch;
  stack: Stack;
}): ReactNode {
  const query = useQuery(
    series(operation.id, {
      ...(search.from !== undefined && { from: search.from }),
      ...(search.to !== undefined && { to: search.to }),
      ...(search.destination !== undefined && { destination: search.destination }),
      by: 'all',
      metrics: [...metrics],
    }),
  );
  return (
    <Panel title={title} bare>
      <Loaded query={query} lines={5}>
        {(answer) => {
          const shown = layers(answer);
          return shown.length === 0 ? (
            <Empty title="Nothing came yet." />
          ) : (
            <StackPlot
              title={title}
              times={answer.times.map((time) => Date.parse(time) / 1_000)}
              bucketS={answer.bucket_s}
              layers={shown}
              format={format}
            />
          );
        }}
      </Loaded>
    </Panel>
  );
}

function countsOf(column: string): (answer: Series) => Layer[] {
  return ({ series: [all], times }) => {
    const counts = (all?.values[column] ?? {}) as Record<string, (number | null)[]>;
    return Object.entries(counts).map(([name, values]) => ({
      name,
      values: times.map((_time, index) => values[index] ?? 0),
    }));
  };
}

/** From asking for the name to the last byte; what the phases leave is the rest of the body. */
function phasesOf({ series: [all], times }: Series): Layer[] {
  const of = (column: string): (number | null)[] => {
    const values = all?.values[column];
    return Array.isArray(values) ? (values as (number | null)[]) : [];
  };
  const [resolve = [], connect = [], tls = [], firstByte = [], total = []] = PHASES.map(of);
  if (total.every((value) => value === null)) return [];
  const layer = (name: string, values: (number | null)[]): Layer => ({
    name,
    values: times.map((_time, index) => values[index] ?? 0),
  });
  const parts = [
    layer('resolve', resolve),
    layer('connect', connect),
    layer('TLS', tls),
    layer('first byte', firstByte),
  ];
  const rest = total.map((whole_, index) =>
    whole_ === null
      ? null
      : Math.max(0, whole_ - parts.reduce((sum, { values }) => sum + (values[index] ?? 0), 0)),
  );
  return [...parts, layer('rest', rest)];
}
