import { ApiProperty } from '@nestjs/swagger';
import { idSchema } from '../../../platform/http/ids.js';
import {
  type Amounts,
  type HoldEntity,
  METERED_BOUNDS,
  shown,
  type TargetUse,
  type Usage,
} from '../../../core/quotas/index.js';

/** One bound, as it is for the one who asks. */
export class UsageDto {
  @ApiProperty({
    enum: METERED_BOUNDS,
    description:
      '`user_operations`: created in the last 24 hours. `user_running`: running now. `user_results`: called for in 24 hours by operations that run or ended less than 24 hours ago. `target_probes`, `target_packets`: probes, and their packets a second.',
    example: 'user_operations',
  })
  bound: string;

  @ApiProperty({
    type: 'number',
    nullable: true,
    minimum: 0,
    description: 'What the bound allows; null: there is no bound.',
    example: 10_000,
  })
  limit: number | null;

  @ApiProperty({ type: 'number', minimum: 0, description: 'What is used of it.', example: 12 })
  used: number;

  @ApiProperty({
    type: 'string',
    format: 'date-time',
    nullable: true,
    description: 'When there is room for one more; null: there is now.',
  })
  free_at: string | null;

  static from({ bound, limit, used, freeAt }: Usage): UsageDto {
    return {
      bound,
      limit: limit === undefined ? null : shown(bound, limit),
      used: shown(bound, used),
      free_at: freeAt?.toISOString() ?? null,
    };
  }
}

export class OwnLimitsDto {
  @ApiProperty({ type: [UsageDto] })
  limits: UsageDto[];

  static from(usages: readonly Usage[]): OwnLimitsDto {
    return { limits: usages.map((usage) => UsageDto.from(usage)) };
  }
}

export class StrikingOperationDto {
  @ApiProperty(idSchema('operation'))
  operation_id: string;

  @ApiProperty({ type: 'integer', minimum: 0 })
  probes: number;

  @ApiProperty({ type: 'number', minimum: 0, description: 'At its busiest, as it is counted.' })
  packets_per_s: number;

  @ApiProperty({ format: 'date-time', description: 'Until when it counts, unless it is over before.' })
  until: string;

  static from({ operation, amounts, until }: Omit<HoldEntity, 'meters'>): StrikingOperationDto {
    return {
      operation_id: operation.toHexString(),
      probes: amounts.target_probes ?? 0,
      packets_per_s: shown('target_packets', amounts.target_packets ?? 0),
      until: until.toISOString(),
    };
  }
}

export class TargetDto {
  @ApiProperty({
    description: 'As it is counted: an address in its canonical form (RFC 5952), or a name in lower case.',
    example: '2001:db8::1',
  })
  target: string;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Live operations that strike it.' })
  operations: number;

  @ApiProperty({ type: [UsageDto] })
  limits: UsageDto[];

  @ApiProperty({
    type: [StrikingOperationDto],
    description: 'Those with the most packets a second, first; 100 at the most.',
  })
  strongest: StrikingOperationDto[];

  static from(target: string, { operations, usage, strongest }: TargetUse): TargetDto {
    return {
      target,
      operations,
      limits: usage.map((each) => UsageDto.from(each)),
      strongest: strongest.map((hold) => StrikingOperationDto.from(hold)),
    };
  }
}

export class BusyTargetDto {
  @ApiProperty({ description: 'As it is counted: an address, or a name.', example: '192.0.2.1' })
  target: string;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'Live operations that strike it.' })
  operations: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Probes that strike it, of all of them.' })
  probes: number;

  @ApiProperty({ type: 'number', minimum: 0, description: 'At its busiest, as it is counted.' })
  packets_per_s: number;
}

export class BusyTargetsDto {
  @ApiProperty({ type: [BusyTargetDto], description: '50 at the most.' })
  items: BusyTargetDto[];

  static from(targets: readonly { target: string; operations: number; amounts: Amounts }[]): BusyTargetsDto {
    return {
      items: targets.map(({ target, operations, amounts }) => ({
        target,
        operations,
        probes: amounts.target_probes ?? 0,
        packets_per_s: shown('target_packets', amounts.target_packets ?? 0),
      })),
    };
  }
}
