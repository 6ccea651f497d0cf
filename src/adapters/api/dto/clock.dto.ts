import { ApiProperty } from '@nestjs/swagger';
import { type ClockEstimate } from '../../../core/probes/index.js';

/** What a probe knew of its clock: docs/protocol.md, "Clocks". */
export class ClockDto implements ClockEstimate {
  @ApiProperty({
    type: 'number',
    nullable: true,
    description: 'Milliseconds of the true time, as the platform knows it, minus the probe’s; null: unknown.',
  })
  offset_ms: number | null;

  @ApiProperty({
    type: 'number',
    minimum: 0,
    nullable: true,
    description: 'How wrong that may be, either way.',
  })
  error_ms: number | null;

  @ApiProperty({
    enum: ['ntp', 'socket', 'none'],
    description: 'ntp: a time server; socket: time stamps over the connection to this server.',
  })
  source: 'ntp' | 'socket' | 'none';

  @ApiProperty({ type: 'number', minimum: 0, nullable: true, description: 'Seconds since the comparison.' })
  age_s: number | null;

  @ApiProperty({
    type: 'integer',
    minimum: 1,
    maximum: 15,
    nullable: true,
    description: 'Stratum of the time server; null where none was asked, or the probe does not say.',
  })
  stratum: number | null;

  static from(estimate: ClockEstimate): ClockDto {
    return Object.assign(new ClockDto(), { ...estimate, stratum: estimate.stratum ?? null });
  }
}
