import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';

/** An object of Globalping's API: what it has beside these members its own documentation says. */
export function anObject(...required: string[]) {
  return { type: 'object' as const, required, additionalProperties: true };
}

const ERROR = {
  type: 'object' as const,
  required: ['error'],
  properties: {
    error: {
      type: 'object' as const,
      required: ['type', 'message'],
      properties: {
        type: { type: 'string' as const },
        message: { type: 'string' as const },
        params: { type: 'object' as const, additionalProperties: { type: 'string' as const } },
      },
    },
  },
};

/** Documents errors in Globalping's form. */
export function ApiGlobalpingErrors(...statuses: number[]) {
  return applyDecorators(...[...statuses, 500, 503].map((status) => ApiResponse({ status, schema: ERROR })));
}
