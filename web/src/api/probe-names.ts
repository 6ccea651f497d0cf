import { useQuery } from '@tanstack/react-query';
import { answer, api } from './client.js';
import { everyPage } from './pages.js';

const PAGE = 1_000;
const MOST_PAGES = 10;
const EMPTY: ReadonlyMap<string, string> = new Map();

/**
 * @param ready false: what is more urgent has not come yet
 * @returns the names of the probes of an operation, by their ids; an id stands for one that has none
 */
export function useProbeNames(id: string, count: number, ready = true): ReadonlyMap<string, string> {
  const { data } = useQuery({
    queryKey: ['probe-names', id],
    enabled: ready && count > 0,
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const all = await everyPage(MOST_PAGES, (cursor) =>
        answer(
          api.GET('/api/v1/operations/{id}/assignments', {
            params: { path: { id }, query: { limit: PAGE, ...cursor } },
            signal,
          }),
        ),
      );
      return new Map(all.map(({ probe_id, probe_name }) => [probe_id, probe_name ?? probe_id]));
    },
  });
  return data ?? EMPTY;
}
