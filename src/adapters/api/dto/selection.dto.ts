import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsString,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { ID_PATTERN } from '../../../platform/http/ids.js';
import { ObjectOf } from '../../../platform/validation/object-of.js';
import { NotBeside, Optional } from '../../../platform/validation/optional.js';
import { KIND_NAMES, type KindName } from '../../../measurement/kinds/index.js';
import { toList } from '../../../platform/validation/query-values.js';
import { Asns, Networks, Numbers } from './place.dto.js';
import { AreSiteNames, MAX_SITES, SITE_NAME } from './site-names.js';
import {
  COUNTRY,
  COUNTRY_RULE,
  COUNTRY_SAID,
  LocationDto,
  MAX_COUNTRIES,
  MAX_TAGS,
  TAG,
} from './probe.dto.js';
import { AreTags } from './probe-conditions.js';
import {
  DEFAULT_WINDOW,
  MAX_PROBES,
  type Selection,
  type SelectionRule,
  WINDOW_NAMES,
  type WindowName,
} from '../../../core/probes/index.js';

/** Half around the earth is 20,015 km. */
export const MAX_WITHIN_KM = 20_000;
const MAX_EXCLUDED = 1_000;
const NUMBER = { allowNaN: false, allowInfinity: false } as const;

/** The window that bounds on a probe's reliability are of. */
export function OfReliability(): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({
      enum: WINDOW_NAMES,
      default: DEFAULT_WINDOW,
      description: 'What `min_uptime` and `min_share` are of.',
    }),
    Optional(),
    IsIn(WINDOW_NAMES),
  );
}

export class NearDto extends LocationDto {
  @ApiPropertyOptional({
    minimum: 0.001,
    maximum: MAX_WITHIN_KM,
    example: 500,
    description: 'No farther away than this, in km on a sphere.',
  })
  @Optional()
  @IsNumber(NUMBER)
  @Min(0.001)
  @Max(MAX_WITHIN_KM)
  within_km?: number;
}

/** Probes by a rule, instead of by their ids. Only those are chosen that can do the kind of the operation. */
export class SelectionDto implements SelectionRule {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_PROBES, example: 10, description: 'How many.' })
  @IsInt()
  @Min(1)
  @Max(MAX_PROBES)
  count: number;

  @ApiPropertyOptional({
    type: 'boolean',
    example: true,
    description: 'Only those that are connected now, or only those that are not; absent: it does not matter.',
  })
  @Optional()
  @IsBoolean()
  connected?: boolean;

  @ApiPropertyOptional({
    type: 'boolean',
    example: true,
    description:
      'Only those that have (or have not) a way to others over IPv4; one that did not say does not match.',
  })
  @Optional()
  @IsBoolean()
  ipv4?: boolean;

  @ApiPropertyOptional({ type: 'boolean', description: 'The same for IPv6.' })
  @Optional()
  @IsBoolean()
  ipv6?: boolean;

  @ApiPropertyOptional({
    type: 'array',
    maxItems: MAX_TAGS,
    items: { type: 'string', pattern: TAG.source },
    description: 'Only those that have each of these tags.',
  })
  @AreTags()
  tags?: string[];

  @ApiPropertyOptional({
    type: NearDto,
    description: 'Those nearest to this place; absent: random ones of those that match.',
  })
  @Optional()
  @ObjectOf(() => NearDto)
  near?: NearDto;

  @ApiPropertyOptional({
    type: 'array',
    maxItems: MAX_COUNTRIES,
    items: { type: 'string', pattern: COUNTRY.source },
    description: `Only those in any of these countries: ${COUNTRY_SAID}.`,
    example: ['AR', 'UY'],
  })
  @Optional()
  @IsArray()
  @ArrayMaxSize(MAX_COUNTRIES)
  @IsString({ each: true })
  @Matches(COUNTRY, { each: true, message: COUNTRY_RULE })
  countries?: string[];

  @ApiPropertyOptional({
    ...{ type: 'array', maxItems: MAX_COUNTRIES, items: { type: 'string', pattern: COUNTRY.source } },
    description: 'Another name of `countries`; one may be given without a list.',
  })
  @Optional()
  @NotBeside('countries')
  @Transform(toList)
  @IsArray()
  @ArrayMaxSize(MAX_COUNTRIES)
  @IsString({ each: true })
  @Matches(COUNTRY, { each: true, message: COUNTRY_RULE })
  country?: string[];

  @Asns('Only those of any of these autonomous systems, by IPv4 or IPv6; one may be given without a list.')
  asn?: number[];

  @Networks(
    'Only those whose prefix is inside any of these networks (CIDR); one may be given without a list.',
  )
  prefix?: string[];

  @Numbers('Only those with any of these numbers; one may be given without a list.')
  number?: number[];

  @ApiPropertyOptional({
    type: 'array',
    maxItems: MAX_SITES,
    items: SITE_NAME,
    description: 'Only those of any of these sites.',
    example: ['FIUBA 1'],
  })
  @Optional()
  @AreSiteNames()
  sites?: string[];

  @ApiPropertyOptional({
    type: 'array',
    maxItems: KIND_NAMES.length,
    items: { type: 'string', enum: KIND_NAMES },
    description: 'Only those that can do these kinds as well.',
  })
  @Optional()
  @IsArray()
  @ArrayMaxSize(KIND_NAMES.length)
  @IsIn(KIND_NAMES, { each: true, message: `must be of ${KIND_NAMES.join(', ')}` })
  kinds?: KindName[];

  @ApiPropertyOptional({
    minimum: 0,
    maximum: 1,
    example: 0.95,
    description: 'Of their `reliability`; one that was not measured yet does not match.',
  })
  @Optional()
  @IsNumber(NUMBER)
  @Min(0)
  @Max(1)
  min_uptime?: number;

  @ApiPropertyOptional({
    minimum: 0,
    maximum: 1,
    description: 'Of their `reliability`; one of which no run was due does not match.',
  })
  @Optional()
  @IsNumber(NUMBER)
  @Min(0)
  @Max(1)
  min_share?: number;

  @OfReliability()
  window?: WindowName;

  @ApiPropertyOptional({
    type: 'array',
    maxItems: MAX_EXCLUDED,
    items: { type: 'string', pattern: ID_PATTERN },
    description: 'Ids of probes that are not to be chosen.',
  })
  @Optional()
  @IsArray()
  @ArrayMaxSize(MAX_EXCLUDED)
  @IsString({ each: true })
  @Matches(new RegExp(ID_PATTERN), { each: true, message: 'must be ids of 24 hexadecimal digits' })
  exclude?: string[];
}

export class FollowedSelectionDto extends SelectionDto implements Selection {
  @ApiProperty({
    example: '5f0c3f6be1a7d2c4',
    description:
      'Among equals those were chosen whose SHA-256 of `seed:id of the probe`, in hexadecimal, comes first.',
  })
  seed: string;
}
