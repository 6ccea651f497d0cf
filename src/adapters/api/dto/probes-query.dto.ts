import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsNumber, Max, Min } from 'class-validator';
import { PageQuery } from '../../../platform/http/pages.js';
import { Optional } from '../../../platform/validation/optional.js';
import { toList, toNumber } from '../../../platform/validation/query-values.js';
import { KIND_NAMES, type KindName } from '../../../measurement/kinds/index.js';
import { type ProbeFilter, type WindowName } from '../../../core/probes/index.js';
import { MAX_WITHIN_KM, OfReliability } from './selection.dto.js';
import { Asns, Networks, Numbers } from './place.dto.js';
import { BoundingBox, Countries, PartOfCircle, probeFilterOf, Sites, Tags } from './probe-conditions.js';
import { YesOrNo } from '../../../platform/validation/yes-or-no.js';

const NUMBER = { allowNaN: false, allowInfinity: false } as const;

export class ProbesQuery extends PageQuery {
  @YesOrNo('Only your own.')
  mine?: boolean;

  @YesOrNo('Only those that are connected now, or only those that are not.')
  connected?: boolean;

  @YesOrNo(
    'Only those that have (or have not) a way to others over IPv4; one that did not say does not match.',
  )
  ipv4?: boolean;

  @YesOrNo('The same for IPv6.')
  ipv6?: boolean;

  @Tags('Only those that have this tag; may be repeated: each of them.')
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

  @Countries('Only those in this country; may be repeated: in any of them.')
  country?: string[];

  @Asns('Only those of this autonomous system, by IPv4 or IPv6; may be repeated: of any of them.')
  asn?: number[];

  @Networks('Only those whose prefix is inside this network (CIDR); may be repeated: inside any of them.')
  prefix?: string[];

  @Numbers('Only the one with this number; may be repeated: any of them.')
  number?: number[];

  @Sites('Only those of this site; may be repeated: of any of them.')
  site?: string[];

  @PartOfCircle(-180, 180, 'Only those near a place: together with `latitude` and `within_km`.')
  longitude?: number;

  @PartOfCircle(-90, 90)
  latitude?: number;

  @PartOfCircle(0.001, MAX_WITHIN_KM, 'On a sphere.')
  within_km?: number;

  @BoundingBox('Only those in a box.')
  bbox?: string;

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
  const { connected, ipv4, ipv6, kind, min_uptime, min_share, window, asn, prefix, number } = query;
  return {
    ...probeFilterOf(query),
    connected,
    ipv4,
    ipv6,
    kinds: kind,
    asns: asn,
    prefixes: prefix,
    numbers: number,
    min_uptime,
    min_share,
    window,
  };
}
