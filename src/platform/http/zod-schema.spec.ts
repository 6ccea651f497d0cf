import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { SCHEDULE_SCHEMAS } from '@pladmed/protocol';
import { KIND_NAMES, type KindName, KINDS } from '../../measurement/kinds/index.js';
import { openApiSchema } from './zod-schema.js';

interface Keywords {
  example?: unknown;
  description?: string;
  const?: unknown;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  anyOf?: Keywords[];
}
type Described = { properties: Record<string, Keywords>; additionalProperties?: unknown };

const ajv = new Ajv2020({ strict: false });
formats.default(ajv);

const DESCRIBED = Object.fromEntries(
  KIND_NAMES.map((kind) => [kind, openApiSchema(KINDS[kind].params.schema)]),
) as unknown as Record<KindName, Described>;

/** The example, every word, both ends of each range, and what lies beyond. */
function valuesOf({ example, anyOf = [], ...own }: Keywords): unknown[] {
  const stated = [own, ...anyOf].flatMap(({ enum: words = [], minimum, maximum, const: only }) => [
    ...words,
    ...words.map((word) => `${word}x`),
    ...[minimum, maximum].flatMap((end) => (end === undefined ? [] : [end - 1, end, end + 1, String(end)])),
    ...(only === undefined ? [] : [only, true, 'x']),
  ]);
  return [...new Set([example, null, {}, ...stated])].filter((value) => value !== undefined);
}

const cases = KIND_NAMES.flatMap((kind) =>
  Object.entries(DESCRIBED[kind].properties).flatMap(([name, keywords]) =>
    valuesOf(keywords).map((value) => [kind, name, value] as const),
  ),
);

describe('what a schema says in the OpenAPI document', () => {
  it.each(KIND_NAMES)(
    '%s: every parameter has a description and, unless it is a switch, an example',
    (kind) => {
      const { properties, additionalProperties } = DESCRIBED[kind];
      expect(additionalProperties).toBeUndefined();
      expect(Object.keys(properties)).toEqual(Object.keys(KINDS[kind].params.schema.shape));
      for (const { description, example, ...keywords } of Object.values(properties)) {
        expect(description).toMatch(/\.$/);
        expect([example !== undefined, 'const' in keywords]).toContain(true);
      }
    },
  );

  it('is what the check does', () => {
    expect(new Set(cases.map(([kind]) => kind))).toEqual(new Set(KIND_NAMES));
    const said = cases.map(([kind, name, value]) => {
      const params = { ...KINDS[kind].example.params, [name]: value };
      const isRight = KINDS[kind].params.schema.safeParse(params).success;
      return { kind, name, value, document: ajv.validate(DESCRIBED[kind], params), isRight };
    });
    expect(said.filter(({ document, isRight }) => document !== isRight)).toEqual([]);
    expect(said.filter(({ isRight }) => isRight).length).toBeGreaterThan(100);
    expect(said.filter(({ isRight }) => !isRight).length).toBeGreaterThan(100);
  });

  it.each(Object.entries(SCHEDULE_SCHEMAS))('a schedule that is %s has what is required', (type, schema) => {
    const { required = [] } = openApiSchema(schema) as { required?: string[] };
    const expected = {
      once: ['type'],
      interval: ['type', 'every_s', 'stop'],
      cron: ['type', 'cron', 'stop'],
    };
    expect(required).toEqual(expected[type as keyof typeof expected]);
  });
});
