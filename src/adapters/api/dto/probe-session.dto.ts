import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type SessionEntity } from '../../../core/presence/index.js';

export class ProbeSessionDto {
  @ApiProperty({ enum: ['classic', 'native'] })
  protocol: string;

  @ApiProperty({ format: 'date-time' })
  from: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Absent while it stands.' })
  to?: string;

  @ApiProperty({ minimum: 0, description: 'Seconds from `from` to `to`, or until now.' })
  duration_s: number;

  @ApiPropertyOptional({
    example: 'ping timeout',
    description:
      'Why it ended: `taken over` (by a newer connection), `server stopped`, `server died`, `lost` (it was let in, and no socket came of it), or what Socket.IO says of a socket.',
  })
  reason?: string;

  @ApiPropertyOptional({ description: 'The server that had its socket; shown to superusers.' })
  server?: string;

  /** @param inside whether the reader may know how the platform is made */
  static from(
    { protocol, from, to, reason, server }: SessionEntity,
    now: Date,
    inside: boolean,
  ): ProbeSessionDto {
    return {
      protocol,
      from: from.toISOString(),
      ...(to && { to: to.toISOString() }),
      // the clocks of two servers may differ
      duration_s: Math.max(0, (to ?? now).getTime() - from.getTime()) / 1_000,
      ...(reason !== undefined && { reason }),
      ...(inside && { server }),
    };
  }
}
