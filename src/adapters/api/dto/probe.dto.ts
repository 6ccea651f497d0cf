import { ApiExtraModels, ApiProperty } from '@nestjs/swagger';
import { IsNumber, Max, Min } from 'class-validator';
import { idSchema } from '../../../platform/http/ids.js';
import { orNull } from '../../../platform/http/nullable.js';
import {
  FINDABLE,
  isTrusted,
  locationOf,
  type ProbeEntity,
  type ProbesService,
  tagsOf,
} from '../../../core/probes/index.js';
import { MAX_ASN, PlaceDto } from './place.dto.js';
import { ClockDto } from './clock.dto.js';
import { ReliabilityDto } from './reliability.dto.js';

export const TAG = /^[a-z0-9][a-z0-9_.:-]{0,62}$/;
export const TAG_RULE = 'must be 1 to 63 of a-z, 0-9, _ . : - and begin with a letter or a digit';
export const MAX_TAGS = 32;
export const COUNTRY = /^[A-Z]{2}$/;
export const COUNTRY_RULE = 'must be two capitals such as DE (ISO 3166-1 alpha-2)';
export const COUNTRY_SAID = 'ISO 3166-1 alpha-2, as its owner states, or else by the location of the probe';
export const MAX_COUNTRIES = 50;

export const MAX_PROBE_NUMBER = 9_999_999;

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

export class ConnectionDto {
  @ApiProperty({ enum: ['classic', 'native', 'globalping'] })
  protocol: string;

  @ApiProperty({ format: 'date-time' })
  since: string;

  @ApiProperty({ type: 'integer', minimum: 0 })
  total_credits: number;

  @ApiProperty({ type: 'integer', minimum: 0 })
  in_use_credits: number;

  @ApiProperty({ type: 'string', nullable: true, description: 'Of its software; null: it did not say.' })
  version: string | null;

  @ApiProperty({
    type: [String],
    nullable: true,
    description: 'Kinds of measurement that it can do; null: it did not say.',
  })
  kinds: string[] | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description:
      'Of a `globalping` probe its own word for whether it does what it is asked: `ready`, or why not; null: it did not say, and others do not.',
  })
  status: string | null;

  @ApiProperty({
    type: [String],
    nullable: true,
    description: 'Addresses of its resolvers, `private` for one in a private network; null: it did not say.',
  })
  resolvers: string[] | null;

  static from(connection: NonNullable<ProbeEntity['connection']>): ConnectionDto {
    const { protocol, since, total_credits, in_use_credits, version, kinds, status, resolvers } = connection;
    return {
      protocol,
      since: since.toISOString(),
      total_credits,
      in_use_credits,
      version: version ?? null,
      kinds: kinds ?? null,
      status: status ?? null,
      resolvers: resolvers ?? null,
    };
  }
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

/** Every member is in every probe: tools that make columns of them tell a missing one from null by another type. */
@ApiExtraModels(ConnectionDto, StatusDto, ReliabilityDto)
export class ProbeDto {
  @ApiProperty(idSchema('probe'))
  id: string;

  @ApiProperty({
    type: 'integer',
    minimum: 1,
    description: 'Names it as well: given once, never used again.',
    example: 1,
  })
  number: number;

  @ApiProperty(idSchema('user'))
  owner_id: string;

  @ApiProperty({ type: LocationDto })
  location: LocationDto;

  @ApiProperty({
    type: 'string',
    nullable: true,
    pattern: COUNTRY.source,
    description: `${COUNTRY_SAID}; null: in none.`,
    example: 'AR',
  })
  country: string | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    pattern: COUNTRY.source,
    description: 'The same as `country`.',
  })
  country_code: string | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    minimum: 1,
    maximum: MAX_ASN,
    description: 'Of its IPv4 addresses.',
  })
  asn_v4: number | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    minimum: 1,
    maximum: MAX_ASN,
    description: 'Of its IPv6 addresses.',
  })
  asn_v6: number | null;

  @ApiProperty({ type: 'string', nullable: true, description: 'The announced network of its IPv4 address.' })
  prefix_v4: string | null;

  @ApiProperty({ type: 'string', nullable: true, description: 'The same of IPv6.' })
  prefix_v6: string | null;

  @ApiProperty({ type: PlaceDto })
  place: PlaceDto;

  @ApiProperty({
    ...{ type: 'array', items: { type: 'string', enum: ['country_code', ...FINDABLE.slice(1)] } },
    description:
      'Of these members, those that its owner states. The others follow from its location (the country) and the address that it came from last.',
  })
  stated: string[];

  @ApiProperty({ description: 'It is run for others to measure to.' })
  anchor: boolean;

  @ApiProperty({ type: 'string', nullable: true })
  name: string | null;

  @ApiProperty({
    type: [String],
    description: `Those of its owner; and of the server, by what it can do: system-ipv4-works, system-ipv6-works.`,
  })
  tags: string[];

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'The name of the site that holds it as an instrument; null: none.',
  })
  site: string | null;

  @ApiProperty()
  connected: boolean;

  @ApiProperty({
    type: 'number',
    nullable: true,
    minimum: 0,
    maximum: 1,
    description: 'Share of its credits that is free; null while it is not connected.',
  })
  availability: number | null;

  @ApiProperty({ ...orNull(ConnectionDto), description: 'null while it is not connected.' })
  connection: ConnectionDto | null;

  @ApiProperty({
    type: [String],
    nullable: true,
    description: 'Kinds of measurement that it could do when it came last; null while it has never come.',
  })
  kinds: string[] | null;

  @ApiProperty({
    type: 'boolean',
    nullable: true,
    description: 'Whether it has a way to others over IPv4, as it said last; null: it did not say.',
  })
  ipv4: boolean | null;

  @ApiProperty({ type: 'boolean', nullable: true, description: 'The same for IPv6.' })
  ipv6: boolean | null;

  @ApiProperty({
    ...orNull(StatusDto),
    description: 'What a native probe said of itself last; null: nothing.',
  })
  status: StatusDto | null;

  @ApiProperty({ type: 'string', nullable: true, format: 'date-time', description: 'null: never.' })
  last_seen: string | null;

  @ApiProperty({
    ...orNull(ReliabilityDto),
    description: 'How well it does; null until it was measured for the first time.',
  })
  reliability: ReliabilityDto | null;

  @ApiProperty({
    description: 'It stands for a host that a file names: it cannot connect, and its location is not known.',
  })
  imported: boolean;

  @ApiProperty({
    type: 'string',
    nullable: true,
    format: 'date-time',
    description: 'Since then it gets no work, and is not let in; null: it is not suspended.',
  })
  suspended_at: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  suspended_reason: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time', description: 'When somebody changed it last.' })
  updated_at: string;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Also in ETag.' })
  revision: number;

  static from(probe: ProbeEntity, probes: ProbesService): ProbeDto {
    const connection = probes.connectionOf(probe);
    const availability = probes.availabilityOf(probe);
    return {
      id: probe._id.toHexString(),
      number: probe.number,
      owner_id: probe.owner.toHexString(),
      location: locationOf(probe),
      country: probe.country ?? null,
      country_code: probe.country ?? null,
      asn_v4: probe.asn_v4 ?? null,
      asn_v6: probe.asn_v6 ?? null,
      prefix_v4: probe.prefix_v4 ?? null,
      prefix_v6: probe.prefix_v6 ?? null,
      place: PlaceDto.from(probe),
      stated: (probe.stated ?? []).map((name) => (name === 'country' ? 'country_code' : name)),
      anchor: probe.anchor === true,
      name: probe.name ?? null,
      tags: tagsOf(probe),
      site: probe.site ?? null,
      connected: connection !== undefined,
      // a probe may have taken more than it says it can carry
      availability: availability === undefined ? null : Math.max(0, availability),
      connection: connection ? ConnectionDto.from(connection) : null,
      kinds: probe.capabilities?.kinds ?? null,
      ipv4: probe.capabilities?.ipv4 ?? null,
      ipv6: probe.capabilities?.ipv6 ?? null,
      status: probe.status ? StatusDto.from(probe.status) : null,
      last_seen: probe.last_seen?.toISOString() ?? null,
      reliability: probe.reliability ? ReliabilityDto.from(probe.reliability) : null,
      imported: probe.imported === true,
      suspended_at: probe.suspended?.at.toISOString() ?? null,
      suspended_reason: probe.suspended?.reason ?? null,
      created_at: probe.created_at.toISOString(),
      updated_at: (probe.updated_at ?? probe.created_at).toISOString(),
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
