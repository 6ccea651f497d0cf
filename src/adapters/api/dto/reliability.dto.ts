import { ApiProperty } from '@nestjs/swagger';
import { type Reliability, type WindowFigures } from '../../../core/probes/index.js';

const share = { minimum: 0, maximum: 1 } as const;
const count = { type: 'integer', minimum: 0 } as const;

/** docs/protocol.md, "Reliability of a probe". */
export class WindowDto {
  @ApiProperty({
    format: 'date-time',
    description:
      'Since when the uptime is measured: the begin of the window, or the registration; later for a probe with over 20,000 connections.',
  })
  from: string;

  @ApiProperty({
    ...share,
    type: 'number',
    nullable: true,
    example: 0.98,
    description:
      'Share of the time in which it was connected, without the time in which the platform was away; null where there is nothing to measure.',
  })
  uptime: number | null;

  @ApiProperty({
    ...count,
    description:
      'Runs that were its to do: not those that were stopped, refused, or may still be under way, nor those that failed for what was asked.',
  })
  due: number;

  @ApiProperty({ ...count, description: 'Those of them of which a result is stored.' })
  came: number;

  @ApiProperty({
    ...share,
    type: 'number',
    nullable: true,
    example: 0.97,
    description: '`came` / `due`; null where none was due.',
  })
  share: number | null;

  static from({ from, uptime, due, came, share: kept }: WindowFigures): WindowDto {
    return { from: from.toISOString(), uptime: uptime ?? null, due, came, share: kept ?? null };
  }
}

export class ReliabilityDto {
  @ApiProperty({ format: 'date-time', description: 'When this was worked out: every few minutes.' })
  at: string;

  @ApiProperty({ type: WindowDto, description: 'The 24 hours before `at`.' })
  day: WindowDto;

  @ApiProperty({ type: WindowDto, description: 'The 7 days before `at`.' })
  week: WindowDto;

  @ApiProperty({ type: WindowDto, description: 'The 30 days before `at`.' })
  month: WindowDto;

  static from({ at, day, week, month }: Reliability): ReliabilityDto {
    return {
      at: at.toISOString(),
      day: WindowDto.from(day),
      week: WindowDto.from(week),
      month: WindowDto.from(month),
    };
  }
}
