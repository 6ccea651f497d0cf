import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answer, api } from './client.js';
import { everyPage } from './pages.js';
import type { Probe, ProbesQuery } from './queries.js';

const PAGE = 1_000;
const MOST_PAGES = 20;

/** All probes that meet a filter, by pages of 1,000: for the map. */
export const allProbes = (query: Omit<ProbesQuery, 'limit'>) =>
  queryOptions({
    queryKey: ['all-probes', query],
    queryFn: ({ signal }) =>
      everyPage(MOST_PAGES, (cursor) =>
        answer(
          api.GET('/api/v1/probes', { params: { query: { ...query, limit: PAGE, ...cursor } }, signal }),
        ),
      ),
    placeholderData: keepPreviousData,
    staleTime: 15_000,
  });

export const spotOf = ({ id, name, location, connected }: Probe) => ({
  id,
  name: name ?? id,
  ...location,
  connected,
});
