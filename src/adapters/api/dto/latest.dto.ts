import { ApiExtraModels, ApiProperty, getSchemaPath, OmitType } from '@nestjs/swagger';
import { type LatestEntity } from '../../../derived/latest/index.js';
import { type KindName } from '../../../measurement/kinds/index.js';
import { idSchema } from '../../../platform/http/ids.js';
import { summarySchema } from '../schema-names.js';
import { FailureDto } from './result.dto.js';
import { ResultsQuery } from './results-query.dto.js';
import { Mine, OfKind } from './results-conditions.js';

/** Which of the newest results. */
export class LatestQuery extends OmitType(ResultsQuery, ['order', 'view', 'format'] as const) {}

export class LatestOfTargetQuery extends LatestQuery {
  @OfKind()
  kind?: KindName;

  @Mine()
  mine?: boolean;
}

@ApiExtraModels(FailureDto)
export class LatestDto {
  @ApiProperty(idSchema('operation'))
  operation_id: string;

  @ApiProperty(idSchema('probe'))
  probe_id: string;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description:
      'As asked for, or the address that was measured where a probe tells no more; null: a failed run.',
    example: 'www.example.org',
  })
  destination: string | null;

  @ApiProperty(idSchema('result'))
  result_id: string;

  @ApiProperty({ enum: ['stored', 'failed'] })
  outcome: 'stored' | 'failed';

  @ApiProperty({ format: 'date-time', description: "When it was stored, by the platform's clock." })
  received_at: string;

  @ApiProperty({ type: 'string', nullable: true, format: 'date-time', description: 'When the run was due.' })
  scheduled_at: string | null;

  @ApiProperty({
    nullable: true,
    oneOf: [summarySchema(), { type: 'null' }],
    description: 'Figures of this destination, by the kind of the operation; null: a failed run.',
  })
  summary: object | null;

  @ApiProperty({ oneOf: [{ $ref: getSchemaPath(FailureDto) }, { type: 'null' }] })
  failure: FailureDto | null;

  static from(latest: LatestEntity): LatestDto {
    return {
      operation_id: latest.operation.toHexString(),
      probe_id: latest.probe.toHexString(),
      destination: latest.destination,
      result_id: latest.result.toHexString(),
      outcome: latest.outcome,
      received_at: latest.received_at.toISOString(),
      scheduled_at: latest.scheduled_at?.toISOString() ?? null,
      summary: latest.summary?.[0] ?? null,
      failure: latest.failure ?? null,
    };
  }
}
