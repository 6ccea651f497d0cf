import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { paths } from '../../generated/api.js';
import { answer, api, type Schemas } from './client.js';

export type Series = Schemas['SeriesDto'];
type Query = NonNullable<paths['/api/v1/operations/{id}/series']['get']['parameters']['query']>;

/** Figures by time: made by the server, however many results there are. */
export const series = (id: string, query: Query) =>
  queryOptions({
    queryKey: ['series', id, query],
    queryFn: async ({ signal }) =>
      (await answer(api.GET('/api/v1/operations/{id}/series', { params: { path: { id }, query }, signal }))) as Series,
    placeholderData: keepPreviousData,
  });
