import { Controller, Logger, type MessageEvent, Param, Req, Sse } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { endWith, ignoreElements, interval, map, merge, type Observable, share, takeUntil, tap } from 'rxjs';
import { parseId } from '../../common/database/object-id.js';
import { ApiId } from '../../common/http/ids.js';
import { ApiProblems } from '../../common/http/problems.decorator.js';
import { LimitHits } from '../../common/limits/limit-hits.js';
import { CurrentUser, ForUsers } from '../auth/permissions.js';
import { OperationsService } from '../operations/operations.service.js';
import { type UserEntity } from '../users/user.schema.js';
import { MAX_BEHIND } from './keeping-up.js';
import { type LiveEvent } from './live.events.js';
import { LiveService } from './live.service.js';

/** So that proxies do not take a quiet operation for a dead connection. */
const HEARTBEAT_MS = 15_000;

@ApiTags('operations')
@ApiBearerAuth()
@ForUsers()
@Controller('api/v1/operations')
export class LiveController {
  private readonly logger = new Logger('live');

  constructor(
    private readonly live: LiveService,
    private readonly operations: OperationsService,
    private readonly hits: LimitHits,
  ) {}

  @Sse(':id/events')
  @ApiOperation({
    summary: 'What happens to an operation, live',
    description:
      'Server-sent events `result`, `assignment`, and `heartbeat` every 15 s. It does not end by itself.',
  })
  @ApiId('operation')
  @ApiOkResponse({
    description: 'The events, until you hang up.',
    content: { 'text/event-stream': { schema: { type: 'string' } } },
  })
  @ApiProblems(400, 401, 404)
  async events(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Req() request: Request,
  ): Promise<Observable<MessageEvent>> {
    const operation = await this.operations.get(parseId(id), user._id);
    const events = this.live
      .ofRoom(`operation:${operation._id.toHexString()}`)
      .pipe(tap(this.holding(request.res, user)), share());
    const ended = events.pipe(ignoreElements(), endWith(true));
    const heartbeats = interval(HEARTBEAT_MS).pipe(
      takeUntil(ended),
      map((): MessageEvent => ({ type: 'heartbeat', data: {} })),
    );
    return merge(events.pipe(map(({ name, data }): MessageEvent => ({ type: name, data }))), heartbeats);
  }

  /** What a reader does not take waits in memory, and is bounded. */
  private holding(response: Response | undefined, user: UserEntity): (event: LiveEvent) => void {
    let behind = 0;
    return ({ data }) => {
      behind = response?.writableNeedDrain === true ? behind + JSON.stringify(data).length : 0;
      if (behind <= MAX_BEHIND || response?.destroyed !== false) return;
      this.logger.warn({ user_id: String(user._id) }, 'cut off somebody who takes events too slowly');
      this.hits.note('live_behind');
      response.destroy();
    };
  }
}
