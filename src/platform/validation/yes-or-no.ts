import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean } from 'class-validator';
import { Optional } from './optional.js';
import { toBoolean } from './query-values.js';

/** A member of a query that is `true` or `false`, and may be left out. @param value that it has then, where it has one */
export function YesOrNo(description: string, value?: boolean): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({
      type: 'boolean',
      ...(value !== undefined && { default: value }),
      description,
    }),
    Optional(),
    Transform(toBoolean),
    IsBoolean(),
  );
}
