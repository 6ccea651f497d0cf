import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { idSchema } from '../../../platform/http/ids.js';
import { isoTime } from '../../../platform/clock/iso-time.js';
import { Optional } from '../../../platform/validation/optional.js';
import { summarySchema } from '../schema-names.js';
import { isTrusted } from '../../../core/probes/index.js';
import { ClockDto } from './clock.dto.js';
import { amended, RESULT_FORMATS, type ResultFormat } from '../../../measurement/kinds/result-formats.js';
import { type ResultEntity } from '../../../core/ingest/index.js';

export class DecodedQuery {
  @ApiPropertyOptional({
    enum: ['json', 'dump'],
    default: 'json',
    description: 'dump: of warts, the rows that sc_analysis_dump prints; of anything else the same as json.',
  })
  @Optional()
  @IsIn(['json', 'dump'])
  view: 'json' | 'dump' = 'json';
}

export class OneResultQuery {
  @ApiPropertyOptional({
    enum: ['summary', 'json', 'dump'],
    default: 'json',
    description: 'What of the raw bytes is in `decoded`; summary: nothing.',
  })
  @Optional()
  @IsIn(['summary', 'json', 'dump'])
  view: 'summary' | 'json' | 'dump' = 'json';
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

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Which of the questions for its addresses were not answered; null: none.',
  })
  note: string | null;
}

/** What the raw bytes of a result say. */
export const DECODED_SCHEMA = {
  oneOf: [
    { type: 'array' as const, items: { type: 'object' as const, additionalProperties: true } },
    { type: 'string' as const },
  ],
};

/** Every member is in every result: tools that make columns of them tell a missing one from null by another type. */
@ApiExtraModels(ClockDto, FailureDto)
export class ResultDto {
  @ApiProperty(idSchema('result'))
  id: string;

  @ApiProperty(idSchema('operation'))
  operation_id: string;

  @ApiProperty(idSchema('probe'))
  probe_id: string;

  @ApiProperty({ enum: ['stored', 'failed'] })
  outcome: 'stored' | 'failed';

  @ApiProperty({ format: 'date-time', description: "When it was stored, by the platform's clock." })
  received_at: string;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'The import that has brought it in a file; null: its probe has.',
  })
  import_id: string | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    format: 'date-time',
    description:
      'Of one that was read back from an export: `received_at` of then. null: it was never stored before.',
  })
  first_received_at: string | null;

  @ApiProperty({ type: 'string', nullable: true, format: 'date-time', description: 'When the run was due.' })
  scheduled_at: string | null;

  @ApiProperty({
    description:
      'Whether it is one of the runs that were asked for: in `progress`, and paid if it is `stored`. Not yet, where its run is not due yet.',
  })
  counted: boolean;

  @ApiProperty({ description: 'The schedule calls for no run at `scheduled_at`.' })
  off_schedule: boolean;

  @ApiProperty({ type: 'string', nullable: true, format: 'date-time', description: "By the probe's clock." })
  started_at: string | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    format: 'date-time',
    description: '`started_at` with the estimated offset of the clock added; null where that is unknown.',
  })
  started_corrected_at: string | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    format: 'date-time',
    description: 'The same as `started_corrected_at`, by its older name.',
  })
  started_at_corrected: string | null;

  @ApiProperty({
    description:
      "Whether the probe's clock was known, and surely (its error bound counts) within a second of the true time; false for classic probes.",
  })
  clock_trusted: boolean;

  @ApiProperty({
    type: 'number',
    nullable: true,
    description: "Milliseconds, by the probe's monotonic clock.",
  })
  duration_ms: number | null;

  @ApiProperty({ oneOf: [{ $ref: getSchemaPath(ClockDto) }, { type: 'null' }] })
  clock: ClockDto | null;

  @ApiProperty({ enum: [...RESULT_FORMATS, null], type: 'string', nullable: true })
  format: ResultFormat | null;

  @ApiProperty({
    type: 'array',
    nullable: true,
    items: summarySchema(),
    description:
      'Figures of each destination or query, by the kind of the operation. One without a basis is null. null for a failed run.',
  })
  summary: object[] | null;

  @ApiProperty({
    type: [DestinationDto],
    nullable: true,
    description: 'Of a ping or traceroute of a native probe: each destination asked for, `ips` first.',
  })
  destinations: DestinationDto[] | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Why the raw bytes could not be decoded, or not to their end.',
  })
  decode_error: string | null;

  @ApiProperty({ oneOf: [{ $ref: getSchemaPath(FailureDto) }, { type: 'null' }] })
  failure: FailureDto | null;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Of what the probe sent; 0 for a failed run.' })
  raw_bytes: number;

  @ApiProperty({
    type: 'string',
    nullable: true,
    format: 'date-time',
    description:
      'When its raw bytes were deleted, because they are older than they are kept: then `decoded` is null, and `raw_bytes` 0.',
  })
  raw_deleted_at: string | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description:
      'Where to read what the raw bytes say, when it was asked for and is too long for a listing (2 MiB of text); its length is not known before.',
    example: '/api/v1/results/6720a1b2c3d4e5f6000000d4/decoded?view=json',
  })
  decoded_url: string | null;

  @ApiProperty({
    oneOf: [...DECODED_SCHEMA.oneOf, { type: 'null' }],
    description:
      'What the raw bytes say, where it was asked for and is not too long. In the place of an entry of http, tls, dns or ntp that cannot be read stands `{unreadable: {index, problem, entry}}`: its place in the list, which member is wrong and how, and the entry as it came.',
  })
  decoded: unknown;

  /** @returns all but `decoded` */
  static from(result: ResultEntity, rawBytes: number, decodedUrl: string | null): Omit<ResultDto, 'decoded'> {
    const { scheduled_at, started_at, duration_ms, clock, format, summary, decode_error, failure } = result;
    const correctedAt = correctedStart(result);
    const corrected = correctedAt ? isoTime(correctedAt) : null;
    return {
      id: result._id.toHexString(),
      operation_id: result.operation.toHexString(),
      probe_id: result.probe.toHexString(),
      outcome: result.outcome,
      received_at: isoTime(result.received_at),
      import_id: result.imported?.toHexString() ?? null,
      first_received_at: result.first_received_at ? isoTime(result.first_received_at) : null,
      scheduled_at: scheduled_at ? isoTime(scheduled_at) : null,
      counted: result.uncounted !== true,
      off_schedule: result.off_schedule === true,
      started_at: started_at ? isoTime(started_at) : null,
      started_corrected_at: corrected,
      started_at_corrected: corrected,
      clock_trusted: clock !== undefined && isTrusted(clock),
      duration_ms: duration_ms ?? null,
      clock: clock ? ClockDto.from(clock) : null,
      format: format ?? null,
      summary: summary ? amended(summary, format) : null,
      destinations: result.destinations?.map((each) => ({ ...each, note: each.note ?? null })) ?? null,
      decode_error: decode_error ?? null,
      failure: failure ?? null,
      raw_bytes: rawBytes,
      raw_deleted_at: result.raw_deleted_at?.toISOString() ?? null,
      decoded_url: decodedUrl,
    };
  }
}

/**
 * @returns what a native probe's estimate of its clock makes of its time; undefined for classic probes, which send none, and outside
 * the years 0 to 9999 that RFC 3339 has (section 5.6): one made-up time would make a column of times none
 */
function correctedStart({ started_at, clock }: ResultEntity): Date | undefined {
  const offset = clock?.offset_ms ?? undefined;
  if (started_at === undefined || offset === undefined) return undefined;
  const corrected = new Date(started_at.getTime() + offset);
  const year = corrected.getUTCFullYear();
  return year >= 0 && year <= 9999 ? corrected : undefined;
}
