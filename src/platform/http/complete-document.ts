import { type OpenAPIObject } from '@nestjs/swagger';
import { STATUS_CODES } from 'node:http';
import { PROBLEM_CONTENT_TYPE } from './problem.js';

type Components = NonNullable<OpenAPIObject['components']>;
type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Reference = { $ref: string };
type Described = Exclude<NonNullable<Components['responses']>[string], Reference>;
type Schema = Exclude<NonNullable<Components['schemas']>[string], Reference>;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
/** Every door takes the token in the one header or the other. */
const EITHER_HEADER = [{ bearer: [] }, { access_token: [] }];

const REQUEST_ID = {
  description: 'The log of the server has the request under this id.',
  schema: { type: 'string', format: 'uuid' },
} as const;

/**
 * What is true of every route is said once, here: the problems that are the same everywhere, the header that every answer
 * has, that objects have no members beside those that are described (but for the tag `open`, whose callers may send more).
 */
export function completeDocument(document: OpenAPIObject, open: string): OpenAPIObject {
  const components = (document.components ??= {});
  components.headers = { RequestId: REQUEST_ID };
  components.responses = {};
  const tolerant = new Set<string>();
  for (const operation of operationsOf(document)) {
    completeResponses(operation.responses as Record<string, Described>, components.responses);
    // the parser of HTTP says it, before any route is known
    operation.responses['431'] ??= { $ref: '#/components/responses/Problem431' };
    if (operation.security) {
      operation.security = EITHER_HEADER;
      // a key without the scope, an account that is suspended
      operation.responses['403'] ??= { $ref: '#/components/responses/Problem403' };
    }
    if (operation.tags?.includes(open) === true) addReferences(operation.requestBody, components, tolerant);
  }
  for (const [name, schema] of Object.entries(components.schemas ?? {})) {
    if (!('$ref' in schema) && !tolerant.has(name)) closeSchema(schema);
  }
  return document;
}

function operationsOf(document: OpenAPIObject): Operation[] {
  return Object.values(document.paths).flatMap((item) => METHODS.flatMap((method) => item[method] ?? []));
}

function completeResponses(
  responses: Record<string, Described | Reference>,
  shared: Record<string, Described | Reference>,
): void {
  for (const [status, response] of Object.entries(responses)) {
    if ('$ref' in response) continue;
    response.headers = {
      'X-Request-Id': { $ref: '#/components/headers/RequestId' },
      ...response.headers,
    };
    if (response.description === '') response.description = STATUS_CODES[status] ?? '';
    if (response.content?.[PROBLEM_CONTENT_TYPE] === undefined) continue;
    const name = `Problem${status}`;
    shared[name] = response;
    responses[status] = { $ref: `#/components/responses/${name}` };
  }
}

/** Notes the schemas that a part of the document refers to, and those that they refer to. */
function addReferences(part: unknown, components: Components, names: Set<string>): void {
  for (const [, name = ''] of JSON.stringify(part ?? '').matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    if (names.has(name)) continue;
    names.add(name);
    addReferences(Reflect.get(components.schemas ?? {}, name), components, names);
  }
}

function closeSchema(schema: Schema): void {
  if (schema.type === 'object' && schema.properties !== undefined) schema.additionalProperties ??= false;
}
