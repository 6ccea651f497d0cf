import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  IsBoolean,
  IsIn,
  IsNumber,
  IsString,
  Matches,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';
import { PageQuery } from '../../../platform/http/pages.js';
import { Optional } from '../../../platform/validation/optional.js';
import { toBoolean, toList, toNumber } from '../../../platform/validation/query-values.js';
import { KIND_NAMES, type KindName } from '../../../measurement/kinds/index.js';
import { type ProbeFilter, type WindowName } from '../../../core/probes/index.js';
import { MAX_WITHIN_KM, OfReliability } from './selection.dto.js';
import { MAX_TAGS, TAG, TAG_RULE } from './probe.dto.js';

const NUMBER = { allowNaN: false, allowInfinity: false } as const;
/** The three belong together. */
function PartOfPlace(min: number, max: number): PropertyDecorator {
  const message = `must be a number from ${min} to ${max}; longitude, latitude and within_km go together`;
  const decorators = [
    ValidateIf(
      ({ longitude, latitude, within_km }: ProbesQuery) =>
        longitude !== undefined || latitude !== undefined || within_km !== undefined,
    ),
    Transform(toNumber),
    IsNumber(NUMBER, { message }),
    Min(min, { message }),
    Max(max, { message }),
  ];
  return (target, name) => {
    for (const decorate of decorators) decorate(target, name);
  };
}

export class ProbesQuery extends PageQuery {
  @ApiPropertyOptional({ type: 'boolean', description: 'Only your own.' })
  @Optional()
  @Transform(toBoolean)
  @IsBoolean()
  mine?: boolean;

  @ApiPropertyOptional({
    type: 'boolean',
    description: 'Only those that are connected now, or only those that are not.',
  })
  @Optional()
  @Transform(toBoolean)
  @IsBoolean()
  connected?: boolean;

  @ApiPropertyOptional({
    type: 'boolean',
    description:
      'Only those that have (or have not) a way to others over IPv4; one that did not say does not match.',
  })
  @Optional()
  @Transform(toBoolean)
  @IsBoolean()
  ipv4?: boolean;

  @ApiPropertyOptional({ type: 'boolean', description: 'The same for IPv6.' })
  @Optional()
  @Transform(toBoolean)
  @IsBoolean()
  ipv6?: boolean;

  @ApiPropertyOptional({
    type: 'array',
    maxItems: MAX_TAGS,
    items: { type: 'string', pattern: TAG.source },
    description: 'Only those with this tag; may be repeated: with each of them.',
  })
  @Optional()
  @Transform(toList)
  @ArrayMaxSize(MAX_TAGS)
  @IsString({ each: true })
  @Matches(TAG, { each: true, message: TAG_RULE })
  tag?: string[];

  @ApiPropertyOptional({
    type: 'array',
    maxItems: KIND_NAMES.length,
    items: { type: 'string', enum: KIND_NAMES },
    description: 'Only those that can do this kind of measurement; may be repeated: each of them.',
  })
  @Optional()
  @Transform(toList)
  @ArrayMaxSize(KIND_NAMES.length)
  @IsIn(KIND_NAMES, { each: true, message: `must be one of ${KIND_NAMES.join(', ')}` })
  kind?: KindName[];

  @ApiPropertyOptional({
    type: 'number',
    minimum: -180,
    maximum: 180,
    description: 'Only those near a place: together with `latitude` and `within_km`.',
  })
  @PartOfPlace(-180, 180)
  longitude?: number;

  @ApiPropertyOptional({ type: 'number', minimum: -90, maximum: 90 })
  @PartOfPlace(-90, 90)
  latitude?: number;

  @ApiPropertyOptional({
    type: 'number',
    minimum: 0.001,
    maximum: MAX_WITHIN_KM,
    description: 'On a sphere.',
  })
  @PartOfPlace(0.001, MAX_WITHIN_KM)
  within_km?: number;

  @ApiPropertyOptional({
    type: 'number',
    minimum: 0,
    maximum: 1,
    description: 'Of `reliability`; one that was not measured yet does not match.',
  })
  @Optional()
  @Transform(toNumber)
  @IsNumber(NUMBER)
  @Min(0)
  @Max(1)
  min_uptime?: number;

  @ApiPropertyOptional({
    type: 'number',
    minimum: 0,
    maximum: 1,
    description: 'Of `reliability`; one of which no run was due does not match.',
  })
  @Optional()
  @Transform(toNumber)
  @IsNumber(NUMBER)
  @Min(0)
  @Max(1)
  min_share?: number;

  @OfReliability()
  window?: WindowName;
}

/** What the query asks of probes, but for whose they are. */
export function filterOf(query: ProbesQuery): ProbeFilter {
  const { connected, ipv4, ipv6, tag, kind, longitude, latitude, within_km } = query;
  const { min_uptime, min_share, window } = query;
  return {
    connected,
    ipv4,
    ipv6,
    tags: tag,
    kinds: kind,
    ...(longitude !== undefined && latitude !== undefined && { near: { longitude, latitude, within_km } }),
    min_uptime,
    min_share,
    window,
  };
}
