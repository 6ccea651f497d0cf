import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { parseRfc3339 } from '@pladmed/protocol';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  IsIn,
  IsInt,
  IsNumber,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateBy,
} from 'class-validator';
import ipaddr from 'ipaddr.js';
import { POSITION } from '../../../core/ingest/index.js';
import { RESULT_TIMES, type ResultTime } from '../../../core/results/index.js';
import { BoundingBox, Countries, PartOfCircle, Sites, Tags } from './probe-conditions.js';
import { MAX_WITHIN_KM } from './selection.dto.js';
import { KIND_NAMES, type KindName } from '../../../measurement/kinds/index.js';
import { ID_PATTERN } from '../../../platform/http/ids.js';
import { PageQuery } from '../../../platform/http/pages.js';
import { Optional } from '../../../platform/validation/optional.js';
import { RESULT_FILE_FORMATS, type ResultFileFormat } from '../result-formats.js';
import { toList, toNumber } from '../../../platform/validation/query-values.js';
import { YesOrNo } from '../../../platform/validation/yes-or-no.js';

export const INSTANT = { format: 'date-time', example: '2026-01-01T00:00:00Z' };
const MOST_IDS = 100;
const MOST_MS = 1_000_000;
const ID = new RegExp(ID_PATTERN);
const ID_RULE = 'must be 24 hexadecimal digits';
const STATUS_RULE = { message: 'must be an integer from 100 to 599' };
const NUMBER = { allowNaN: false, allowInfinity: false } as const;

/** The name that one of the times had first. */
const FORMER_TIME = 'started_at_corrected';

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
function Figure(most: number, description: string): PropertyDecorator {
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
function LaterThan(other: string) {
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
function NotBelow(other: string) {
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
function IsAddressOrNetwork() {
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
function IsTarget() {
  return ValidateBy({
    name: 'target',
    validator: {
      validate: (value) =>
        typeof value !== 'string' || !/^[0-9a-f.:]+\/\d+$/i.test(value) || ipaddr.isValidCIDR(value),
      defaultMessage: () => 'must be a name, an IP address, a URL, or a network such as 192.0.2.0/24',
    },
  });
}

/** Which results. All that is given has to be so, what is given of the summary for one of its entries. */
export class ResultsQuery extends PageQuery {
  @Ids('Only of this probe; may be repeated: of any of them.')
  probe?: string[];

  @Tags('Only of probes that have this tag now; may be repeated: each of them.')
  tag?: string[];

  @Countries('Only of probes in this country; may be repeated: in any of them.')
  country?: string[];

  @Sites('Only of probes of this site; may be repeated: of any of them.')
  site?: string[];

  @PartOfCircle(-180, 180, 'Only of probes near a place: together with `latitude` and `within_km`.')
  longitude?: number;

  @PartOfCircle(-90, 90)
  latitude?: number;

  @PartOfCircle(0.001, MAX_WITHIN_KM, 'On a sphere.')
  within_km?: number;

  @BoundingBox('Only of probes in a box.')
  bbox?: string;

  @ApiPropertyOptional({ enum: ['stored', 'failed'], description: 'Only what came, or only what failed.' })
  @Optional()
  @IsIn(['stored', 'failed'])
  outcome?: 'stored' | 'failed';

  @ApiPropertyOptional({
    maxLength: 50,
    description: 'Only runs that failed for this reason.',
    example: 'timeout',
  })
  @Optional()
  @IsString()
  @MaxLength(50)
  reason?: string;

  @ApiPropertyOptional({
    enum: [...RESULT_TIMES, FORMER_TIME],
    default: 'received_at',
    description:
      'Which time `from` and `to` are of. One that a result has not (a classic probe tells no clock) is in no range. `started_at_corrected` is the same as `started_corrected_at`.',
  })
  @Optional()
  @Transform(({ value }: { value: unknown }) => (value === FORMER_TIME ? 'started_corrected_at' : value))
  @IsIn(RESULT_TIMES, { message: `must be one of ${RESULT_TIMES.join(', ')}` })
  time: ResultTime = 'received_at';

  @ApiPropertyOptional({ ...INSTANT, description: 'At this time or later.' })
  @Optional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({ ...INSTANT, description: 'Before this time.' })
  @Optional()
  @IsInstant()
  @LaterThan('from')
  to?: string;

  @ApiPropertyOptional({
    minLength: 1,
    maxLength: 2000,
    description:
      'What was asked for or measured: a name, an address, a URL or its host; or a network, which holds the address that was measured.',
    example: '192.0.2.0/24',
  })
  @Optional()
  @IsString()
  @MinLength(1)
  @MaxLength(2000)
  @Matches(/^\P{Cc}*$/u, { message: 'must be one text without control characters' })
  @IsTarget()
  target?: string;

  @ApiPropertyOptional({
    maxLength: 50,
    description:
      'A network that holds the address that was measured, or that address: beside `target`, which then may be a name.',
    example: '192.0.2.0/24',
  })
  @Optional()
  @MaxLength(50)
  @IsAddressOrNetwork()
  network?: string;

  @ApiPropertyOptional({
    type: 'integer',
    enum: [4, 6],
    description: 'Family of the address that was measured.',
  })
  @Optional()
  @Transform(toNumber)
  @IsIn([4, 6])
  family?: 4 | 6;

  @Figure(
    MOST_MS,
    'Milliseconds, the least. Of a ping its mean, of http and tls that of the TCP handshake, of ntp the delay.',
  )
  rtt_from?: number;

  @Figure(MOST_MS, 'The most.')
  @NotBelow('rtt_from')
  rtt_to?: number;

  @Figure(1, 'Of a ping: 0 to 1, the least.')
  loss_from?: number;

  @Figure(1, 'The most.')
  @NotBelow('loss_from')
  loss_to?: number;

  @YesOrNo('Of a traceroute: whether the destination answered.')
  reached?: boolean;

  @ApiPropertyOptional({
    maxLength: 50,
    description: 'Of a traceroute: an address of its path, or a network that holds one.',
    example: '198.51.100.7',
  })
  @Optional()
  @MaxLength(50)
  @IsAddressOrNetwork()
  path?: string;

  @ApiPropertyOptional({ pattern: '^[0-9a-f]{16}$', description: 'Of a traceroute: `path_hash`.' })
  @Optional()
  @Matches(/^[0-9a-f]{16}$/, { message: 'must be 16 hexadecimal digits in lower case' })
  path_hash?: string;

  @ApiPropertyOptional({
    pattern: '^[A-Za-z0-9]{1,20}$',
    description: "Of dns: IANA's name of the response code, in either case.",
    example: 'NXDOMAIN',
  })
  @Optional()
  @Matches(/^[A-Za-z0-9]{1,20}$/, { message: 'must be a name such as NXDOMAIN' })
  rcode?: string;

  @ApiPropertyOptional({
    minLength: 1,
    maxLength: 255,
    description:
      'Of dns: text that the data of a record of the answer contains, in either case. No pattern: each character is itself. See `answer_data` of the summary for what is kept.',
    example: '192.0.2.7',
  })
  @Optional()
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  @Matches(/^\P{Cc}*$/u, { message: 'must be one text without control characters' })
  answer?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 100, maximum: 599, description: 'Of http.' })
  @Optional()
  @Transform(toNumber)
  @IsInt(STATUS_RULE)
  @Min(100, STATUS_RULE)
  @Max(599, STATUS_RULE)
  http_status?: number;

  @ApiPropertyOptional({ ...INSTANT, description: 'Of tls: the certificate ends before this time.' })
  @Optional()
  @IsInstant()
  expires_before?: string;

  @ApiPropertyOptional({
    enum: ['asc', 'desc'],
    default: 'asc',
    description: 'By `received_at`: the oldest first, or the newest.',
  })
  @Optional()
  @IsIn(['asc', 'desc'])
  order: 'asc' | 'desc' = 'asc';

  @ApiPropertyOptional({
    enum: ['summary', 'json', 'dump'],
    default: 'summary',
    description:
      'summary: figures only; json, dump: what the raw bytes say, in `decoded`, or, where that is long, at `decoded_url`. CSV, Parquet, warts and atlas are the same with each.',
  })
  @Optional()
  @IsIn(['summary', 'json', 'dump'])
  view: 'summary' | 'json' | 'dump' = 'summary';

  @ApiPropertyOptional({
    enum: RESULT_FILE_FORMATS,
    description:
      'Goes before `Accept`. json: in pages; the others: all of them, without pages. csv and parquet are of one kind, warts of ping and traceroute, atlas of all kinds but mtr.',
  })
  @Optional()
  @IsIn(RESULT_FILE_FORMATS, { message: `must be one of ${RESULT_FILE_FORMATS.join(', ')}` })
  format?: ResultFileFormat;
}

/** What may change from page to page: how results are shown, and where the reader stands. */
const SHOWING: readonly string[] = ['cursor', 'limit', 'view', 'format'] satisfies (keyof ResultsQuery)[];

/** @returns the members of a query that are given and ask for something, with their values */
export function askedIn(query: object): [string, unknown][] {
  return Object.entries(query).filter(([name, value]) => value !== undefined && !SHOWING.includes(name));
}

/** Values that nobody has to give: a follower gets results by the time at which they come. */
const USUAL: Readonly<Record<string, unknown>> = {
  time: 'received_at',
  order: 'asc',
} satisfies Partial<ResultsQuery>;

export class OperationResultsQuery extends ResultsQuery {
  @YesOrNo(
    'With NDJSON: those that come from now on, or after `since`, until you hang up; each line has its `position`. Without filters.',
    false,
  )
  follow: boolean = false;

  @ApiPropertyOptional({
    pattern: POSITION.source,
    description: 'With `follow`: `position` of the last line that you have, or the `id` of a live event.',
  })
  @Optional()
  @Matches(POSITION, { message: 'must be the `position` of a line' })
  since?: string;

  /** Filters that are given. */
  static filtersIn(query: OperationResultsQuery): string[] {
    const others = askedIn(query).filter(([name, value]) => USUAL[name] !== value);
    return others.map(([name]) => name).filter((name) => name !== 'follow' && name !== 'since');
  }
}

export class SearchQuery extends ResultsQuery {
  @Ids('Only of this operation; may be repeated: of any of them. Absent: of all that you may see.')
  operation?: string[];

  @OfKind()
  kind?: KindName;

  @Mine()
  mine?: boolean;
}
