import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsInt,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import {
  type Place,
  placeOf,
  type PlaceStatement,
  type ProbeEntity,
  rangeOf,
} from '../../../core/probes/index.js';
import { ObjectOf } from '../../../platform/validation/object-of.js';
import { Optional } from '../../../platform/validation/optional.js';
import { toWhole } from '../../../platform/validation/query-values.js';

/** 32 bits, without 0 and the last, which are reserved (RFC 7607, RFC 7300). */
export const MAX_ASN = 4_294_967_294;
const ASN_RULE = `must be a whole number from 1 to ${MAX_ASN}`;
const NETWORK_RULE =
  'must be a network such as 192.0.2.0/24 or 2001:db8::/32, without bits beyond its length';
const MAX_LISTED = 100;
const MAX_NUMBERS = 1_000;

/** May be absent or null, which says that nothing is stated. */
function OptionalOrNull(): PropertyDecorator {
  return ValidateIf((_dto, value) => value !== undefined && value !== null);
}

function IsCountryCode(): PropertyDecorator {
  return Matches(/^(?:[A-Za-z]{2})?$/, { message: 'must be two letters such as DE (ISO 3166-1 alpha-2)' });
}

function Asn(description: string): PropertyDecorator {
  const message = `${ASN_RULE}, or null`;
  return applyDecorators(
    ApiPropertyOptional({
      ...{ type: 'integer', nullable: true, minimum: 1, maximum: MAX_ASN, description, example: 64_500 },
    }),
    OptionalOrNull(),
    IsInt({ message }),
    Min(1, { message }),
    Max(MAX_ASN, { message }),
  );
}

function Prefix(description: string, example: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: 'string', nullable: true, maxLength: 50, description, example }),
    OptionalOrNull(),
    IsNetwork(),
  );
}

function IsNetwork(): PropertyDecorator {
  return ValidateBy({
    name: 'network',
    validator: {
      validate: (value) =>
        (Array.isArray(value) ? (value as unknown[]) : [value]).every(
          (each) => typeof each === 'string' && rangeOf(each) !== undefined,
        ),
      defaultMessage: () => NETWORK_RULE,
    },
  });
}

/** Where a probe is, as its owner states it. */
export class StatedPlaceDto {
  @ApiPropertyOptional({
    type: 'string',
    nullable: true,
    description: 'The same as `country_code`.',
    example: 'NL',
  })
  @OptionalOrNull()
  @IsCountryCode()
  country?: string | null;

  @ApiPropertyOptional({
    type: 'string',
    nullable: true,
    description: 'Of the USA: two capitals.',
    example: 'CA',
  })
  @OptionalOrNull()
  @Matches(/^(?:[A-Z]{2})?$/, { message: 'must be two capitals such as CA, or null' })
  state?: string | null;

  @ApiPropertyOptional({ type: 'string', nullable: true, maxLength: 100, example: 'Amsterdam' })
  @OptionalOrNull()
  @IsString()
  @MaxLength(100)
  city?: string | null;

  @ApiPropertyOptional({
    ...{ type: 'integer', nullable: true, minimum: 0, maximum: MAX_ASN, example: 64_500 },
    description: '`asn_v4`, or `asn_v6` where that alone is known.',
  })
  @OptionalOrNull()
  @IsInt()
  @Min(0)
  @Max(MAX_ASN)
  asn?: number | null;

  @ApiPropertyOptional({
    ...{ type: 'string', nullable: true, maxLength: 100, example: 'Example Networks B.V.' },
    description: 'The name of its network.',
  })
  @OptionalOrNull()
  @IsString()
  @MaxLength(100)
  network?: string | null;
}

/** What an owner may state of where a probe is. */
export class PlaceStatementDto implements PlaceStatement {
  @ApiPropertyOptional({
    ...{ type: 'string', nullable: true, example: 'NL' },
    description: 'ISO 3166-1 alpha-2; null or absent: that of the location.',
  })
  @OptionalOrNull()
  @IsCountryCode()
  country_code?: string | null;

  @Asn(
    'The autonomous system of its IPv4 addresses; null or absent: by the table of the operator, if there is one.',
  )
  asn_v4?: number | null;

  @Asn('The same of IPv6.')
  asn_v6?: number | null;

  @Prefix(
    'The announced network of its IPv4 address; null or absent: by the table of the operator, if there is one.',
    '192.0.2.0/24',
  )
  prefix_v4?: string | null;

  @Prefix('The same of IPv6.', '2001:db8::/32')
  prefix_v6?: string | null;

  @ApiPropertyOptional({
    type: StatedPlaceDto,
    description: 'The same, and more, as one object; a member that is absent stays as it is.',
  })
  @Optional()
  @ObjectOf(() => StatedPlaceDto)
  place?: StatedPlaceDto;
}

/** What is not known is empty, 0 or null. */
export class PlaceDto implements Place {
  @ApiProperty({ description: 'AF, AN, AS, EU, NA, OC or SA: of the country.', example: 'EU' })
  continent: string;

  @ApiProperty({
    description: 'The smallest area of UN M49 that holds the country.',
    example: 'Western Europe',
  })
  region: string;

  @ApiProperty({ description: '`country_code`', example: 'NL' })
  country: string;

  @ApiProperty({ type: 'string', nullable: true, description: 'Of the USA.', example: null })
  state: string | null;

  @ApiProperty({ example: 'Amsterdam' })
  city: string;

  @ApiProperty({
    ...{ type: 'integer', minimum: 0, maximum: MAX_ASN, example: 64_500 },
    description: '`asn_v4`, or `asn_v6` where that alone is known.',
  })
  asn: number;

  @ApiProperty({ example: 'Example Networks B.V.' })
  network: string;

  static from(probe: ProbeEntity): PlaceDto {
    return placeOf(probe);
  }
}

/** Autonomous systems, of which a probe is in any. */
export function Asns(description: string): PropertyDecorator {
  const message = `${ASN_RULE}, or a list of such`;
  return applyDecorators(
    ApiPropertyOptional({
      ...{ type: 'array', maxItems: MAX_LISTED, description },
      items: { type: 'integer', minimum: 1, maximum: MAX_ASN },
    }),
    Optional(),
    Transform(toWholes),
    ArrayNotEmpty({ message }),
    ArrayMaxSize(MAX_LISTED),
    IsInt({ each: true, message }),
    Min(1, { each: true, message }),
    Max(MAX_ASN, { each: true, message }),
  );
}

/** Numbers of probes, of which it has any. */
export function Numbers(description: string): PropertyDecorator {
  const message = 'must be a whole number from 1 on, or a list of such';
  return applyDecorators(
    ApiPropertyOptional({
      ...{ type: 'array', maxItems: MAX_NUMBERS, description },
      items: { type: 'integer', minimum: 1 },
    }),
    Optional(),
    Transform(toWholes),
    ArrayNotEmpty({ message }),
    ArrayMaxSize(MAX_NUMBERS),
    IsInt({ each: true, message }),
    Min(1, { each: true, message }),
  );
}

/** Networks, of which a prefix of a probe is inside any. */
export function Networks(description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({
      ...{ type: 'array', maxItems: MAX_LISTED, description },
      items: { type: 'string', maxLength: 50 },
    }),
    Optional(),
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? [value] : value)),
    ArrayNotEmpty({ message: NETWORK_RULE }),
    ArrayMaxSize(MAX_LISTED),
    IsNetwork(),
  );
}

function toWholes({ value }: { value: unknown }): unknown {
  return Array.isArray(value) ? value.map(toWhole) : typeof value === 'object' ? value : [toWhole(value)];
}
