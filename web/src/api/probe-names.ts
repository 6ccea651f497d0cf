import { useQuery } from '@tanstack/react-query';
import { answer, api } from './client.js';

const EMPTY: ReadonlyMap<string, string> = new Map();

/**
 * @param ready false: what is more urgent has not come yet; each name is a request of its own
 * @returns the names of the probes of an operation, by their ids; an id stands for one that has none
 */
export function useProbeNames(id: string, count: number, ready = true): ReadonlyMap<string, string> {
  const { data } = useQuery({
    queryKey: ['probe-names', id],
    enabled: ready && count > 0 && count <= 200,
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const { items } = await answer(
        api.GET('/api/v1/operations/{id}/assignments', {
          params: { path: { id }, query: { limit: 200 } },
          signal,
        }),
      );
      const found = await Promise.all(
        items.map(({ probe_id }) =>
          answer(api.GET('/api/v1/probes/{id}', { params: { path: { id: probe_id } }, signal })).catch(
            () => undefined,
          ),
        ),
      );
      return new Map(
        found.flatMap((probe) => (probe === undefined ? [] : [[probe.id, probe.name ?? probe.id] as const])),
      );
    },
  });
  return data ?? EMPTY;
}
