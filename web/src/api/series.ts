import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answer, api } from './client.js';

/** Of an operation, by time: docs/openapi.yaml, `SeriesDto`. */
export interface Series {
  bucket: string;
  bucket_s: number;
  times: string[];
  series: {
    probe_id: string | null;
    destination: string | null;
    values: Record<string, unknown>;
    /** of kind mtr, where columns of hops were asked for: by TTL from 1 */
    hops?: { ttl: number; values: Record<string, unknown> }[];
  }[];
}

interface Query {
  from?: string;
  to?: string;
  probe?: string[];
  destination?: string;
  bucket?: string;
  by: 'all' | 'probe' | 'destination' | 'both';
  metrics: string[];
}

type Get = (path: string, options: object) => Promise<{ data?: Series; error?: unknown; response: Response }>;

/** Figures by time: made by the server, however many results there are. */
export const series = (id: string, query: Query) =>
  queryOptions({
    queryKey: ['series', id, query],
    queryFn: ({ signal }) =>
      // as JSON: the document has CSV beside it
      answer(
        (api.GET as unknown as Get)('/api/v1/operations/{id}/series', {
          params: { path: { id }, query },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });
