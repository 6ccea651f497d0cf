import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsNumber,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';
import { idSchema } from '../../../platform/http/ids.js';
import { ObjectOf } from '../../../platform/validation/object-of.js';
import { Optional } from '../../../platform/validation/optional.js';
import { isTrusted, locationOf, type ProbeEntity, type ProbesService } from '../../../core/probes/index.js';
import { ClockDto } from './clock.dto.js';
import { ReliabilityDto } from './reliability.dto.js';

export const TAG = /^[a-z0-9][a-z0-9_.:-]{0,62}$/;
export const TAG_RULE = 'must be 1 to 63 of a-z, 0-9, _ . : - and begin with a letter or a digit';
export const MAX_TAGS = 32;

export class LocationDto {
  @ApiProperty({ minimum: -180, maximum: 180, example: -58.3816, description: 'Degrees, east positive.' })
  @IsNumber({ allowNaN: false, allowInfinity: false })
  @Min(-180)
  @Max(180)
  longitude: number;

  @ApiProperty({ minimum: -90, maximum: 90, example: -34.6037, description: 'Degrees, north positive.' })
  @IsNumber({ allowNaN: false, allowInfinity: false })
  @Min(-90)
  @Max(90)
  latitude: number;
}

/** What an owner may call a probe. */
class ProbeLabelsDto {
  @ApiPropertyOptional({ minLength: 1, maxLength: 100, example: 'ixp-north-1' })
  @Optional()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  name?: string;

  @ApiPropertyOptional({
    type: 'array',
    maxItems: MAX_TAGS,
    items: { type: 'string', pattern: TAG.source },
    example: ['fibre', 'as:64500'],
  })
  @Optional()
  @IsArray()
  @ArrayMaxSize(MAX_TAGS)
  @IsString({ each: true })
  @Matches(TAG, { each: true, message: TAG_RULE })
  tags?: string[];
}

export class CreateProbeDto extends ProbeLabelsDto {
  @ApiProperty({ type: LocationDto })
  @ObjectOf(() => LocationDto)
  location: LocationDto;
}

export class UpdateProbeDto extends ProbeLabelsDto {
  @ApiPropertyOptional({ type: LocationDto })
  @Optional()
  @ObjectOf(() => LocationDto)
  location?: LocationDto;
}

export class ConnectionDto {
  @ApiProperty({ enum: ['classic', 'native'] })
  protocol: string;

  @ApiProperty({ format: 'date-time' })
  since: string;

  @ApiProperty({ type: 'integer', minimum: 0 })
  total_credits: number;

  @ApiProperty({ type: 'integer', minimum: 0 })
  in_use_credits: number;

  @ApiPropertyOptional()
  version?: string;

  @ApiPropertyOptional({ type: [String], description: 'Kinds of measurement that it can do.' })
  kinds?: string[];
}

class BacklogDto {
  @ApiProperty({ type: 'integer', minimum: 0 })
  results: number;

  @ApiProperty({ minimum: 0 })
  bytes: number;
}

class StatusDto {
  @ApiProperty({ type: BacklogDto, description: 'Results that it keeps until they can be brought.' })
  backlog: BacklogDto;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Runs under way.' })
  running: number;

  @ApiProperty({ type: ClockDto })
  clock: ClockDto;

  @ApiProperty({ description: 'Whether its clock was known, and surely within a second of the true time.' })
  clock_trusted: boolean;

  @ApiProperty({ format: 'date-time', description: 'When it said so.' })
  at: string;

  static from({ backlog, running, clock, at }: NonNullable<ProbeEntity['status']>): StatusDto {
    const { results, bytes } = backlog;
    return {
      // not of which operations: they may be private
      backlog: { results, bytes },
      running,
      clock: ClockDto.from(clock),
      clock_trusted: isTrusted(clock),
      at: at.toISOString(),
    };
  }
}

export class ProbeDto {
  @ApiProperty(idSchema('probe'))
  id: string;

  @ApiProperty(idSchema('user'))
  owner_id: string;

  @ApiProperty({ type: LocationDto })
  location: LocationDto;

  @ApiPropertyOptional()
  name?: string;

  @ApiProperty({ type: [String] })
  tags: string[];

  @ApiProperty()
  connected: boolean;

  @ApiPropertyOptional({
    minimum: 0,
    maximum: 1,
    description: 'Share of its credits that is free; while connected.',
  })
  availability?: number;

  @ApiPropertyOptional({ type: ConnectionDto })
  connection?: ConnectionDto;

  @ApiPropertyOptional({
    type: [String],
    description: 'Kinds of measurement that it could do when it came last; absent while it has never come.',
  })
  kinds?: string[];

  @ApiProperty({
    type: 'boolean',
    nullable: true,
    description: 'Whether it has a way to others over IPv4, as it said last; null: it did not say.',
  })
  ipv4: boolean | null;

  @ApiProperty({ type: 'boolean', nullable: true, description: 'The same for IPv6.' })
  ipv6: boolean | null;

  @ApiPropertyOptional({ type: StatusDto, description: 'What a native probe said of itself last.' })
  status?: StatusDto;

  @ApiPropertyOptional({ format: 'date-time' })
  last_seen?: string;

  @ApiPropertyOptional({
    type: ReliabilityDto,
    description: 'How well it does; absent until it was measured for the first time.',
  })
  reliability?: ReliabilityDto;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Also in ETag.' })
  revision: number;

  static from(probe: ProbeEntity, probes: ProbesService): ProbeDto {
    const connection = probes.connectionOf(probe);
    const availability = probes.availabilityOf(probe);
    return {
      id: probe._id.toHexString(),
      owner_id: probe.owner.toHexString(),
      location: locationOf(probe),
      ...(probe.name !== undefined && { name: probe.name }),
      tags: probe.tags,
      connected: connection !== undefined,
      // a probe may have taken more than it says it can carry
      ...(availability !== undefined && { availability: Math.max(0, availability) }),
      ...(connection && {
        connection: {
          protocol: connection.protocol,
          since: connection.since.toISOString(),
          total_credits: connection.total_credits,
          in_use_credits: connection.in_use_credits,
          ...(connection.version !== undefined && { version: connection.version }),
          ...(connection.kinds && { kinds: connection.kinds }),
        },
      }),
      ...(probe.capabilities && { kinds: probe.capabilities.kinds }),
      ipv4: probe.capabilities?.ipv4 ?? null,
      ipv6: probe.capabilities?.ipv6 ?? null,
      ...(probe.status && { status: StatusDto.from(probe.status) }),
      ...(probe.last_seen && { last_seen: probe.last_seen.toISOString() }),
      ...(probe.reliability && { reliability: ReliabilityDto.from(probe.reliability) }),
      created_at: probe.created_at.toISOString(),
      revision: probe.revision,
    };
  }
}

export class ProbeWithTokenDto extends ProbeDto {
  @ApiProperty({ description: 'For the probe itself. Whoever has it can speak for the probe.' })
  token: string;

  static withToken(probe: ProbeEntity, probes: ProbesService): ProbeWithTokenDto {
    return { ...ProbeDto.from(probe, probes), token: probes.tokenOf(probe) };
  }
}
