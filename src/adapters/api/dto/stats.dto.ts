import { ApiProperty } from '@nestjs/swagger';
import {
  type Activity,
  ACTIVITY_MINUTES,
  type ActivityEntity,
  type OwnReport,
  type PlatformReport,
} from '../../../derived/activity/index.js';

class MinuteDto {
  @ApiProperty({ format: 'date-time', description: 'Its begin.' })
  from: string;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Runs that brought something back.' })
  stored: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Runs that failed.' })
  failed: number;

  static from({ minute, stored, failed }: ActivityEntity): MinuteDto {
    return { from: minute.toISOString(), stored, failed };
  }
}

class BehindDto {
  @ApiProperty({ type: 'integer', minimum: 0, description: 'Runs that are not in `minutes` yet.' })
  results: number;

  @ApiProperty({
    type: 'number',
    minimum: 0,
    description: 'Seconds since the oldest of them became durable.',
  })
  seconds: number;
}

class ProbeTotalsDto {
  @ApiProperty({ type: 'integer', minimum: 0 })
  registered: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'At any server.' })
  connected: number;
}

class BacklogDto {
  @ApiProperty({ type: 'integer', minimum: 0 })
  results: number;

  @ApiProperty({ type: 'integer', minimum: 0 })
  bytes: number;
}

/** Figures of now, made anew every 10 s. */
export class OwnStatsDto implements OwnReport {
  @ApiProperty({ format: 'date-time', description: 'When these figures were made.' })
  at: string;

  @ApiProperty({ type: ProbeTotalsDto })
  probes: ProbeTotalsDto;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'Operations of which a probe has still something to do.',
  })
  operations_running: number;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'Runs of the last full minute that brought something back.',
  })
  results_per_minute: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Runs of the last full minute that failed.' })
  failed_per_minute: number;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    minimum: 0,
    description:
      'Runs that were due in an hour until two minutes ago, and of which neither a result nor a failure came, whatever the reason: `coverage` of an operation tells it. Counted each minute; null: not yet.',
  })
  missing_last_hour: number | null;

  @ApiProperty({
    type: BacklogDto,
    description:
      'What connected native probes keep and have not brought yet, as they said last (each minute).',
  })
  backlog: BacklogDto;

  static of(report: OwnReport): OwnReport {
    const { at, probes, operations_running, backlog } = report;
    const { results_per_minute, failed_per_minute, missing_last_hour } = report;
    return {
      at,
      probes,
      operations_running,
      results_per_minute,
      failed_per_minute,
      missing_last_hour,
      backlog,
    };
  }
}

export class StatsDto extends OwnStatsDto {
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'Runs accounted for since the platform began, those that failed too.',
  })
  results: number;

  @ApiProperty({ type: BehindDto })
  behind: BehindDto;

  @ApiProperty({
    type: [MinuteDto],
    minItems: ACTIVITY_MINUTES,
    maxItems: ACTIVITY_MINUTES,
    description: 'What all servers took in during the last full minutes, oldest first, by `received_at`.',
  })
  minutes: MinuteDto[];

  static from({ results, behind, minutes }: Activity, report: PlatformReport): StatsDto {
    return {
      ...OwnStatsDto.of(report),
      results,
      behind,
      minutes: minutes.map((minute) => MinuteDto.from(minute)),
    };
  }
}
