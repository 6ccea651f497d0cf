import { describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { readFileSync } from 'node:fs';
import { namedAfter } from '../../src/adapters/api/schema-names.js';
import { KIND_NAMES } from '../../src/measurement/kinds/index.js';

interface Schema {
  $ref?: string;
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  description?: string;
  allOf?: Schema[];
}
interface Answer {
  content?: Record<string, { schema?: Schema }>;
}
interface Document {
  paths: Record<string, Record<string, { responses: Record<string, Answer> }>>;
  components: { schemas: Record<string, Schema> };
}

const document = load(readFileSync(new URL('../../docs/openapi.yaml', import.meta.url), 'utf8')) as Document;

/** What a caller has written, and is shown as it was; and counts by name, which have the names that occurred. */
const AS_ASKED = [
  'OnceScheduleDto',
  'IntervalScheduleDto',
  'CronScheduleDto',
  'FollowedSelectionDto',
  'NearDto',
  'ProgressDto.assignments',
  'RetentionDto',
  // the columns that were asked for
  'OneSeriesDto.values',
  'OneTargetSeriesDto.values',
  'HopSeriesDto.values',
  // `hops`: of a kind that has paths, where their columns were asked for
  'OneSeriesDto',
  'OneTargetSeriesDto',
  ...KIND_NAMES.map((kind) => namedAfter(kind, 'Params')),
];

/** Every object that an answer of /api/v1 has in it, with its place. */
function objectsOf(schema: Schema, place: string, found: Map<string, Schema>): void {
  const name = schema.$ref?.replace('#/components/schemas/', '');
  if (name !== undefined) {
    const named = document.components.schemas[name];
    if (named !== undefined && !found.has(name)) objectsOf(named, name, found);
    return;
  }
  if (schema.properties !== undefined) found.set(place, schema);
  for (const [member, each] of Object.entries(schema.properties ?? {}))
    objectsOf(each, `${place}.${member}`, found);
  for (const each of [schema.items, ...(schema.oneOf ?? []), ...(schema.allOf ?? [])])
    if (each !== undefined) objectsOf(each, place, found);
}

/** The schemas of what is answered when all is well, with their places. */
function answersOf(prefix: string): [string, Schema][] {
  const operations = Object.entries(document.paths)
    .filter(([path]) => path.startsWith(prefix))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([name, each]) => [`${name} ${path}`, each] as const),
    );
  return operations.flatMap(([place, { responses }]) =>
    Object.entries(responses)
      .filter(([status]) => status.startsWith('2'))
      .flatMap(([status, { content = {} }]) =>
        Object.values(content).flatMap(({ schema }): [string, Schema][] =>
          schema === undefined ? [] : [[`${place} ${status}`, schema]],
        ),
      ),
  );
}

/**
 * A table has a column for each member: one that is absent in some rows and null in others makes tools guess its type. The tests of
 * the running server hold every answer against this document.
 */
describe('what /api/v1 answers', () => {
  const found = new Map<string, Schema>();
  for (const [place, schema] of answersOf('/api/v1')) objectsOf(schema, place, found);

  it.each([...found].filter(([place]) => !AS_ASKED.includes(place)))(
    '%s has no member that may be absent',
    (_place, schema) => {
      expect(Object.keys(schema.properties ?? {}).filter((name) => !schema.required?.includes(name))).toEqual(
        [],
      );
    },
  );

  it('is found in full: operations, assignments, probes, sessions, entries of the ledger, coverage and results', () => {
    const rows = [
      ...KIND_NAMES.map((kind) => namedAfter(kind, 'OperationDto')),
      'AssignmentDto',
      'ProbeDto',
      'ProbeSessionDto',
      'LedgerEntryDto',
      'CoverageDto',
      'ResultDto',
    ];
    expect(rows.filter((name) => !found.has(name))).toEqual([]);
    expect(AS_ASKED.filter((name) => !found.has(name))).toEqual([]);
  });

  it.each(KIND_NAMES.flatMap((kind) => [namedAfter(kind, 'Summary'), namedAfter(kind, 'Params')]))(
    'say what each member of %s means',
    (name) => {
      const schema = document.components.schemas[name]!;
      expect(schema).toBeDefined();
      expect(unexplained(schema, name)).toEqual([]);
    },
  );

  it('have figures with a unit in their names explained with it', () => {
    const schemas = KIND_NAMES.map((kind) => document.components.schemas[namedAfter(kind, 'Summary')]!);
    const members = schemas.flatMap((schema) => [...membersOf(schema)]);
    const figures = members.filter(([member]) => member.endsWith('_ms'));
    expect(figures.length).toBeGreaterThan(20);
    for (const [member, { description }] of figures)
      expect([member, description]).toEqual([member, expect.stringContaining('milliseconds')]);
  });
});

/** All members at any depth, of all forms that an object may have. */
function* membersOf(schema: Schema): Generator<[string, Schema], void> {
  for (const [member, each] of Object.entries(schema.properties ?? {})) {
    yield [member, each];
    yield* membersOf(each);
  }
  for (const each of [schema.items, ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])])
    if (each !== undefined) yield* membersOf(each);
}

/** Members without a word of what they mean. */
function unexplained(schema: Schema, place: string): string[] {
  return [...membersOf(schema)].flatMap(([member, { description, $ref }]) =>
    description === undefined && $ref === undefined ? [`${place}.${member}`] : [],
  );
}
