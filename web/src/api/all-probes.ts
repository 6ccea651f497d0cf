import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answer, api } from './client.js';
import type { Probe, ProbesQuery } from './queries.js';

const PAGE = 1_000;
const MOST_PAGES = 20;

/** All probes that meet a filter, by pages of 1,000: for the map. */
export const allProbes = (query: Omit<ProbesQuery, 'limit'>) =>
  queryOptions({
    queryKey: ['all-probes', query],
    queryFn: async ({ signal }) => {
      const found: Probe[] = [];
      let next: string | null = null;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const cursor: { cursor?: string } = next === null ? {} : { cursor: next };
        const got: { items: Probe[]; next: string | null } = await answer(
          api.GET('/api/v1/probes', { params: { query: { ...query, limit: PAGE, ...cursor } }, signal }),
        );
        found.push(...got.items);
        next = got.next;
        if (next === null) break;
      }
      return found;
    },
    placeholderData: keepPreviousData,
    staleTime: 15_000,
  });

export const spotOf = ({ id, name, location, connected }: Probe) => ({
  id,
  name: name ?? id,
  ...location,
  connected,
});
