import { DOCUMENT } from '../generated/document.js';
import { type paths } from '../generated/schema.js';
import { type Schema } from './api-document.js';
import { Flags } from './flags.js';

type QueryOf<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } }
  ? NonNullable<Q>
  : never;

export type ProbesQuery = QueryOf<'/api/v1/probes'>;
export type OperationsQuery = QueryOf<'/api/v1/operations'>;
export type ResultsQuery = QueryOf<'/api/v1/results'>;
export type CoverageQuery = QueryOf<'/api/v1/operations/{id}/coverage'>;
export type SeriesQuery = QueryOf<'/api/v1/operations/{id}/series'>;

/** What the command does itself, or has words of its own for. */
const OWN = new Set(['limit', 'cursor', 'format', 'follow', 'since']);

/** The filters of a route as flags: a filter that the API gets is a flag without a line here. */
export function filtersOf(...routes: string[]): Flags {
  const parameters = routes.flatMap((path) => DOCUMENT.parameters[path] ?? []);
  const members = parameters.filter(({ name }) => !OWN.has(name));
  return new Flags(
    Object.fromEntries(
      members.map(({ name, description, schema }) => [
        name,
        { ...schema, ...(description !== undefined && { description }) },
      ]),
    ),
  );
}

/** @returns the formats that the API has for results, in its order */
export function formatsOfResults(): string[] {
  const format = DOCUMENT.parameters['/api/v1/operations/{id}/results']?.find(
    ({ name }) => name === 'format',
  );
  return (format?.schema.enum ?? []).map(String);
}

/** The parameters of a kind, without what names its targets. */
export function paramsOf(kind: string): Flags {
  const properties =
    DOCUMENT.schemas[`${kind.charAt(0).toUpperCase()}${kind.slice(1)}Params`]?.properties ?? {};
  const members: [string, Schema][] = Object.entries(properties).filter(([name]) => !TARGETS.has(name));
  return new Flags(Object.fromEntries(members));
}

const TARGETS = new Set(['ips', 'fqdns', 'name', 'urls']);
