import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy, ValidateIf } from 'class-validator';
import type { ParamRule } from './param.rules.js';

/** What a reader of the OpenAPI document is told of a parameter. */
export interface ParamDescription {
  /** With the unit of numbers. */
  description: string;
  example?: unknown;
  default?: unknown;
  /** False unless said otherwise. */
  required?: boolean;
}

/**
 * A parameter of a DTO: one statement gives its check and its place in the OpenAPI document.
 * An optional one may be absent, but not null (class-validator's own IsOptional lets null pass).
 */
export function Param(rule: ParamRule, description: ParamDescription): PropertyDecorator {
  const required = description.required ?? false;
  return applyDecorators(
    ValidateIf((_dto, value) => required || value !== undefined),
    ValidateBy({
      name: 'param',
      validator: {
        validate: (value) => rule.complaint(value) === undefined,
        defaultMessage: (args) => rule.complaint(args?.value) ?? 'is not valid',
      },
    }),
    ApiProperty({ ...rule.schema, ...description, required }),
  );
}
