import { ApiProperty } from '@nestjs/swagger';
import { type Activity, ACTIVITY_MINUTES, type ActivityEntity } from '../../../derived/activity/index.js';

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

export class StatsDto {
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

  static from({ results, behind, minutes }: Activity): StatsDto {
    return { results, behind, minutes: minutes.map((minute) => MinuteDto.from(minute)) };
  }
}
