import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsNumber,
  IsString,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import { AreSiteNames, MAX_SITES, SITE_NAME } from './site-names.js';
import { type Box, type ProbeFilter } from '../../../core/probes/index.js';
import { Optional } from '../../../platform/validation/optional.js';
import { toList, toNumber } from '../../../platform/validation/query-values.js';
import { COUNTRY, COUNTRY_RULE, COUNTRY_SAID, MAX_COUNTRIES, MAX_TAGS, TAG, TAG_RULE } from './probe.dto.js';

const NUMBER = { allowNaN: false, allowInfinity: false } as const;
const DEGREES = /^-?\d{1,3}(?:\.\d{1,15})?$/;
const BOX_RULE =
  'must be west,south,east,north in degrees, such as -10,35,30,60, with south not above north; a west above east crosses the date line';

/** Members of a query that say which probes. */
export interface ProbeConditions {
  tag?: string[];
  country?: string[];
  site?: string[];
  longitude?: number;
  latitude?: number;
  within_km?: number;
  bbox?: string;
}

/** A list of tags in a body. */
export function AreTags(): PropertyDecorator {
  // stacked decorators apply from the last to the first, and the one that applies last says what is wrong
  return applyDecorators(
    Matches(TAG, { each: true, message: TAG_RULE }),
    IsString({ each: true }),
    ArrayMaxSize(MAX_TAGS),
    IsArray(),
    Optional(),
  );
}

/** Tags, of which a probe has each. */
export function Tags(description: string): PropertyDecorator {
  const items = { type: 'string', pattern: TAG.source } as const;
  return applyDecorators(
    ApiPropertyOptional({ type: 'array', maxItems: MAX_TAGS, items, description }),
    Optional(),
    Transform(toList),
    ArrayMaxSize(MAX_TAGS),
    IsString({ each: true }),
    Matches(TAG, { each: true, message: TAG_RULE }),
  );
}

/** Countries, of which a probe is in any. */
export function Countries(description: string): PropertyDecorator {
  const items = { type: 'string', pattern: COUNTRY.source } as const;
  return applyDecorators(
    ApiPropertyOptional({
      ...{ type: 'array', maxItems: MAX_COUNTRIES, items },
      description: `${description} ${COUNTRY_SAID}.`,
    }),
    Optional(),
    Transform(toList),
    ArrayMaxSize(MAX_COUNTRIES),
    IsString({ each: true }),
    Matches(COUNTRY, { each: true, message: COUNTRY_RULE }),
  );
}

/** Sites, of which a probe is at any. */
export function Sites(description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: 'array', maxItems: MAX_SITES, items: SITE_NAME, description }),
    Optional(),
    Transform(toList),
    AreSiteNames(),
  );
}

/** One of three members that belong together: longitude, latitude and within_km. */
export function PartOfCircle(min: number, max: number, description?: string): PropertyDecorator {
  const message = `must be a number from ${min} to ${max}; longitude, latitude and within_km go together`;
  return applyDecorators(
    ApiPropertyOptional({ type: 'number', minimum: min, maximum: max, ...(description && { description }) }),
    ValidateIf(
      ({ longitude, latitude, within_km }: ProbeConditions) =>
        longitude !== undefined || latitude !== undefined || within_km !== undefined,
    ),
    Transform(toNumber),
    IsNumber(NUMBER, { message }),
    Min(min, { message }),
    Max(max, { message }),
  );
}

/** A box as GeoJSON has it (RFC 7946, section 5). */
export function BoundingBox(description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({
      ...{ type: 'string', maxLength: 100, example: '-10,35,30,60' },
      description: `${description} \`west,south,east,north\` in degrees; a west above east lies across the date line.`,
    }),
    Optional(),
    ValidateBy({
      name: 'boundingBox',
      validator: { validate: (value) => boxOf(value) !== undefined, defaultMessage: () => BOX_RULE },
    }),
  );
}

function boxOf(text: unknown): Box | undefined {
  const parts = typeof text === 'string' ? text.split(',', 5) : [];
  if (parts.length !== 4 || !parts.every((part) => DEGREES.test(part))) return undefined;
  const [west = NaN, south = NaN, east = NaN, north = NaN] = parts.map(Number);
  const isOnEarth = [west, east].every((x) => Math.abs(x) <= 180) && south >= -90 && north <= 90;
  return isOnEarth && south <= north ? { west, south, east, north } : undefined;
}

/** @returns what checked members ask of probes; undefined: nothing */
export function probeFilterOf({
  tag,
  country,
  site,
  longitude,
  latitude,
  within_km,
  bbox,
}: ProbeConditions): ProbeFilter | undefined {
  const isCircle = longitude !== undefined && latitude !== undefined;
  const asked = [tag, country, site, bbox].some((condition) => condition !== undefined);
  if (!asked && !isCircle) return undefined;
  return {
    tags: tag,
    countries: country,
    sites: site,
    box: boxOf(bbox),
    ...(isCircle && { near: { longitude, latitude, within_km } }),
  };
}
