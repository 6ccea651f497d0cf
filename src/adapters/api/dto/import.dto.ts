import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { countsOf, IMPORT_STATES, type ImportEntity, type ImportState } from '../../../core/imports/index.js';
import { idSchema } from '../../../platform/http/ids.js';
import { Optional } from '../../../platform/validation/optional.js';

export class UploadQuery {
  @ApiPropertyOptional({
    minLength: 1,
    maxLength: 200,
    description: 'What the file is called; a form says it by itself.',
    example: 'team-7.warts.gz',
  })
  @Optional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  @Matches(/^\P{Cc}*$/u, { message: 'must have no control characters' })
  name?: string;
}

const count = (description: string) => ({ type: 'integer' as const, minimum: 0, description });

class ImportErrorDto {
  @ApiProperty({
    type: 'integer',
    nullable: true,
    minimum: 0,
    description: 'Place in the file, from 0; null: the file.',
  })
  record: number | null;

  @ApiProperty()
  message: string;
}

export class ImportDto {
  @ApiProperty(idSchema('import'))
  id: string;

  @ApiProperty(idSchema('user'))
  owner_id: string;

  @ApiProperty({
    enum: IMPORT_STATES,
    description: 'failed: something in it could not be stored, `errors` says what; all else is stored.',
  })
  state: ImportState;

  @ApiProperty()
  name: string;

  @ApiProperty(count('Of the file, as it came.'))
  bytes: number;

  @ApiProperty({
    pattern: '^[0-9a-f]{64}$',
    description:
      'Of the file: the same content is imported once; what has failed is tried again when it comes again.',
  })
  sha256: string;

  @ApiProperty({ enum: ['folder', 'upload'] })
  source: 'folder' | 'upload';

  @ApiProperty(count('Records that were read.'))
  records: number;

  @ApiProperty(count('Results that are stored.'))
  stored: number;

  @ApiProperty(count('Results that were there before.'))
  duplicates: number;

  @ApiProperty(count('Records that are no results: lists, cycles, types that nobody knows.'))
  skipped: number;

  @ApiProperty(count('Records that could not be stored.'))
  refused: number;

  @ApiProperty({ type: [ImportErrorDto], description: 'The first 20.' })
  errors: ImportErrorDto[];

  @ApiProperty({ type: [String], description: 'Operations that have results of it.' })
  operation_ids: string[];

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time', description: 'Its state or a count changed.' })
  updated_at: string;

  @ApiProperty({ type: 'string', nullable: true, format: 'date-time' })
  begun_at: string | null;

  @ApiProperty({ type: 'string', nullable: true, format: 'date-time' })
  ended_at: string | null;

  static from(job: ImportEntity): ImportDto {
    const { state, name, bytes, sha256, source, errors } = job;
    return {
      id: job._id.toHexString(),
      owner_id: job.owner.toHexString(),
      ...{ state, name, bytes, sha256, source, ...countsOf(job), errors },
      operation_ids: job.operations.map(String),
      created_at: job.created_at.toISOString(),
      updated_at: (job.updated_at ?? job.ended_at ?? job.begun_at ?? job.created_at).toISOString(),
      begun_at: job.begun_at?.toISOString() ?? null,
      ended_at: job.ended_at?.toISOString() ?? null,
    };
  }
}
