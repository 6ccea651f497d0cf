import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsString, Matches, Max, Min } from 'class-validator';
import { encodeCursor, PageQuery } from '../../../platform/http/pages.js';
import { ID_PATTERN, idSchema, SAMPLE_IDS } from '../../../platform/http/ids.js';
import { Optional } from '../../../platform/validation/optional.js';
import { ASSIGNMENT_STATES, type AssignmentState } from '../../../core/assignments/index.js';
import {
  type BucketTally,
  type Coverage,
  type Fate,
  type FateCounts,
  FATES,
  type ProbeCoverage,
} from '../../../core/runs/index.js';

const MAX_BUCKET_S = 10 * 366 * 86_400;

export class CoverageQuery extends PageQuery {
  @ApiPropertyOptional({ pattern: ID_PATTERN, example: SAMPLE_IDS.probe, description: 'Only this probe.' })
  @Optional()
  @IsString()
  @Matches(new RegExp(ID_PATTERN), { message: 'must be the id of a probe: 24 hexadecimal digits' })
  probe?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: MAX_BUCKET_S,
    description: 'Seconds in a time bucket; by default a width that makes at most about 200 buckets.',
  })
  @Optional()
  @Transform(({ value }: { value: unknown }) => (/^\d{1,9}$/.test(String(value)) ? Number(value) : value))
  @IsInt()
  @Min(1)
  @Max(MAX_BUCKET_S)
  bucket_s?: number;
}

const MEANINGS: Record<Fate, string> = {
  received: 'Its result is stored.',
  failed: 'The probe reported that it could not be done: `failed_by_reason`.',
  refused: "The probe or its host's policy refused it.",
  not_connected: 'The probe was not connected, and nothing came.',
  held: 'The probe reported that it keeps results which it has not delivered yet.',
  not_delivered: 'The probe was connected, and did not get the job in time.',
  stopped: 'The operation was stopped before.',
  lost_in_restore: 'It was due between a backup and its restore: what was known of it is lost.',
  awaited: 'It may still be under way.',
  unexplained: 'None of the others.',
};

const fatesSchema = {
  type: 'object' as const,
  selfRequired: true,
  required: [...FATES],
  properties: Object.fromEntries(
    FATES.map((fate) => [fate, { type: 'integer' as const, minimum: 0, description: MEANINGS[fate] }]),
  ),
  additionalProperties: false,
  description: 'How many runs met which fate; they add up to `due`.',
};

const COUNT = { type: 'integer', minimum: 0 } as const;
const reasonsSchema = {
  type: 'object' as const,
  additionalProperties: { type: 'integer' as const, minimum: 1 },
  description: 'What probes said of the runs that they could not do, `refused` ones included.',
  example: { missed: 3 },
};

class TallyDto {
  @ApiProperty({
    ...COUNT,
    description: 'Runs whose time has come, or that were decided before: each has one fate.',
  })
  due: number;

  @ApiProperty(fatesSchema)
  fates: FateCounts;
}

export class BucketDto extends TallyDto {
  @ApiProperty({ format: 'date-time', description: 'Runs that were due from then on.' })
  from: string;

  @ApiProperty({ format: 'date-time', description: 'And before this.' })
  to: string;

  static of({ from, due, fates }: BucketTally, widthMs: number): BucketDto {
    return {
      from: new Date(from).toISOString(),
      to: new Date(from + widthMs).toISOString(),
      due,
      fates,
    };
  }
}

class AccountDto extends TallyDto {
  @ApiProperty({ ...COUNT, description: 'Runs that the schedule calls for, from first to last.' })
  planned: number;

  @ApiProperty({ ...COUNT, description: '`planned` without `due`.' })
  upcoming: number;

  @ApiProperty(reasonsSchema)
  failed_by_reason: Record<string, number>;

  @ApiProperty({
    ...COUNT,
    description: 'Results and failures reported beyond the runs of the schedule; in no fate.',
  })
  extra: number;
}

export class ProbeCoverageDto extends AccountDto {
  @ApiProperty(idSchema('probe'))
  probe_id: string;

  @ApiProperty({ enum: ASSIGNMENT_STATES })
  state: AssignmentState;

  static of({ assignment, ...account }: ProbeCoverage): ProbeCoverageDto {
    return { probe_id: assignment.probe.toHexString(), state: assignment.state, ...accountOf(account) };
  }
}

export class CoverageDto extends AccountDto {
  @ApiProperty(idSchema('operation'))
  operation_id: string;

  @ApiProperty({ format: 'date-time', description: 'The moment that this is true of.' })
  at: string;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Seconds in a time bucket.' })
  bucket_s: number;

  @ApiProperty({
    type: [BucketDto],
    description: 'In order of time; buckets without a due run are left out.',
  })
  buckets: BucketDto[];

  @ApiProperty({ type: [ProbeCoverageDto], description: 'A page of probes, by id.' })
  probes: ProbeCoverageDto[];

  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'null' as never }],
    description: '`cursor` of the next page of probes; null: this is the last.',
  })
  next: string | null;

  /** @param after the last probe of the page before */
  static of(operationId: string, coverage: Coverage, limit: number, after: string | undefined): CoverageDto {
    const { probes, buckets, bucketMs, at } = coverage;
    const left = probes.filter(({ assignment }) => assignment.probe.toHexString() > (after ?? ''));
    const shown = left.slice(0, limit);
    const last = shown.at(-1);
    return {
      operation_id: operationId,
      at: at.toISOString(),
      ...accountOf(coverage),
      bucket_s: bucketMs / 1_000,
      buckets: buckets.map((bucket) => BucketDto.of(bucket, bucketMs)),
      probes: shown.map((probe) => ProbeCoverageDto.of(probe)),
      next: last !== undefined && left.length > limit ? encodeCursor({ _id: last.assignment.probe }) : null,
    };
  }
}

function accountOf({
  planned,
  due,
  fates,
  reasons,
  extra,
}: Pick<Coverage, 'planned' | 'due' | 'fates' | 'reasons' | 'extra'>): AccountDto {
  return { planned, due, upcoming: planned - due, fates, failed_by_reason: reasons, extra };
}
