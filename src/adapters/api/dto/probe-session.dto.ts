import { ApiProperty } from '@nestjs/swagger';
import { type SessionEntity } from '../../../core/presence/index.js';

export class ProbeSessionDto {
  @ApiProperty({ enum: ['classic', 'native', 'globalping'] })
  protocol: string;

  @ApiProperty({
    type: 'string',
    nullable: true,
    example: '1.4.0',
    description: 'Of the program of the probe, as it said when it connected; null where it did not say.',
  })
  version: string | null;

  @ApiProperty({ format: 'date-time' })
  from: string;

  @ApiProperty({ type: 'string', nullable: true, format: 'date-time', description: 'null while it stands.' })
  to: string | null;

  @ApiProperty({ minimum: 0, description: 'Seconds from `from` to `to`, or until now.' })
  duration_s: number;

  @ApiProperty({
    type: 'string',
    nullable: true,
    example: 'ping timeout',
    description:
      'Why it ended: `taken over` (by a newer connection), `server stopped`, `server died`, `lost` (it was let in, and no socket came of it), or what Socket.IO says of a socket; null while it stands.',
  })
  reason: string | null;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'The server that had its socket; shown to superusers, null to others.',
  })
  server: string | null;

  /** @param inside whether the reader may know how the platform is made */
  static from(
    { protocol, version, from, to, reason, server }: SessionEntity,
    now: Date,
    inside: boolean,
  ): ProbeSessionDto {
    return {
      protocol,
      version: version ?? null,
      from: from.toISOString(),
      to: to?.toISOString() ?? null,
      // the clocks of two servers may differ
      duration_s: Math.max(0, (to ?? now).getTime() - from.getTime()) / 1_000,
      reason: reason ?? null,
      server: inside ? server : null,
    };
  }
}
