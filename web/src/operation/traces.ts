import { keepPreviousData, queryOptions, useQueries, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { answer, api } from '../api/client.js';
import { pauseFor, type Results } from '../api/queries.js';
import { type Hop, hopsOf, type Trace, tracesOf } from './trace-data.js';

type Entry = Record<string, unknown>;

const SHOWN = 500;
const MOST_DECODED = 40;

const newestTraces = (id: string, range: { from?: string; to?: string }) =>
  queryOptions({
    queryKey: ['traces', id, range],
    queryFn: async ({ signal }) => {
      const time = Object.keys(range).length === 0 ? {} : { time: 'scheduled_at' as const };
      const query = { order: 'desc' as const, limit: SHOWN, outcome: 'stored' as const, ...time, ...range };
      const { items } = (await answer(
        api.GET('/api/v1/operations/{id}/results', { params: { path: { id }, query }, signal }),
      )) as Results;
      return tracesOf(items.map((item) => ({ ...item, summary: (item.summary ?? []) as Entry[] })));
    },
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) => pauseFor(data?.length),
  });

/** The newest traces of a range, the oldest first. */
export function useTraces(id: string, range: { from?: string; to?: string }) {
  const query = useQuery(newestTraces(id, range));
  const { data } = query;
  const traces = useMemo(() => (data ?? []).toSorted((a, b) => a.at.localeCompare(b.at)), [data]);
  return { query, traces };
}

/** Hops with their times and labels, by the results that have them: what a summary leaves out is in the raw bytes. */
export function useHops(traces: readonly Trace[]): ReadonlyMap<Trace, readonly Hop[]> {
  const ids = [...new Set(traces.map(({ result }) => result))].slice(0, MOST_DECODED);
  const decoded = useQueries({
    queries: ids.map((id) => ({
      queryKey: ['result', id],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        answer(api.GET('/api/v1/results/{id}', { params: { path: { id } }, signal })),
      staleTime: Infinity,
    })),
    combine: (queries) =>
      new Map(queries.flatMap(({ data }) => (data === undefined ? [] : [[data.id, data.decoded] as const]))),
  });
  return new Map(traces.map((trace) => [trace, hopsOf(trace, decoded.get(trace.result))]));
}
