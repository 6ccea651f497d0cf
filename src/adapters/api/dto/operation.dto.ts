import { ApiExtraModels, ApiProperty } from '@nestjs/swagger';
import { idSchema } from '../../../platform/http/ids.js';
import { orNull } from '../../../platform/http/nullable.js';
import { FollowedSelectionDto } from './selection.dto.js';
import { RetentionDto, STATED_OR_NULL } from './retention.dto.js';
import {
  ASSIGNMENT_STATES,
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
import { KIND_NAMES } from '../../../measurement/kinds/index.js';
import { type QuotedOperation, stateOf } from '../../../core/operations/index.js';
import { scheduleSchema } from '../schema-names.js';
import { toWireSchedule, type WireSchedule } from '../../../measurement/schedule/schedule.js';

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
