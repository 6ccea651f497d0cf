import { Controller, Get, Req, Res } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { within } from '../../platform/batching/within.js';
import { PlatformBus } from '../../platform/bus/platform-bus.js';
import { DatabaseService } from '../../platform/database/database.service.js';
import { ApiProblem, ApiProblems } from '../../platform/http/problems.decorator.js';
import { Public } from '../../platform/http/permissions.js';
import { type ServerClock, ServerClockService } from '../../platform/clock/server-clock.service.js';
import { ResultsTail, type TailLag } from '../../core/ingest/index.js';
import { MetricsAccess } from './metrics-access.js';
import { MetricsService } from './metrics.service.js';

/** A database that hangs is no database. */
const ANSWER_MS = 2000;

export class LiveDto {
  @ApiProperty({ enum: ['ok'] })
  status: 'ok';
}

class ServerClockDto implements ServerClock {
  @ApiProperty({
    type: 'number',
    nullable: true,
    description: 'Milliseconds of the time server’s clock minus this one; null: unknown.',
  })
  offset_ms: number | null;

  @ApiProperty({ type: 'number', minimum: 0, nullable: true, description: 'How wrong that may be.' })
  error_ms: number | null;

  @ApiProperty({
    enum: ['ntp', 'none'],
    description: 'none: there is no NTP_SERVER, or it has given no time.',
  })
  source: 'ntp' | 'none';

  @ApiProperty({ type: 'number', minimum: 0, nullable: true, description: 'Seconds since the comparison.' })
  age_s: number | null;

  @ApiProperty({
    type: 'integer',
    minimum: 1,
    maximum: 15,
    nullable: true,
    description: 'Of the time server.',
  })
  stratum: number | null;

  @ApiPropertyOptional({ description: 'What somebody should look after; the server works all the same.' })
  warning?: string;
}

class TailLagDto implements TailLag {
  @ApiProperty({ description: 'What reads the results tail.', example: 'activity' })
  consumer: string;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Results that it has not done yet.' })
  results: number;

  @ApiProperty({
    type: 'number',
    minimum: 0,
    description: 'Seconds since the oldest of them became durable.',
  })
  seconds: number;
}

export class ReadyDto {
  @ApiProperty({
    enum: ['ok', 'degraded', 'unavailable'],
    description:
      'degraded: it does its own work, also for other servers, but does not hear from them what happens now.',
  })
  status: 'ok' | 'degraded' | 'unavailable';

  @ApiProperty({ enum: ['ok', 'unavailable'] })
  database: 'ok' | 'unavailable';

  @ApiPropertyOptional({ minimum: 0, description: 'Milliseconds of a round trip to the database.' })
  database_ms?: number;

  @ApiPropertyOptional({
    type: [TailLagDto],
    description: 'How far derived data is behind the results, over all servers.',
  })
  tail?: TailLagDto[];

  @ApiProperty({ type: ServerClockDto, description: 'How far this server’s own clock is off.' })
  clock: ServerClockDto;
  @ApiPropertyOptional({ enum: ['ok', 'unavailable'], description: 'Absent without REDIS_URL.' })
  redis?: 'ok' | 'unavailable';
}

@ApiTags('operation of the server')
@ApiProblem(500)
@Public()
@Controller()
export class HealthController {
  constructor(
    private readonly database: DatabaseService,
    private readonly metrics: MetricsService,
    private readonly access: MetricsAccess,
    private readonly clock: ServerClockService,
    private readonly bus: PlatformBus,
    private readonly tail: ResultsTail,
  ) {}

  @Get('health/live')
  @ApiOperation({ summary: 'The process answers' })
  @ApiOkResponse({ type: LiveDto })
  live(): LiveDto {
    return { status: 'ok' };
  }

  @Get('health/ready')
  @ApiOperation({ summary: 'The server can do its work' })
  @ApiOkResponse({ type: ReadyDto })
  @ApiResponse({ status: 503, type: ReadyDto, description: 'It cannot: see which part.' })
  async ready(@Res({ passthrough: true }) response: Response): Promise<ReadyDto> {
    const parts = { clock: this.clock.now(), ...this.redis() };
    try {
      const [pingMs, tail] = await within(
        ANSWER_MS,
        'the database does not answer',
        Promise.all([this.database.ping(), this.tail.lags()]),
      );
      const database_ms = Math.round(pingMs * 100) / 100;
      // without Redis the server is worth asking all the same
      const status = parts.redis === 'unavailable' ? 'degraded' : 'ok';
      return { status, database: 'ok', database_ms, tail, ...parts };
    } catch {
      response.status(503);
      return { status: 'unavailable', database: 'unavailable', ...parts };
    }
  }

  @Get('metrics')
  @ApiOperation({
    summary: 'Metrics for Prometheus',
    description:
      'In private networks; with METRICS_TOKEN set, for those who send it (`Authorization: Bearer ...`).',
  })
  @ApiOkResponse({
    description: 'The text format of Prometheus.',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  @ApiProblems(401, 404)
  async prometheus(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<string> {
    this.access.demand(request);
    response.setHeader('Content-Type', this.metrics.contentType);
    return this.metrics.text();
  }

  private redis(): Pick<ReadyDto, 'redis'> {
    const { state } = this.bus;
    return state === 'off' ? {} : { redis: state === 'up' ? 'ok' : 'unavailable' };
  }
}
