import { infiniteQueryOptions, keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query';
import type { paths } from '../../generated/api.js';
import { session } from '../session/session.js';
import { answer, api, type Schemas } from './client.js';
import { problemOf } from './problem.js';

export type Operation = Schemas['OperationDto'];
export type Probe = Schemas['ProbeDto'];
export type Result = Schemas['ResultDto'];

/** Of the forms in which results are given, the one of pages. */
export interface Results {
  items: Result[];
  next: string | null;
}

export type Coverage = Schemas['CoverageDto'];
export type Account = Schemas['UserDto'];
/** What can be asked for; `warts` is only imported. */
export type Kind = Exclude<Operation['kind'], 'warts'>;

type QueryOf<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Q } } }
  ? NonNullable<Q>
  : never;
export type OperationsQuery = Omit<QueryOf<'/api/v1/operations'>, 'cursor'>;
export type ProbesQuery = Omit<QueryOf<'/api/v1/probes'>, 'cursor'>;
export type ResultsQuery = Omit<QueryOf<'/api/v1/operations/{id}/results'>, 'cursor'>;

const FRESH_MS = 5_000;
/** How often a page that shows something under way asks again. */
export const SOON_MS = 5_000;

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        retry: (failures, error) => failures < 3 && [0, 503].includes(problemOf(error).status),
        retryDelay: (failures) => Math.min(1_000 * 2 ** failures, 8_000),
      },
    },
  });
}

export const me = () =>
  queryOptions({
    queryKey: ['me', session.token()],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/users/me', { signal })),
    enabled: session.token() !== undefined,
  });

export const operations = (query: OperationsQuery) =>
  infiniteQueryOptions({
    queryKey: ['operations', query],
    queryFn: ({ signal, pageParam }) =>
      answer(
        api.GET('/api/v1/operations', { params: { query: { ...query, ...cursor(pageParam) } }, signal }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });

export const operation = (id: string) =>
  queryOptions({
    queryKey: ['operation', id],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/operations/{id}', { params: { path: { id } }, signal })),
  });

export const coverage = (id: string, query: { bucket_s?: number; probe?: string; limit?: number } = {}) =>
  queryOptions({
    queryKey: ['coverage', id, query],
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v1/operations/{id}/coverage', { params: { path: { id }, query }, signal })),
    placeholderData: keepPreviousData,
  });

export const probes = (query: ProbesQuery) =>
  infiniteQueryOptions({
    queryKey: ['probes', query],
    queryFn: ({ signal, pageParam }) =>
      answer(api.GET('/api/v1/probes', { params: { query: { ...query, ...cursor(pageParam) } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });

export const probe = (id: string) =>
  queryOptions({
    queryKey: ['probe', id],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/probes/{id}', { params: { path: { id } }, signal })),
  });

export const results = (id: string, query: ResultsQuery) =>
  queryOptions({
    queryKey: ['results', id, query],
    queryFn: async ({ signal }) =>
      (await answer(
        api.GET('/api/v1/operations/{id}/results', { params: { path: { id }, query }, signal }),
      )) as Results,
    placeholderData: keepPreviousData,
  });

export const platform = () =>
  queryOptions({
    queryKey: ['platform'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/platform', { signal })),
  });

export const stats = () =>
  queryOptions({
    queryKey: ['stats'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/stats', { signal })),
  });

export const limits = () =>
  queryOptions({
    queryKey: ['limits'],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/users/me/limits', { signal })),
  });

export const ledger = () =>
  infiniteQueryOptions({
    queryKey: ['ledger'],
    queryFn: ({ signal, pageParam }) =>
      answer(
        api.GET('/api/v1/users/me/ledger', {
          params: { query: { limit: 50, ...cursor(pageParam) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });

function cursor(page: string | null): { cursor?: string } {
  return page === null ? {} : { cursor: page };
}
