import { keepPreviousData, queryOptions, useQueries, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { answer, api } from '../api/client.js';
import type { Results } from '../api/queries.js';
import { type Row, text } from './results.js';

/** A trace as its summary has it. */
export interface Trace {
  result: string;
  probe: string;
  destination: string;
  hash: string;
  /** by TTL from 1: who answered first; null: nobody */
  path: readonly (string | null)[];
  reached: boolean;
  rtt: number | null;
  /** of an mtr: what it says of each hop */
  hops: readonly Entry[];
  /** when its run was due, or when it came */
  at: string;
}

type Entry = Record<string, unknown>;

const numberIn = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/** What answered at a TTL. */
export interface Hop {
  ttl: number;
  /** null: nothing answered */
  address: string | null;
  name: string | null;
  /** milliseconds, of each answer */
  rtts: readonly number[];
  /** of MPLS, the outermost first */
  labels: readonly number[];
  /** of an mtr, 0 to 1; null: not known */
  loss: number | null;
}

export function tracesOf(
  rows: readonly Pick<Row, 'id' | 'probe_id' | 'scheduled_at' | 'received_at' | 'summary'>[],
): Trace[] {
  return rows.flatMap((row) =>
    row.summary
      .filter(({ type }) => type === 'trace' || type === 'mtr')
      .map((entry) => ({
        result: row.id,
        probe: row.probe_id,
        destination: text(entry['destination'] ?? entry['dst']),
        hash: text(entry['path_hash']),
        path: Array.isArray(entry['path']) ? (entry['path'] as (string | null)[]) : [],
        reached: entry['reached'] === true,
        rtt: numberIn(entry['rtt_ms'] ?? entry['rtt_avg_ms']),
        hops: Array.isArray(entry['hops']) ? (entry['hops'] as Entry[]) : [],
        at: row.scheduled_at ?? row.received_at,
      })),
  );
}

const SHOWN = 500;
const MOST_DECODED = 40;

const newestTraces = (id: string, range: { from?: string; to?: string }) =>
  queryOptions({
    queryKey: ['series', id, 'traces', range],
    queryFn: async ({ signal }) => {
      const time = Object.keys(range).length === 0 ? {} : { time: 'scheduled_at' as const };
      const query = { order: 'desc' as const, limit: SHOWN, outcome: 'stored' as const, ...time, ...range };
      const { items } = (await answer(
        api.GET('/api/v1/operations/{id}/results', { params: { path: { id }, query }, signal }),
      )) as Results;
      return tracesOf(items.map((item) => ({ ...item, summary: (item.summary ?? []) as Entry[] })));
    },
    placeholderData: keepPreviousData,
  });

/** The newest traces of a range, the oldest first. */
export function useTraces(id: string, range: { from?: string; to?: string }) {
  const query = useQuery(newestTraces(id, range));
  const { data } = query;
  const traces = useMemo(() => (data ?? []).toSorted((a, b) => a.at.localeCompare(b.at)), [data]);
  return { query, traces };
}

/** @returns of each pair of probe and destination the last trace up to a time; undefined: the newest */
export function lastUpTo(traces: readonly Trace[], at: string | undefined): Trace[] {
  const last = new Map<string, Trace>();
  for (const trace of traces)
    if (at === undefined || trace.at <= at) last.set(`${trace.probe} ${trace.destination}`, trace);
  return [...last.values()];
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

function hopsOf(trace: Trace, decoded: unknown): Hop[] {
  const records = (Array.isArray(decoded) ? decoded : []) as Entry[];
  const own = records.filter(({ type }) => type === 'trace');
  const record = own.find(({ dst }) => dst === trace.destination) ?? (own.length === 1 ? own[0] : undefined);
  const answers = (Array.isArray(record?.['hops']) ? record['hops'] : []) as Entry[];
  return trace.path.map((address, index) => {
    const ttl = index + 1;
    const here = answers.filter(({ probe_ttl }) => probe_ttl === ttl);
    return {
      ttl,
      address,
      name: nameOf(here),
      rtts: rttsOf(here, trace.hops[index]),
      labels: labelsOf(here[0]),
      loss: numberIn(trace.hops[index]?.['loss']),
    };
  });
}

/** @returns the times of single answers, or of an mtr their mean */
function rttsOf(answers: readonly Entry[], hop: Entry | undefined): number[] {
  const mean = numberIn(hop?.['rtt_avg_ms']);
  if (mean !== null) return [mean];
  return answers.flatMap(({ rtt }) => (typeof rtt === 'number' ? [rtt] : []));
}

function nameOf(answers: readonly Entry[]): string | null {
  const name = answers[0]?.['name'];
  return typeof name === 'string' && name !== '' ? name : null;
}

/** RFC 4950: labels that the router put into its answer. */
function labelsOf(hop: Entry | undefined): number[] {
  const extensions = (Array.isArray(hop?.['icmpext']) ? hop['icmpext'] : []) as Entry[];
  return extensions
    .flatMap(({ mpls_labels }) => (Array.isArray(mpls_labels) ? (mpls_labels as Entry[]) : []))
    .flatMap(({ mpls_label }) => (typeof mpls_label === 'number' ? [mpls_label] : []));
}
