import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsString, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { POSITION } from '../../../core/ingest/index.js';
import { RESULT_TIMES, type ResultTime } from '../../../core/results/index.js';
import { BoundingBox, Countries, PartOfCircle, Sites, Tags } from './probe-conditions.js';
import { MAX_WITHIN_KM } from './selection.dto.js';
import { type KindName } from '../../../measurement/kinds/index.js';
import { PageQuery } from '../../../platform/http/pages.js';
import { Optional } from '../../../platform/validation/optional.js';
import { RESULT_FILE_FORMATS, type ResultFileFormat } from '../result-formats.js';
import { toNumber } from '../../../platform/validation/query-values.js';
import {
  Figure,
  Ids,
  INSTANT,
  IsAddressOrNetwork,
  IsInstant,
  IsTarget,
  LaterThan,
  Mine,
  MOST_MS,
  NotBelow,
  OfKind,
  STATUS_RULE,
} from './results-conditions.js';
import { YesOrNo } from '../../../platform/validation/yes-or-no.js';

/** The name that one of the times had first. */
const FORMER_TIME = 'started_at_corrected';

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
      'Goes before `Accept`. json: in pages; the others: all of them, and no `limit` and no `cursor`. csv and parquet are of one kind, warts of ping and traceroute, atlas of all kinds but mtr.',
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
