import { applyDecorators } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOkResponse,
  ApiPropertyOptional,
  type ApiResponseOptions,
  getSchemaPath,
} from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { type Request, type Response } from 'express';
import { ObjectId, parseId } from '../database/object-id.js';
import { DomainError } from '../errors/domain.error.js';
import { Optional } from '../validation/optional.js';

export const MAX_PAGE = 1000;
const LIMIT_RULE = { message: `must be an integer from 1 to ${MAX_PAGE}, given once` };

export class PageQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_PAGE, default: 100 })
  @Optional()
  // not Number alone: it takes ' 1e2 ' and '0x10'
  @Transform(({ value }: { value: unknown }) => (/^\d{1,9}$/.test(String(value)) ? Number(value) : value))
  @IsInt(LIMIT_RULE)
  @Min(1, LIMIT_RULE)
  @Max(MAX_PAGE, LIMIT_RULE)
  limit: number = 100;

  @ApiPropertyOptional({
    type: 'string',
    maxLength: 100,
    pattern: '^[A-Za-z0-9_-]+$',
    description: '`next` of the page before.',
  })
  @Optional()
  @IsString()
  @MaxLength(100)
  @Matches(/^[A-Za-z0-9_-]+$/, { message: 'must be the `next` of the page before' })
  cursor?: string;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** Where a listing stands: after an id, or after a time and an id. */
export interface Position {
  _id: ObjectId;
  at?: Date;
}

/** Opaque to callers. @param of what it is a place in, 8 hexadecimal digits: the cursor is good for that alone */
export function encodeCursor({ _id, at }: Position, of?: string): string {
  const parts = [_id.toHexString(), at?.getTime(), of].filter((part) => part !== undefined);
  return Buffer.from(parts.join('.')).toString('base64url');
}

/** @throws DomainError invalid_request when it is no cursor of ours */
export function decodeCursor(cursor: string | undefined, of?: string): Position | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const match = /^([0-9a-f]{24})(?:\.(\d{1,15})(?:\.([0-9a-f]{8}))?)?$/.exec(text);
  const _id = parseId(match?.[1]);
  if (_id === undefined || match?.[3] !== of)
    throw DomainError.invalid({
      field: 'cursor',
      message: 'must be the `next` of the page before, with its filters',
    });
  return match?.[2] === undefined ? { _id } : { _id, at: new Date(Number(match[2])) };
}

/** @throws DomainError invalid_request when it is no cursor of a listing by time */
export function decodeTimedCursor(cursor: string | undefined, of?: string): Required<Position> | undefined {
  const position = decodeCursor(cursor, of);
  if (position === undefined) return undefined;
  if (position.at === undefined) {
    throw DomainError.invalid({ field: 'cursor', message: 'must be the `next` of the page before' });
  }
  return { _id: position._id, at: position.at };
}

/**
 * @param found one more than asked for, where there are more
 * @returns the page; its `next` stands in the Link header as well (RFC 8288)
 */
export function pageOf<Entity, Item>(
  http: { request: Request; response: Response },
  { limit }: PageQuery,
  found: Entity[],
  toItem: (entity: Entity) => Item,
  positionOf: (entity: Entity) => Position,
): Page<Item> {
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const next = found.length > limit && last !== undefined ? encodeCursor(positionOf(last)) : null;
  linkToNext(http, next);
  return { items: shown.map(toItem), next };
}

/** The next page in the Link header. */
export function linkToNext(http: { request: Request; response: Response }, next: string | null): void {
  if (next !== null) http.response.setHeader('Link', `<${nextUrl(http.request, next)}>; rel="next"`);
}

function nextUrl(request: Request, cursor: string): string {
  const url = new URL(request.originalUrl, 'http://localhost');
  url.searchParams.set('cursor', cursor);
  return url.pathname + url.search;
}

/** Documents a page of items. @param also other media types in which the listing can be had @param members of a page beside its items */
export function ApiPage(
  item: new () => object,
  description: string,
  also: ApiResponseOptions['content'] = {},
  members: Record<string, object> = {},
) {
  const schema = {
    type: 'object',
    required: ['items', 'next', ...Object.keys(members)],
    properties: {
      items: { type: 'array', items: { $ref: getSchemaPath(item) } },
      next: {
        type: ['string', 'null'] as never,
        description: '`cursor` of the next page; null: this is the last.',
      },
      ...members,
    },
    additionalProperties: false,
  };
  return applyDecorators(
    ApiExtraModels(item),
    ApiOkResponse({
      description,
      headers: { Link: { description: 'The next page (RFC 8288).', schema: { type: 'string' } } },
      content: { 'application/json': { schema }, ...also },
    }),
  );
}
