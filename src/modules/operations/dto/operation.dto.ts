import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsOptional,
  IsString,
} from 'class-validator';
import { PageQuery } from '../../../common/http/pages.js';
import { type AssignmentEntity, ASSIGNMENT_STATES, type AssignmentState } from '../assignment.schema.js';
import { type Progress } from '../assignments.repository.js';
import { KIND_NAMES, type KindName, KINDS } from '../kinds/index.js';
import { type OperationEntity, type Visibility, VISIBILITIES } from '../operation.schema.js';
import { type OperationState, stateOf } from '../operations.service.js';
import { SCHEDULE_CLASSES, scheduleSchema } from '../schedule/schedule.dto.js';
import { toWireSchedule, type WireSchedule } from '../schedule/schedule.js';

/** 1 MB of ids is not quite twice as many. */
export const MAX_PROBES = 20_000;
const PARAMS_CLASSES = KIND_NAMES.map((name) => KINDS[name].paramsClass);
const OPERATION_STATES = ['scheduled', 'running', 'stopped', 'done'];

@ApiExtraModels(...PARAMS_CLASSES, ...Object.values(SCHEDULE_CLASSES))
export class CreateOperationDto {
  @ApiProperty({ enum: KIND_NAMES, example: 'ping' })
  @IsIn(KIND_NAMES)
  kind: KindName;

  @ApiProperty({
    description: 'Parameters of the kind; at least one destination.',
    oneOf: PARAMS_CLASSES.map((params) => ({ $ref: getSchemaPath(params) })),
    example: { ips: ['192.0.2.1'], probecount: 4 },
  })
  @IsDefined()
  params: unknown;

  @ApiProperty({ ...scheduleSchema(), example: { type: 'once' } })
  @IsDefined()
  schedule: unknown;

  @ApiProperty({
    description: 'Ids of probes; those that are away get the operation when they come.',
    type: 'array',
    minItems: 1,
    maxItems: MAX_PROBES,
    items: { type: 'string', pattern: '^[0-9a-f]{24}$' },
    example: ['6720a1b2c3d4e5f601234567'],
  })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MAX_PROBES)
  @IsString({ each: true })
  probes: string[];

  @ApiPropertyOptional({
    enum: VISIBILITIES,
    default: 'public',
    description: 'Who may read it and its results.',
  })
  @IsOptional()
  @IsIn(VISIBILITIES)
  visibility?: Visibility;
}

export class OperationsQuery extends PageQuery {
  @ApiPropertyOptional({ type: 'boolean', description: 'Only your own.' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  mine?: boolean;

  @ApiPropertyOptional({ enum: KIND_NAMES })
  @IsOptional()
  @IsIn(KIND_NAMES)
  kind?: KindName;
}

export class ProgressDto {
  @ApiProperty({ type: 'integer', description: 'Runs that the schedule calls for, over all probes.' })
  due: number;

  @ApiProperty({ type: 'integer', description: 'Runs of which a result is stored.' })
  received: number;

  @ApiProperty({ type: 'integer', description: 'Runs that probes reported as failed.' })
  failed: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'Assignments by state.',
    example: { delivered: 2, pending: 1 },
  })
  assignments: Partial<Record<AssignmentState, number>>;
}

export class OperationDto {
  @ApiProperty({ example: '6720a1b2c3d4e5f601234567' })
  id: string;

  @ApiProperty()
  owner_id: string;

  @ApiProperty({ enum: KIND_NAMES })
  kind: KindName;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'As they were accepted.' })
  params: object;

  @ApiProperty({ oneOf: scheduleSchema().oneOf })
  schedule: WireSchedule;

  @ApiProperty({ enum: VISIBILITIES })
  visibility: Visibility;

  @ApiProperty({ enum: OPERATION_STATES })
  state: OperationState;

  @ApiProperty({ type: 'integer' })
  cost_per_run: number;

  @ApiProperty({ type: 'integer' })
  runs_per_probe: number;

  @ApiProperty({ type: 'integer', description: 'Credits paid at creation.' })
  credits: number;

  @ApiPropertyOptional({ type: 'integer', description: 'Credits paid back when it was stopped.' })
  refunded?: number;

  @ApiProperty({ type: 'integer' })
  probe_count: number;

  @ApiProperty({ type: ProgressDto })
  progress: ProgressDto;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time', description: 'From then on no run is awaited.' })
  ends_at: string;

  @ApiPropertyOptional({ format: 'date-time' })
  stopped_at?: string;

  static from(operation: OperationEntity, progress: Progress): OperationDto {
    return {
      id: operation._id.toHexString(),
      owner_id: operation.owner.toHexString(),
      kind: operation.kind,
      params: JSON.parse(operation.accepted_params) as object,
      schedule: toWireSchedule(operation.schedule),
      visibility: operation.visibility,
      state: stateOf(operation, progress, new Date()),
      cost_per_run: operation.cost_per_run,
      runs_per_probe: operation.runs_per_probe,
      credits: operation.credits,
      ...(operation.refunded !== undefined && { refunded: operation.refunded }),
      probe_count: operation.probe_count,
      progress: {
        due: progress.due,
        received: progress.received,
        failed: progress.failed,
        assignments: progress.states,
      },
      created_at: operation.created_at.toISOString(),
      ends_at: operation.ends_at.toISOString(),
      ...(operation.stopped_at && { stopped_at: operation.stopped_at.toISOString() }),
    };
  }
}

export class AssignmentDto {
  @ApiProperty()
  probe_id: string;

  @ApiProperty({ enum: ASSIGNMENT_STATES })
  state: AssignmentState;

  @ApiPropertyOptional({ description: 'Why it was refused or has expired.' })
  reason?: string;

  @ApiProperty({ type: 'integer' })
  due: number;

  @ApiProperty({ type: 'integer' })
  received: number;

  @ApiProperty({ type: 'integer' })
  failed: number;

  @ApiPropertyOptional({ format: 'date-time' })
  delivered_at?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  acknowledged_at?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  ended_at?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  last_result_at?: string;

  static from(assignment: AssignmentEntity): AssignmentDto {
    const { probe, state, reason, due, received, failed } = assignment;
    const { delivered_at, acknowledged_at, ended_at, last_result_at } = assignment;
    return {
      probe_id: probe.toHexString(),
      state,
      ...(reason !== undefined && { reason }),
      due,
      received,
      failed,
      ...(delivered_at && { delivered_at: delivered_at.toISOString() }),
      ...(acknowledged_at && { acknowledged_at: acknowledged_at.toISOString() }),
      ...(ended_at && { ended_at: ended_at.toISOString() }),
      ...(last_result_at && { last_result_at: last_result_at.toISOString() }),
    };
  }
}
