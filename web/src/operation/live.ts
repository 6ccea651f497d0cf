import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { follow, type LiveState } from '../api/events.js';
import { results } from '../api/queries.js';
import { type Row, rowOf } from './results.js';

/** So many are kept: the page stays small however long it is open. */
const MOST_ROWS = 100;
/** How often what is derived of results is asked for again, while they come. */
const AGAIN_MS = 2_500;

/** The newest results of an operation, live, and whether they are. */
export function useLive(
  id: string,
  filter: { outcome?: 'failed' } = {},
): { rows: Row[]; state: LiveState; error: unknown; loading: boolean } {
  const queries = useQueryClient();
  const [came, setCame] = useState<readonly Row[]>([]);
  const [state, setState] = useState<LiveState>('connecting');
  const newest = useQuery({ ...results(id, { order: 'desc', limit: 50, ...filter }), staleTime: Infinity });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    const end = new AbortController();
    const again = (): void => {
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        for (const key of ['operation', 'coverage', 'series'])
          void queries.invalidateQueries({ queryKey: [key, id] });
      }, AGAIN_MS);
    };
    let waiting: Row[] = [];
    let frame = 0;
    const show = (): void => {
      frame = 0;
      const rows = waiting;
      waiting = [];
      setCame((before) => [...rows.reverse(), ...before].slice(0, MOST_ROWS));
    };
    setCame([]);
    const onState = (next: LiveState): void => {
      setState(next);
      if (next === 'live') again();
    };
    void follow(
      id,
      {
        onResult: (event) => {
          waiting.push(rowOf(event));
          frame ||= requestAnimationFrame(show);
          again();
        },
        onChange: again,
        onState,
        onGap: () => void queries.invalidateQueries({ queryKey: ['results', id] }),
      },
      end.signal,
    );
    return () => {
      end.abort();
      cancelAnimationFrame(frame);
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [id, queries]);
  const { data, error, isPending } = newest;
  const failedOnly = filter.outcome === 'failed';
  const rows = useMemo(() => {
    const known = (data?.items ?? []).map((result): Row => ({
      ...result,
      summary: result.summary ?? [],
      failure: result.failure,
    }));
    const all = new Map([...came, ...known].map((row) => [row.id, row]));
    return [...all.values()]
      .filter(({ outcome }) => !failedOnly || outcome === 'failed')
      .sort((a, b) => b.received_at.localeCompare(a.received_at))
      .slice(0, MOST_ROWS);
  }, [came, data, failedOnly]);
  return { rows, state, error, loading: isPending };
}
