import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsISO8601, IsOptional, Matches } from 'class-validator';
import { PageQuery } from '../../../common/http/pages.js';
import { RESULT_FORMATS, type ResultEntity, type ResultFormat } from '../result.schema.js';

const INSTANT = { format: 'date-time', example: '2026-01-01T00:00:00Z' };

export class ResultsQuery extends PageQuery {
  @ApiPropertyOptional({ pattern: '^[0-9a-f]{24}$', description: 'Only of this probe.' })
  @IsOptional()
  @Matches(/^[0-9a-f]{24}$/, { message: 'must be 24 hexadecimal digits' })
  probe?: string;

  @ApiPropertyOptional({ enum: ['stored', 'failed'], description: 'Only what came, or only what failed.' })
  @IsOptional()
  @IsIn(['stored', 'failed'])
  outcome?: 'stored' | 'failed';

  @ApiPropertyOptional({ ...INSTANT, description: 'Received at this time or later.' })
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true }, { message: 'must be an RFC 3339 time' })
  from?: string;

  @ApiPropertyOptional({ ...INSTANT, description: 'Received before this time.' })
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true }, { message: 'must be an RFC 3339 time' })
  to?: string;

  @ApiPropertyOptional({
    enum: ['summary', 'json', 'dump'],
    default: 'summary',
    description: 'summary: figures only; json, dump: what the raw bytes say, in `decoded`.',
  })
  @IsOptional()
  @IsIn(['summary', 'json', 'dump'])
  view: 'summary' | 'json' | 'dump' = 'summary';
}

export class FailureDto {
  @ApiProperty({ example: 'refused' })
  reason: string;

  @ApiProperty()
  detail: string;
}

export class ResultDto {
  @ApiProperty({ example: '6720a1b2c3d4e5f601234567' })
  id: string;

  @ApiProperty()
  operation_id: string;

  @ApiProperty()
  probe_id: string;

  @ApiProperty({ enum: ['stored', 'failed'] })
  outcome: 'stored' | 'failed';

  @ApiProperty({ format: 'date-time', description: "By the server's clock." })
  received_at: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'When the run was due.' })
  scheduled_at?: string;

  @ApiPropertyOptional({ format: 'date-time', description: "By the probe's clock." })
  started_at?: string;

  @ApiPropertyOptional({ description: 'Milliseconds.' })
  duration_ms?: number;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'What the probe knew of its clock.',
  })
  clock?: object;

  @ApiPropertyOptional({ enum: RESULT_FORMATS })
  format?: ResultFormat;

  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'Of each destination: rtt_*_ms, loss, path, rcode ...',
  })
  summary?: object[];

  @ApiPropertyOptional({ description: 'Why the raw bytes could not be decoded, or not to their end.' })
  decode_error?: string;

  @ApiPropertyOptional({ type: FailureDto })
  failure?: FailureDto;

  @ApiPropertyOptional({
    oneOf: [{ type: 'array', items: { type: 'object', additionalProperties: true } }, { type: 'string' }],
    description: 'What the raw bytes say, where it was asked for.',
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
      ...(started_at && { started_at: started_at.toISOString() }),
      ...(duration_ms !== undefined && { duration_ms }),
      ...(clock && { clock }),
      ...(format && { format }),
      ...(summary && { summary }),
      ...(decode_error !== undefined && { decode_error }),
      ...(failure && { failure }),
    };
  }
}
