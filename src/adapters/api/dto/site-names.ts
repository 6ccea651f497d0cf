import { applyDecorators } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsArray, ValidateBy } from 'class-validator';
import { MAX_NAME, NAME_RULE, siteName } from '../../../core/sites/index.js';

/** In one question. */
export const MAX_SITES = 50;

/** Its schema. */
export const SITE_NAME = { type: 'string', minLength: 1, maxLength: MAX_NAME, example: 'FIUBA 1' } as const;

/** Documents the name of a site in a path. */
export function ApiSiteName(): MethodDecorator {
  return ApiParam({ name: 'name', description: 'Of the site, as it was made.', schema: { ...SITE_NAME } });
}

/** A list of names of sites, as they are kept. */
export function AreSiteNames(): PropertyDecorator {
  return applyDecorators(
    IsArray(),
    ArrayMaxSize(MAX_SITES),
    Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map(asKept) : value)),
    ValidateBy(
      {
        name: 'siteName',
        validator: {
          validate: (value) => typeof value === 'string' && siteName(value) !== undefined,
          defaultMessage: () => NAME_RULE,
        },
      },
      { each: true },
    ),
  );
}

function asKept(name: unknown): unknown {
  return typeof name === 'string' ? (siteName(name) ?? name) : name;
}
