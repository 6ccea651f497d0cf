import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';
import { ObjectOf } from '../../../platform/validation/object-of.js';
import { Optional } from '../../../platform/validation/optional.js';
import { SYSTEM_TAG } from '../../../core/probes/index.js';
import { PlaceStatementDto } from './place.dto.js';
import { LocationDto, MAX_PROBE_NUMBER, MAX_TAGS, TAG_RULE } from './probe.dto.js';

/** What an owner may give. */
const OWN_TAG = /^(?!system-)[a-z0-9][a-z0-9_.:-]{0,62}$/;

/** What an owner may say of a probe. */
class ProbeLabelsDto extends PlaceStatementDto {
  @ApiPropertyOptional({ minLength: 1, maxLength: 100, example: 'ixp-north-1' })
  @Optional()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  name?: string;

  @ApiPropertyOptional({
    type: 'array',
    maxItems: MAX_TAGS,
    items: { type: 'string', pattern: OWN_TAG.source },
    example: ['fibre', 'as:64500'],
  })
  @Optional()
  @IsArray()
  @ArrayMaxSize(MAX_TAGS)
  @IsString({ each: true })
  @Matches(OWN_TAG, {
    each: true,
    message: `${TAG_RULE}; those that begin with ${SYSTEM_TAG} are the server's`,
  })
  tags?: string[];

  @ApiPropertyOptional({
    description: 'Superusers only: that it is run for others to measure to.',
  })
  @Optional()
  @IsBoolean()
  anchor?: boolean;
}

export class CreateProbeDto extends ProbeLabelsDto {
  @ApiProperty({ type: LocationDto })
  @ObjectOf(() => LocationDto)
  location: LocationDto;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: MAX_PROBE_NUMBER,
    description: 'Superusers only: a number of their choice, which nothing else has. Absent: the next one.',
  })
  @Optional()
  @IsInt()
  @Min(1)
  @Max(MAX_PROBE_NUMBER)
  number?: number;
}

export class UpdateProbeDto extends ProbeLabelsDto {
  @ApiPropertyOptional({ type: LocationDto })
  @Optional()
  @ObjectOf(() => LocationDto)
  location?: LocationDto;
}
