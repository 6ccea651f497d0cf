import { type OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';

/** The schemas of an OpenAPI document, by their names. */
export type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
export type Schema = Schemas[string];

/** The JSON Schema (2020-12, as OpenAPI 3.1 has it) of what a zod schema takes: a member that has a default may be absent. */
export function openApiSchema(schema: z.ZodType): Schema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest as Schema;
}

/** A reference to a schema of the document. */
export function refTo(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/** One of several objects, which one is said by a member. @param names the schemas by the value of that member */
export function oneOfBy(propertyName: string, names: Readonly<Record<string, string>>) {
  const references = Object.entries(names).map(([value, name]) => [value, refTo(name)] as const);
  return {
    oneOf: references.map(([, reference]) => reference),
    discriminator: {
      propertyName,
      mapping: Object.fromEntries(references.map(([value, { $ref }]) => [value, $ref])),
    },
  };
}
