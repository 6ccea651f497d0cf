import {
  type InfiniteData,
  infiniteQueryOptions,
  keepPreviousData,
  QueryClient,
  queryOptions,
} from '@tanstack/react-query';
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

export type Latest = Schemas['LatestDto'];
export type Coverage = Schemas['CoverageDto'];
export type Account = Schemas['UserDto'];
/** What can be asked for; `warts` is only imported. */
export type Kind = Exclude<Operation['kind'], 'warts'>;

/** What results may be read as. */
export type ResultFormat = NonNullable<QueryOf<'/api/v1/operations/{id}/results'>['format']>;
/** What a key of a program may do. */
export type Scope = Schemas['KeyDto']['scopes'][number];

type QueryOf<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Q } } }
  ? NonNullable<Q>
  : never;
export type OperationsQuery = Omit<QueryOf<'/api/v1/operations'>, 'cursor'>;
export type ProbesQuery = Omit<QueryOf<'/api/v1/probes'>, 'cursor'>;
type UsersQuery = Omit<QueryOf<'/api/v1/users'>, 'cursor'>;
type AuditQuery = Omit<QueryOf<'/api/v1/audit'>, 'cursor'>;
type SitesQuery = Omit<QueryOf<'/api/v1/sites'>, 'cursor' | 'page'>;
type InstrumentsQuery = Omit<QueryOf<'/api/v1/instruments'>, 'cursor'>;
export type ResultsQuery = Omit<QueryOf<'/api/v1/operations/{id}/results'>, 'cursor'>;

/** Of every list in pages: what was shown stays while another filter is asked for. */
const PAGED = {
  initialPageParam: null as string | null,
  getNextPageParam: ({ next }: { next: string | null }) => next,
  placeholderData: keepPreviousData,
};
const FRESH_MS = 5_000;
/** How often a page that shows something under way asks again. */
export const SOON_MS = 5_000;

/** What is short is asked for soon again, what is long seldom: both while results come. */
export const pauseFor = (items: number | undefined): number => ((items ?? 0) < 50 ? 3_000 : 15_000);

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
    ...PAGED,
  });

export const operation = (id: string) =>
  queryOptions({
    queryKey: ['operation', id],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/operations/{id}', { params: { path: { id } }, signal })),
  });

/** @returns an operation as the lists that were seen last had it; undefined: none did */
export function operationSeen(queries: QueryClient, id: string): Operation | undefined {
  const lists = queries.getQueriesData<InfiniteData<{ items: Operation[] }>>({ queryKey: ['operations'] });
  for (const [, list] of lists)
    for (const { items } of list?.pages ?? []) {
      const found = items.find((each) => each.id === id);
      if (found !== undefined) return found;
    }
  return undefined;
}

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
    ...PAGED,
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

/** The newest of each probe and destination: of the first 1,000. */
export const latest = (id: string) =>
  queryOptions({
    queryKey: ['latest', id],
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v1/operations/{id}/latest', {
          params: { path: { id }, query: { limit: 1_000 } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) => pauseFor(data?.items.length),
  });

export const changes = (id: string) =>
  queryOptions({
    queryKey: ['changes', id],
    enabled: session.token() !== undefined,
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v1/operations/{id}/changes', {
          params: { path: { id }, query: { limit: 50, order: 'desc' } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: 3 * SOON_MS,
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
    ...PAGED,
  });

export const users = (query: UsersQuery) =>
  infiniteQueryOptions({
    queryKey: ['users', query],
    queryFn: ({ signal, pageParam }) =>
      answer(api.GET('/api/v1/users', { params: { query: { ...query, ...cursor(pageParam) } }, signal })),
    ...PAGED,
  });

export const audit = (query: AuditQuery) =>
  infiniteQueryOptions({
    queryKey: ['audit', query],
    queryFn: ({ signal, pageParam }) =>
      answer(api.GET('/api/v1/audit', { params: { query: { ...query, ...cursor(pageParam) } }, signal })),
    ...PAGED,
  });

export const imports = () =>
  infiniteQueryOptions({
    queryKey: ['imports'],
    queryFn: ({ signal, pageParam }) =>
      answer(api.GET('/api/v1/imports', { params: { query: { limit: 50, ...cursor(pageParam) } }, signal })),
    ...PAGED,
  });

export const sites = (query: SitesQuery) =>
  infiniteQueryOptions({
    queryKey: ['sites', query],
    queryFn: ({ signal, pageParam }) =>
      answer(api.GET('/api/v1/sites', { params: { query: { ...query, ...cursor(pageParam) } }, signal })),
    ...PAGED,
  });

export const site = (name: string) =>
  queryOptions({
    queryKey: ['site', name],
    queryFn: ({ signal }) => answer(api.GET('/api/v1/sites/{name}', { params: { path: { name } }, signal })),
  });

export const instruments = (query: InstrumentsQuery) =>
  infiniteQueryOptions({
    queryKey: ['instruments', query],
    queryFn: ({ signal, pageParam }) =>
      answer(
        api.GET('/api/v1/instruments', { params: { query: { ...query, ...cursor(pageParam) } }, signal }),
      ),
    ...PAGED,
  });

function cursor(page: string | null): { cursor?: string } {
  return page === null ? {} : { cursor: page };
}
