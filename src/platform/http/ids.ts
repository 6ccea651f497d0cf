import { applyDecorators } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';

/** What parseId takes. */
export const ID_PATTERN = '^[0-9a-fA-F]{24}$';

/** Ids in the examples of the OpenAPI document. In the explorer each stands for what its visitor made last. */
export const SAMPLE_IDS = {
  user: '6720a1b2c3d4e5f6000000a1',
  probe: '6720a1b2c3d4e5f6000000b2',
  operation: '6720a1b2c3d4e5f6000000c3',
  result: '6720a1b2c3d4e5f6000000d4',
  key: '6720a1b2c3d4e5f6000000e5',
  import: '6720a1b2c3d4f6f6000000f6',
} as const;

export type IdOf = keyof typeof SAMPLE_IDS;

/** The schema of an id, for `@ApiProperty` and the like. */
export function idSchema(of: IdOf) {
  return { type: 'string', pattern: ID_PATTERN, example: SAMPLE_IDS[of] } as const;
}

/** Documents the path parameter `id`. */
export function ApiId(of: IdOf) {
  return applyDecorators(ApiParam({ name: 'id', description: `Id of the ${of}.`, schema: idSchema(of) }));
}
