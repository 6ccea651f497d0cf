import { getSchemaPath } from '@nestjs/swagger';

/** OpenAPI schema of a member that is one of these objects, or null; the class has to be named with ApiExtraModels. */
export function orNull(dto: Parameters<typeof getSchemaPath>[0]) {
  return { oneOf: [{ $ref: getSchemaPath(dto) }, { type: 'null' as const }] };
}
