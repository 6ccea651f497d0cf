import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { parseRfc3339 } from '@pladmed/protocol';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsNumber, Matches, Max, Min, ValidateBy } from 'class-validator';
import ipaddr from 'ipaddr.js';
import { KIND_NAMES } from '../../../measurement/kinds/index.js';
import { ID_PATTERN } from '../../../platform/http/ids.js';
import { Optional } from '../../../platform/validation/optional.js';
import { toList, toNumber } from '../../../platform/validation/query-values.js';
import { YesOrNo } from '../../../platform/validation/yes-or-no.js';

export const INSTANT = { format: 'date-time', example: '2026-01-01T00:00:00Z' };
const MOST_IDS = 100;
export const MOST_MS = 1_000_000;
const ID = new RegExp(ID_PATTERN);
const ID_RULE = 'must be 24 hexadecimal digits';
export const STATUS_RULE = { message: 'must be an integer from 100 to 599' };
const NUMBER = { allowNaN: false, allowInfinity: false } as const;

export function IsInstant() {
  return ValidateBy({
    name: 'instant',
    validator: {
      validate: (value) => typeof value === 'string' && parseRfc3339(value) !== undefined,
      defaultMessage: (at) =>
        typeof at?.value === 'string' && /\d \d\d:\d\d$/.test(at.value)
          ? 'must be an RFC 3339 time with a zone; in an address its + is written %2B'
          : 'must be an RFC 3339 time with a zone',
    },
  });
}

/** One id, or several of which any will do. */
export function Ids(description: string): PropertyDecorator {
  const items = { type: 'string', pattern: ID_PATTERN } as const;
  return applyDecorators(
    ApiPropertyOptional({ type: 'array', maxItems: MOST_IDS, items, description }),
    Optional(),
    Transform(toList),
    ArrayMaxSize(MOST_IDS),
    Matches(ID, { each: true, message: ID_RULE }),
  );
}

/** Of a search over operations: one kind of them. */
export function OfKind(): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ enum: KIND_NAMES, description: 'Only of operations of this kind.' }),
    Optional(),
    IsIn(KIND_NAMES, { message: `must be one of ${KIND_NAMES.join(', ')}` }),
  );
}

/** Of a search over operations: the caller's own. */
export function Mine(): PropertyDecorator {
  return YesOrNo('Only of your own operations.');
}

/** A figure from 0 on. */
export function Figure(most: number, description: string): PropertyDecorator {
  const rule = { message: `must be a number from 0 to ${most}` };
  return applyDecorators(
    ApiPropertyOptional({ type: 'number', minimum: 0, maximum: most, description }),
    Optional(),
    Transform(toNumber),
    IsNumber(NUMBER, rule),
    Min(0, rule),
    Max(most, rule),
  );
}

/** Both are times; a range that ends where it begins holds nothing. */
export function LaterThan(other: string) {
  return ValidateBy({
    name: 'laterThan',
    validator: {
      validate: (value, at) => {
        const from = instantIn((at?.object as Record<string, unknown> | undefined)?.[other]);
        const to = instantIn(value);
        return from === undefined || to === undefined || to > from;
      },
      defaultMessage: () => `must be later than ${other}`,
    },
  });
}

function instantIn(value: unknown): Date | undefined {
  return typeof value === 'string' ? parseRfc3339(value) : undefined;
}

/** Not below its other end. */
export function NotBelow(other: string) {
  return ValidateBy({
    name: 'notBelow',
    validator: {
      validate: (value, at) => {
        const from = (at?.object as Record<string, unknown> | undefined)?.[other];
        return typeof from !== 'number' || typeof value !== 'number' || value >= from;
      },
      defaultMessage: () => `must not be below ${other}`,
    },
  });
}

/** An address, or a network like 192.0.2.0/24. */
export function IsAddressOrNetwork() {
  return ValidateBy({
    name: 'addressOrNetwork',
    validator: {
      validate: (value) => typeof value === 'string' && (isAddress(value) || ipaddr.isValidCIDR(value)),
      defaultMessage: () => 'must be an IP address, or a network such as 192.0.2.0/24',
    },
  });
}

/** Not as inet_aton(3) has it: `1` and `0x7f.1` are none. */
function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
}

/** Like a network, and none: `192.0.2.0/33`. */
export function IsTarget() {
  return ValidateBy({
    name: 'target',
    validator: {
      validate: (value) =>
        typeof value !== 'string' || !/^[0-9a-f.:]+\/\d+$/i.test(value) || ipaddr.isValidCIDR(value),
      defaultMessage: () => 'must be a name, an IP address, a URL, or a network such as 192.0.2.0/24',
    },
  });
}
