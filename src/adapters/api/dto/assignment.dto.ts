import { ApiProperty } from '@nestjs/swagger';
import { idSchema } from '../../../platform/http/ids.js';
import {
  ASSIGNMENT_STATES,
  type AssignmentEntity,
  type AssignmentState,
} from '../../../core/assignments/index.js';

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

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'As the probe is called; null: it has no name.',
  })
  probe_name: string | null;

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

  /** @param probeName of its probe; undefined: it has none, or is gone */
  static from(assignment: AssignmentEntity, probeName: string | undefined): AssignmentDto {
    const { probe, state, reason, due, received, failed, extra = 0, earlier = [] } = assignment;
    const { created_at, delivered_at, acknowledged_at, ended_at, last_result_at } = assignment;
    const times = [created_at, delivered_at, acknowledged_at, ended_at, last_result_at];
    const updated = Math.max(...times.map((time) => time?.getTime() ?? 0));
    return {
      probe_id: probe.toHexString(),
      probe_name: probeName ?? null,
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
