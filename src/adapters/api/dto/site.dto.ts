import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsInt,
  IsISO31661Alpha2,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
} from 'class-validator';
import { type ProbeEntity, type ProbesService, tagsOf } from '../../../core/probes/index.js';
import { type InstrumentDetails, MAC_ADDRESS_RULE, macAddress } from '../../../core/probes/index.js';
import {
  type Address,
  MAX_NAME,
  type Actor,
  maySeeInside,
  type SiteEntity,
} from '../../../core/sites/index.js';
import { idSchema } from '../../../platform/http/ids.js';
import { orNull } from '../../../platform/http/nullable.js';
import { PageQuery } from '../../../platform/http/pages.js';
import { ObjectOf } from '../../../platform/validation/object-of.js';
import { NotBeside, Optional } from '../../../platform/validation/optional.js';
import { Countries, Sites, Tags } from './probe-conditions.js';
import { COUNTRY, COUNTRY_RULE, LocationDto } from './probe.dto.js';
import { YesOrNo } from '../../../platform/validation/yes-or-no.js';

const MAX_LINES = 6;
const LINE = /^[^\p{Cc}\p{Zl}\p{Zp}]*[^\p{Cc}\p{Z}][^\p{Cc}\p{Zl}\p{Zp}]*$/u;
const LINE_RULE = 'must be one line of text, and not blank';
/** what a text of several lines may have of control characters is a tab and ends of lines */
const TEXT = /^[\P{Cc}\t\n\r]*$/u;
const TEXT_RULE = 'must be text without control characters but tabs and ends of lines';
const MOST_PAGES = 1_000;

/** One line of free text. */
function Line(maxLength: number, description: string, example: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ minLength: 1, maxLength, description, example }),
    Optional(),
    IsString(),
    MaxLength(maxLength),
    Matches(LINE, { message: LINE_RULE }),
  );
}

/** Free text of several lines. */
function Text(maxLength: number, description: string, example: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ minLength: 1, maxLength, description, example }),
    Optional(),
    IsString(),
    MaxLength(maxLength),
    Matches(/\S/, { message: 'must not be blank' }),
    Matches(TEXT, { message: TEXT_RULE }),
  );
}

export class AddressDto implements Address {
  @ApiProperty({
    type: 'array',
    maxItems: MAX_LINES,
    items: { type: 'string', minLength: 1, maxLength: 200 },
    example: ['Av. Paseo Colón 850', 'Piso 4'],
    description: 'As on a letter: street, house, building, floor, room.',
  })
  @IsArray()
  @ArrayMaxSize(MAX_LINES)
  @IsString({ each: true })
  @MaxLength(200, { each: true })
  @Matches(LINE, { each: true, message: LINE_RULE })
  lines: string[];

  @Line(100, 'Town, province or state, as the country has them.', 'Ciudad Autónoma de Buenos Aires')
  region?: string;

  @Line(20, 'As the country writes it.', 'C1063ACV')
  postcode?: string;

  @ApiPropertyOptional({
    type: 'string',
    pattern: COUNTRY.source,
    example: 'AR',
    description: 'ISO 3166-1 alpha-2.',
  })
  @Optional()
  @Matches(COUNTRY, { message: COUNTRY_RULE })
  @IsISO31661Alpha2({ message: COUNTRY_RULE })
  country?: string;
}

/** All that is said of a site: what is absent is not said any more. */
export class PutSiteDto {
  @Text(500, 'Whom to ask.', 'Network operations, noc@example.org, +54 11 5555 0100')
  contact?: string;

  @ApiPropertyOptional({ type: AddressDto })
  @Optional()
  @ObjectOf(() => AddressDto)
  address?: AddressDto;

  @ApiPropertyOptional({ type: LocationDto })
  @Optional()
  @ObjectOf(() => LocationDto)
  location?: LocationDto;

  @Text(10_000, 'What whoever goes there should know.', 'Key at the porter; rack 7, unit 12.')
  notes?: string;
}

class ShownAddressDto {
  @ApiProperty({ type: [String] })
  lines: string[];

  @ApiProperty({ type: 'string', nullable: true })
  region: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  postcode: string | null;

  @ApiProperty({ type: 'string', nullable: true, pattern: COUNTRY.source })
  country: string | null;

  /** @param inside strangers are told the region and country alone */
  static from({ lines, region, postcode, country }: Address, inside: boolean): ShownAddressDto {
    return {
      lines: inside ? lines : [],
      region: region ?? null,
      postcode: inside ? (postcode ?? null) : null,
      country: country ?? null,
    };
  }
}

/** A site as its reader may see it: strangers are not told whom to ask, the lines and postcode of the address, and the notes. */
@ApiExtraModels(ShownAddressDto, LocationDto)
export class SiteDto {
  @ApiProperty({ minLength: 1, maxLength: MAX_NAME, example: 'FIUBA 1' })
  name: string;

  @ApiProperty(idSchema('user'))
  owner_id: string;

  @ApiProperty({ type: 'string', nullable: true, description: 'Whom to ask; null for strangers.' })
  contact: string | null;

  @ApiProperty({ ...orNull(ShownAddressDto), description: 'For strangers `region` and `country` alone.' })
  address: ShownAddressDto | null;

  @ApiProperty(orNull(LocationDto))
  location: LocationDto | null;

  @ApiProperty({ type: 'string', nullable: true, description: 'null for strangers.' })
  notes: string | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    example: '/api/v1/sites/FIUBA%201/photo',
    description: 'Where the photo is; null: there is none.',
  })
  photo_url: string | null;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Probes that it holds.' })
  instruments: number;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Also in ETag.' })
  revision: number;

  static from(site: SiteEntity, instruments: number, reader: Actor): SiteDto {
    const inside = maySeeInside(site, reader);
    return {
      name: site.name,
      owner_id: site.owner.toHexString(),
      contact: inside ? (site.contact ?? null) : null,
      address: site.address ? ShownAddressDto.from(site.address, inside) : null,
      location: site.location ?? null,
      notes: inside ? (site.notes ?? null) : null,
      photo_url: site.photo ? photoPath(site) : null,
      instruments,
      created_at: site.created_at.toISOString(),
      updated_at: site.updated_at.toISOString(),
      revision: site.revision,
    };
  }
}

export function photoPath({ name }: Pick<SiteEntity, 'name'>): string {
  return `/api/v1/sites/${encodeURIComponent(name)}/photo`;
}

export class SitesQuery extends PageQuery {
  @YesOrNo('Only your own.')
  mine?: boolean;

  @Countries('Only those in this country, by their address; may be repeated: in any of them.')
  country?: string[];

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: MOST_PAGES,
    description:
      'Which page of `limit` items, from 1: instead of `cursor`, which is exact while sites come and go.',
  })
  @Optional()
  @NotBeside('cursor')
  @Transform(({ value }: { value: unknown }) => (/^\d{1,9}$/.test(String(value)) ? Number(value) : value))
  @IsInt()
  @Min(1)
  @Max(MOST_PAGES)
  page?: number;
}

export class DeleteSiteQuery {
  @ApiPropertyOptional({
    minLength: 1,
    maxLength: MAX_NAME,
    description: 'The site that gets its probes: one that you may change.',
  })
  @Optional()
  @IsString()
  @MaxLength(4 * MAX_NAME)
  move_to?: string;
}

/** All that is known of the device of a probe: what is absent is not known any more. */
export class PutInstrumentDto implements InstrumentDetails {
  @Line(200, 'Make and model.', 'Raspberry Pi 5, 8 GB')
  hardware?: string;

  @ApiPropertyOptional({
    type: 'string',
    minLength: 12,
    maxLength: 17,
    example: '02:00:5E:10:00:01',
    description: 'EUI-48 with colons, hyphens, dots or nothing between; kept in lower case with colons.',
  })
  @Optional()
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? (macAddress(value) ?? value) : value,
  )
  @ValidateBy({
    name: 'macAddress',
    validator: {
      validate: (value) => typeof value === 'string' && macAddress(value) !== undefined,
      defaultMessage: () => MAC_ADDRESS_RULE,
    },
  })
  mac_address?: string;

  @Line(100, 'As it is written on the device.', 'SN-0042')
  serial?: string;
}

/** A probe at its site: strangers are not told what stands there. */
@ApiExtraModels(LocationDto)
export class InstrumentDto {
  @ApiProperty(idSchema('probe'))
  probe_id: string;

  @ApiProperty({ type: 'string', nullable: true, description: 'Of the probe.' })
  name: string | null;

  @ApiProperty({ minLength: 1, maxLength: MAX_NAME, example: 'FIUBA 1' })
  site: string;

  @ApiProperty({ ...idSchema('user'), description: 'Of the probe; the site may be another’s.' })
  owner_id: string;

  @ApiProperty({ type: 'string', nullable: true, description: 'null for strangers.' })
  hardware: string | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    pattern: '^[0-9a-f]{2}(:[0-9a-f]{2}){5}$',
    description: 'null for strangers.',
  })
  mac_address: string | null;

  @ApiProperty({ type: 'string', nullable: true, description: 'null for strangers.' })
  serial: string | null;

  @ApiProperty()
  connected: boolean;

  @ApiProperty({ type: 'string', nullable: true, format: 'date-time', description: 'null: never.' })
  last_seen: string | null;

  @ApiProperty({ type: [String] })
  tags: string[];

  @ApiProperty({ format: 'date-time', description: 'Of the probe.' })
  created_at: string;

  @ApiProperty({ format: 'date-time', description: 'Of the probe.' })
  updated_at: string;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Of the probe; also in ETag.' })
  revision: number;

  /** @param inside whether the reader may change the site @param site its name */
  static from(
    probe: ProbeEntity,
    { site, inside }: { site: string; inside: boolean },
    reader: Actor,
    probes: ProbesService,
  ): InstrumentDto {
    const { hardware, mac_address, serial } =
      inside || maySeeInside(probe, reader) ? (probe.instrument ?? {}) : {};
    return {
      probe_id: probe._id.toHexString(),
      name: probe.name ?? null,
      site,
      owner_id: probe.owner.toHexString(),
      hardware: hardware ?? null,
      mac_address: mac_address ?? null,
      serial: serial ?? null,
      connected: probes.connectionOf(probe) !== undefined,
      last_seen: probe.last_seen?.toISOString() ?? null,
      tags: tagsOf(probe),
      created_at: probe.created_at.toISOString(),
      updated_at: (probe.updated_at ?? probe.created_at).toISOString(),
      revision: probe.revision,
    };
  }
}

export class InstrumentsQuery extends PageQuery {
  @YesOrNo('Only your own probes.')
  mine?: boolean;

  @YesOrNo('Only those that are connected now, or only those that are not.')
  connected?: boolean;

  @Sites('Only those of this site; may be repeated: of any of them.')
  site?: string[];

  @Tags('Only those that have this tag; may be repeated: each of them.')
  tag?: string[];

  @Countries('Only those in this country; may be repeated: in any of them.')
  country?: string[];
}
