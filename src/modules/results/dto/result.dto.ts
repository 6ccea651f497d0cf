import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches, ValidateBy } from 'class-validator';
import { ID_PATTERN, idSchema } from '../../../common/http/ids.js';
import { PageQuery } from '../../../common/http/pages.js';
import { Optional } from '../../../common/validation/optional.js';
import { parseRfc3339 } from '../../operations/schedule/times.js';
import { ClockDto, isTrusted } from '../../probes/dto/clock.dto.js';
import { amended, RESULT_FORMATS, type ResultFormat } from '../formats/index.js';
import { type ResultEntity } from '../result.schema.js';

const INSTANT = { format: 'date-time', example: '2026-01-01T00:00:00Z' };

function IsInstant() {
  return ValidateBy({
    name: 'instant',
    validator: {
      validate: (value) => typeof value === 'string' && parseRfc3339(value) !== undefined,
      defaultMessage: () => 'must be an RFC 3339 time with a zone',
    },
  });
}

export class ResultsQuery extends PageQuery {
  @ApiPropertyOptional({ pattern: ID_PATTERN, description: 'Only of this probe.' })
  @Optional()
  @Matches(new RegExp(ID_PATTERN), { message: 'must be 24 hexadecimal digits' })
  probe?: string;

  @ApiPropertyOptional({ enum: ['stored', 'failed'], description: 'Only what came, or only what failed.' })
  @Optional()
  @IsIn(['stored', 'failed'])
  outcome?: 'stored' | 'failed';

  @ApiPropertyOptional({ ...INSTANT, description: 'Received at this time or later.' })
  @Optional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({ ...INSTANT, description: 'Received before this time.' })
  @Optional()
  @IsInstant()
  to?: string;

  @ApiPropertyOptional({
    enum: ['summary', 'json', 'dump'],
    default: 'summary',
    description: 'summary: figures only; json, dump: what the raw bytes say, in `decoded`.',
  })
  @Optional()
  @IsIn(['summary', 'json', 'dump'])
  view: 'summary' | 'json' | 'dump' = 'summary';
}

export class FailureDto {
  @ApiProperty({ example: 'refused' })
  reason: string;

  @ApiProperty()
  detail: string;
}

class DestinationDto {
  @ApiProperty({ description: 'As asked for.', example: 'www.example.org' })
  destination: string;

  @ApiProperty({ type: 'string', nullable: true, description: 'That was measured; null without one.' })
  address: string | null;

  @ApiProperty({
    type: 'number',
    nullable: true,
    minimum: 0,
    description: 'Milliseconds that the name took; null for an address.',
  })
  resolve_ms: number | null;

  @ApiProperty({ type: 'string', nullable: true, description: 'Why it was not measured; null: it was.' })
  error: string | null;

  @ApiPropertyOptional({
    type: 'string',
    description: 'Which of the questions for its addresses were not answered.',
  })
  note?: string | undefined;
}

export class ResultDto {
  @ApiProperty(idSchema('result'))
  id: string;

  @ApiProperty(idSchema('operation'))
  operation_id: string;

  @ApiProperty(idSchema('probe'))
  probe_id: string;

  @ApiProperty({ enum: ['stored', 'failed'] })
  outcome: 'stored' | 'failed';

  @ApiProperty({ format: 'date-time', description: "By the server's clock." })
  received_at: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'When the run was due.' })
  scheduled_at?: string;

  @ApiProperty({
    description:
      'Whether it is one of the runs that were asked for: in `progress`, and paid if it is `stored`. Not yet, where its run is not due yet.',
  })
  counted: boolean;

  @ApiPropertyOptional({ enum: [true], description: 'The schedule calls for no run at `scheduled_at`.' })
  off_schedule?: boolean;

  @ApiPropertyOptional({ format: 'date-time', description: "By the probe's clock." })
  started_at?: string;

  @ApiPropertyOptional({
    format: 'date-time',
    description: '`started_at` with the estimated offset of the clock added; absent where that is unknown.',
  })
  started_at_corrected?: string;

  @ApiPropertyOptional({
    description:
      "Whether the probe's clock was known, and surely (its error bound counts) within a second of the true time.",
  })
  clock_trusted?: boolean;

  @ApiPropertyOptional({ description: "Milliseconds, by the probe's monotonic clock." })
  duration_ms?: number;

  @ApiPropertyOptional({ type: ClockDto })
  clock?: ClockDto;

  @ApiPropertyOptional({ enum: RESULT_FORMATS })
  format?: ResultFormat;

  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description:
      'Of each destination: its name and address, rtt_*_ms, loss, path, rcode ... A figure without a basis is null. Of an entry that cannot be read: `{type, error}`.',
  })
  summary?: object[];

  @ApiPropertyOptional({
    type: [DestinationDto],
    description: 'Of a ping or traceroute of a native probe: each destination asked for, `ips` first.',
  })
  destinations?: DestinationDto[];

  @ApiPropertyOptional({ description: 'Why the raw bytes could not be decoded, or not to their end.' })
  decode_error?: string;

  @ApiPropertyOptional({ type: FailureDto })
  failure?: FailureDto;

  @ApiPropertyOptional({
    oneOf: [{ type: 'array', items: { type: 'object', additionalProperties: true } }, { type: 'string' }],
    description:
      'What the raw bytes say, where it was asked for. In the place of an entry of http, tls, dns or ntp that cannot be read stands `{unreadable: {index, problem, entry}}`: its place in the list, which member is wrong and how, and the entry as it came.',
  })
  decoded?: unknown;

  static from(result: ResultEntity): ResultDto {
    const { scheduled_at, started_at, duration_ms, clock, format, summary, decode_error, failure } = result;
    return {
      id: result._id.toHexString(),
      operation_id: result.operation.toHexString(),
      probe_id: result.probe.toHexString(),
      outcome: result.outcome,
      received_at: result.received_at.toISOString(),
      ...(scheduled_at && { scheduled_at: scheduled_at.toISOString() }),
      counted: result.uncounted !== true,
      ...(result.off_schedule === true && { off_schedule: true }),
      ...(started_at && { started_at: started_at.toISOString() }),
      ...clockFigures(result),
      ...(duration_ms !== undefined && { duration_ms }),
      ...(clock && { clock: ClockDto.from(clock) }),
      ...(format && { format }),
      ...(summary && { summary: amended(summary, format) }),
      ...(result.destinations && { destinations: result.destinations }),
      ...(decode_error !== undefined && { decode_error }),
      ...(failure && { failure }),
    };
  }
}

/** @returns what a native probe's estimate of its clock makes of its times; nothing for classic probes, which send none */
function clockFigures({ started_at, clock }: ResultEntity): Partial<ResultDto> {
  if (clock === undefined) return {};
  const { offset_ms } = clock;
  return {
    ...(started_at &&
      offset_ms !== null && {
        started_at_corrected: new Date(started_at.getTime() + offset_ms).toISOString(),
      }),
    clock_trusted: isTrusted(clock),
  };
}
