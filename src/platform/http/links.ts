import { type OpenAPIObject } from '@nestjs/swagger';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Responses = Operation['responses'];
type Answer = Extract<Responses[string], { description: string }>;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const TAG = 'If-Match';

/** What an answer leads to, by the ids of operations of the document. */
export interface Leads {
  /** whose answers, those of success */
  from: string;
  /** where the answer says the name of what it is about: a runtime expression of OpenAPI */
  name: string;
  /** to operations that have it as the first parameter of their path */
  to: readonly string[];
}

/**
 * Adds links (OpenAPI 3.1, 4.8.20) to answers: a reader sees what can be asked next, and programs follow them. Where the answer
 * has a tag and the operation asks for one, it goes along.
 * @throws Error where there is no such operation
 */
export function withLinks(document: OpenAPIObject, all: readonly Leads[]): OpenAPIObject {
  const operations = new Map<string, Operation>();
  for (const path of Object.values(document.paths))
    for (const method of METHODS) {
      const operation = path[method];
      if (operation?.operationId !== undefined) operations.set(operation.operationId, operation);
    }
  const named = (id: string): Operation => {
    const operation = operations.get(id);
    if (operation === undefined) throw new Error(`a link names ${id}, and there is no such operation`);
    return operation;
  };
  for (const { from, name, to } of all)
    for (const answer of answersOf(named(from)))
      for (const id of to) {
        answer.links ??= {};
        answer.links[id] = { operationId: id, parameters: parametersOf(named(id), name, answer) };
      }
  return document;
}

function answersOf({ responses }: Operation): Answer[] {
  return Object.entries(responses).flatMap(([status, answer]) =>
    status.startsWith('2') && answer !== undefined && !('$ref' in answer) ? [answer] : [],
  );
}

function parametersOf(
  { parameters = [] }: Operation,
  name: string,
  { headers }: Answer,
): Record<string, string> {
  const own = parameters.filter((parameter) => 'name' in parameter);
  const path = own.find((parameter) => parameter.in === 'path')?.name;
  const asksTag = own.some((parameter) => parameter.in === 'header' && parameter.name === TAG);
  return {
    ...(path !== undefined && { [`path.${path}`]: name }),
    ...(asksTag && headers?.['ETag'] !== undefined && { [`header.${TAG}`]: '$response.header.ETag' }),
  };
}
