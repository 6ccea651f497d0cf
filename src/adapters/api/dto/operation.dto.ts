import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiHideProperty, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsDefined,
  IsIn,
  IsInt,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateIf,
} from 'class-validator';
import { idSchema } from '../../../platform/http/ids.js';
import { orNull } from '../../../platform/http/nullable.js';
import { PageQuery } from '../../../platform/http/pages.js';
import { ObjectOf } from '../../../platform/validation/object-of.js';
import { NotBeside, Optional } from '../../../platform/validation/optional.js';
import { MAX_PROBES } from '../../../core/probes/index.js';
import { FollowedSelectionDto, SelectionDto } from './selection.dto.js';
import { Numbers } from './place.dto.js';
import { AreTags, Tags } from './probe-conditions.js';
import { MAX_TAGS, TAG } from './probe.dto.js';
import { RetentionDto, STATED_OR_NULL } from './retention.dto.js';
import {
  ASSIGNMENT_STATES,
  type AssignmentEntity,
  type AssignmentState,
  type OperationEntity,
  OPERATION_STATES,
  type OperationKind,
  type OperationState,
  type Progress,
  VISIBILITIES,
  type Visibility,
  WARTS,
} from '../../../core/assignments/index.js';
import { KIND_NAMES, type KindName, KINDS } from '../../../measurement/kinds/index.js';
import { readingOf } from '../../../measurement/params/reading.js';
import { parseSchedule } from '../../../measurement/schedule/parse-schedule.js';
import { type Violation } from '../../../platform/errors/domain.error.js';
import { type QuotedOperation, stateOf } from '../../../core/operations/index.js';
import { scheduleSchema } from '../schema-names.js';
import { toWireSchedule, type WireSchedule } from '../../../measurement/schedule/schedule.js';
import { YesOrNo } from '../../../platform/validation/yes-or-no.js';

const SOME_PROBES = { message: `must be a list of 1 to ${MAX_PROBES} ids, or absent where select is given` };
export const MAX_DESCRIPTION = 255;
export const MAX_OPERATION_NUMBER = 2_000_000_000;
const IsDescription = () => applyDecorators(MaxLength(MAX_DESCRIPTION), IsString(), Optional());
const CHOSEN_NUMBER = { message: `must be a whole number from 1 to ${MAX_OPERATION_NUMBER}` };

/** Documented as createOperationBody(): what `params` may be depends on `kind`, and a class cannot say so. */
export class CreateOperationDto {
  @ApiHideProperty()
  @IsIn(KIND_NAMES)
  kind: KindName;

  @ApiHideProperty()
  @IsDefined()
  params: unknown;

  @ApiHideProperty()
  @IsDefined()
  schedule: unknown;

  /** exactly one of `probes` and `select` */
  @ApiHideProperty()
  @ValidateIf(({ probes, select }: CreateOperationDto) => probes !== undefined || select === undefined)
  @IsArray(SOME_PROBES)
  @ArrayNotEmpty(SOME_PROBES)
  @ArrayMaxSize(MAX_PROBES, SOME_PROBES)
  @IsString({ each: true, ...SOME_PROBES })
  probes?: string[];

  @ApiHideProperty()
  @Optional()
  @NotBeside('probes')
  @ObjectOf(() => SelectionDto)
  select?: SelectionDto;

  @ApiHideProperty()
  @Optional()
  @IsIn(VISIBILITIES)
  visibility?: Visibility;

  @ApiHideProperty()
  @Optional()
  @ObjectOf(() => RetentionDto)
  retention?: RetentionDto;

  @ApiHideProperty()
  @Optional()
  @IsInt(CHOSEN_NUMBER)
  @Min(1, CHOSEN_NUMBER)
  @Max(MAX_OPERATION_NUMBER, CHOSEN_NUMBER)
  number?: number;

  @ApiHideProperty()
  @IsDescription()
  description?: string;

  @ApiHideProperty()
  @AreTags()
  tags?: string[];

  /** What of a wrong body the service would find wrong as well (CheckedFurther). */
  static violationsBeyond({ kind, params, schedule }: Record<string, unknown>): Violation[] {
    const known = KIND_NAMES.find((name) => name === kind);
    const readings = [
      known && params !== undefined ? readingOf(() => KINDS[known].check(params, 'refuse')) : undefined,
      schedule === undefined ? undefined : readingOf(() => parseSchedule(schedule, new Date())),
    ];
    return readings.flatMap((reading) => (reading && 'violations' in reading ? reading.violations : []));
  }
}

/** What people know an operation by. */
export class UpdateOperationDto {
  @ApiPropertyOptional({ type: 'string', maxLength: MAX_DESCRIPTION, description: 'Empty: none.' })
  @IsDescription()
  description?: string;

  @ApiPropertyOptional({ type: 'array', maxItems: MAX_TAGS, items: { type: 'string', pattern: TAG.source } })
  @AreTags()
  tags?: string[];
}

export class OperationsQuery extends PageQuery {
  @Tags('Only those that have this tag; may be repeated: each of them.')
  tag?: string[];

  @Numbers('Only the one with this number; may be repeated: any of them.')
  number?: number[];

  @ApiPropertyOptional({
    ...{ type: 'string', minLength: 1, maxLength: 100 },
    description: 'Only those whose description has this text, in either case.',
  })
  @Optional()
  @IsString()
  @Length(1, 100)
  search?: string;

  @YesOrNo('Only your own.')
  mine?: boolean;

  @ApiPropertyOptional({ enum: KIND_NAMES })
  @Optional()
  @IsIn(KIND_NAMES)
  kind?: KindName;

  @ApiPropertyOptional({ enum: VISIBILITIES })
  @Optional()
  @IsIn(VISIBILITIES)
  visibility?: Visibility;

  @ApiPropertyOptional({
    enum: OPERATION_STATES,
    description:
      'Only those that are in this state now. A page looks through 10,000 operations at the most: it may have few items, or none, and yet a `next`.',
  })
  @Optional()
  @IsIn(OPERATION_STATES)
  state?: OperationState;

  @ApiPropertyOptional({
    ...{ type: 'string', minLength: 1, maxLength: 254 },
    description:
      'Only those that have this text, in either case, in their description or a destination; or of which it is the id, the number or a tag.',
  })
  @Optional()
  @IsString()
  @Length(1, 254)
  q?: string;
}

export class ProgressDto {
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'Runs that the schedule calls for, over all probes.',
  })
  due: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Runs of which a result is stored.' })
  received: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Runs that probes reported as failed.' })
  failed: number;

  @ApiProperty({
    type: 'object',
    properties: Object.fromEntries(
      ASSIGNMENT_STATES.map((state) => [state, { type: 'integer' as const, minimum: 1 }]),
    ),
    description: 'Assignments by state.',
    example: { delivered: 2, pending: 1 },
  })
  assignments: Partial<Record<AssignmentState, number>>;
}

/** Every member is in every operation: tools that make columns of them tell a missing one from null by another type. */
@ApiExtraModels(FollowedSelectionDto, RetentionDto)
export class OperationDto {
  @ApiProperty(idSchema('operation'))
  id: string;

  @ApiProperty({
    type: 'integer',
    minimum: 1,
    description: 'Names it as well: given once, never used again.',
    example: 1_000_001,
  })
  number: number;

  @ApiProperty(idSchema('user'))
  owner_id: string;

  @ApiProperty({ type: 'string', nullable: true, description: 'For people; null: none.' })
  description: string | null;

  @ApiProperty({ type: [String], description: 'Of the operation, for finding it again.' })
  tags: string[];

  @ApiProperty({ enum: [...KIND_NAMES, WARTS] })
  kind: OperationKind;

  /** typed per kind: withKinds() */
  @ApiProperty({ type: 'object', additionalProperties: false })
  params: object;

  @ApiProperty(scheduleSchema())
  schedule: WireSchedule;

  @ApiProperty({ enum: VISIBILITIES })
  visibility: Visibility;

  @ApiProperty({ enum: OPERATION_STATES })
  state: OperationState;

  @ApiProperty({ type: 'integer', minimum: 0 })
  cost_per_run: number;

  @ApiProperty({ type: 'integer', minimum: 0 })
  runs_per_probe: number;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'Credits paid: at creation, and for probes that were added.',
  })
  credits: number;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    minimum: 0,
    description:
      'Credits paid back: when it was stopped, probes were taken away, or refused it; null: nothing was.',
  })
  refunded: number | null;

  @ApiProperty({
    ...{ type: 'integer', minimum: 0 },
    description: 'Probes that it was ever given to, also those that were taken away.',
  })
  probe_count: number;

  @ApiProperty({
    ...orNull(FollowedSelectionDto),
    description: 'The rule by which its probes were chosen, as it was asked for; null where they were named.',
  })
  selection: FollowedSelectionDto | null;

  @ApiProperty({ type: ProgressDto })
  progress: ProgressDto;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({
    format: 'date-time',
    description: 'When it was made, stopped, or its retention was stated, last.',
  })
  updated_at: string;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Also in ETag; `retention` has its own.' })
  revision: number;

  @ApiProperty({ format: 'date-time', description: 'From then on no run is awaited.' })
  ends_at: string;

  @ApiProperty({ type: 'string', nullable: true, format: 'date-time' })
  stopped_at: string | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description:
      'The import that has made it of a file: nothing was asked of probes, nothing is charged. null: it was made here.',
  })
  import_id: string | null;

  @ApiProperty(STATED_OR_NULL)
  retention: RetentionDto | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    format: 'date-time',
    description:
      'Results that came before are deleted; those that came from then on are all there. null: none was.',
  })
  results_kept_from: string | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    format: 'date-time',
    description: 'The same of the raw bytes of results.',
  })
  raw_kept_from: string | null;

  static from(operation: OperationEntity, progress: Progress): OperationDto {
    return {
      id: operation._id.toHexString(),
      number: operation.number,
      owner_id: operation.owner.toHexString(),
      description: operation.description ?? null,
      tags: operation.tags ?? [],
      kind: operation.kind,
      params: operation.params,
      schedule: toWireSchedule(operation.schedule),
      visibility: operation.visibility,
      state: stateOf(operation, progress, new Date()),
      cost_per_run: operation.cost_per_run,
      runs_per_probe: operation.runs_per_probe,
      credits: operation.credits,
      refunded: operation.refunded ?? null,
      probe_count: operation.probe_count,
      selection: (operation.selection as FollowedSelectionDto | undefined) ?? null,
      progress: {
        due: progress.due,
        received: progress.received,
        failed: progress.failed,
        assignments: progress.states,
      },
      created_at: operation.created_at.toISOString(),
      updated_at: (operation.updated_at ?? operation.stopped_at ?? operation.created_at).toISOString(),
      revision: operation.revision,
      ends_at: operation.ends_at.toISOString(),
      stopped_at: operation.stopped_at?.toISOString() ?? null,
      import_id: operation.imported?.toHexString() ?? null,
      retention: operation.retention ?? null,
      results_kept_from: operation.results_kept_from?.toISOString() ?? null,
      raw_kept_from: operation.raw_kept_from?.toISOString() ?? null,
    };
  }
}

/** An operation before it is made. */
export class QuoteDto {
  @ApiProperty({ type: 'integer', minimum: 1, description: 'Probes that would measure.' })
  probe_count: number;

  @ApiProperty({ type: 'integer', minimum: 0 })
  runs_per_probe: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Over all probes.' })
  runs: number;

  @ApiProperty({ type: 'integer', minimum: 0 })
  cost_per_run: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'What it would cost.' })
  credits: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'What you have.' })
  balance: number;

  @ApiProperty({ format: 'date-time', description: 'From then on no run would be awaited.' })
  ends_at: string;

  static from({ operation }: QuotedOperation, balance: number): QuoteDto {
    const { probe_count, runs_per_probe, cost_per_run, credits, ends_at } = operation;
    const runs = runs_per_probe * probe_count;
    return {
      probe_count,
      runs_per_probe,
      runs,
      cost_per_run,
      credits,
      balance,
      ends_at: ends_at.toISOString(),
    };
  }
}

/** Runs that were asked of a probe before it was taken away, and added again. */
export class EarlierStretchDto {
  @ApiProperty({ type: 'integer', minimum: 1, description: 'Runs of it that were not paid back.' })
  due: number;

  @ApiProperty({ format: 'date-time' })
  added_at: string;

  @ApiProperty({ format: 'date-time' })
  removed_at: string;
}

export class AssignmentDto {
  @ApiProperty(idSchema('probe'))
  probe_id: string;

  @ApiProperty({ enum: ASSIGNMENT_STATES })
  state: AssignmentState;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Why it was refused or has expired; else null.',
  })
  reason: string | null;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'Runs that are asked of it, those of `earlier` included.',
  })
  due: number;

  @ApiProperty({
    type: [EarlierStretchDto],
    description: 'What was asked of it before it was taken away and added again, in order; mostly nothing.',
  })
  earlier: EarlierStretchDto[];

  @ApiProperty({ type: 'integer', minimum: 0 })
  received: number;

  @ApiProperty({ type: 'integer', minimum: 0 })
  failed: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Reports that belong to no run: not paid.' })
  extra: number;

  @ApiProperty({ type: 'string', nullable: true, format: 'date-time' })
  delivered_at: string | null;

  @ApiProperty({ type: 'string', nullable: true, format: 'date-time' })
  acknowledged_at: string | null;

  @ApiProperty({ type: 'string', nullable: true, format: 'date-time' })
  ended_at: string | null;

  @ApiProperty({ type: 'string', nullable: true, format: 'date-time' })
  last_result_at: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time', description: 'The latest of its times.' })
  updated_at: string;

  static from(assignment: AssignmentEntity): AssignmentDto {
    const { probe, state, reason, due, received, failed, extra = 0, earlier = [] } = assignment;
    const { created_at, delivered_at, acknowledged_at, ended_at, last_result_at } = assignment;
    const times = [created_at, delivered_at, acknowledged_at, ended_at, last_result_at];
    const updated = Math.max(...times.map((time) => time?.getTime() ?? 0));
    return {
      probe_id: probe.toHexString(),
      state,
      reason: reason ?? null,
      due,
      earlier: earlier.map(({ runs, added_at, removed_at }) => ({
        due: runs,
        added_at: added_at.toISOString(),
        removed_at: removed_at.toISOString(),
      })),
      received,
      failed,
      extra,
      delivered_at: delivered_at?.toISOString() ?? null,
      acknowledged_at: acknowledged_at?.toISOString() ?? null,
      ended_at: ended_at?.toISOString() ?? null,
      last_result_at: last_result_at?.toISOString() ?? null,
      created_at: created_at.toISOString(),
      updated_at: new Date(updated).toISOString(),
    };
  }
}
