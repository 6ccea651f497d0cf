import { Controller, type MessageEvent, Param, Sse } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { endWith, ignoreElements, interval, map, merge, type Observable, share, takeUntil } from 'rxjs';
import { parseId } from '../../platform/database/object-id.js';
import { ApiId } from '../../platform/http/ids.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { CurrentUser, ForUsers } from '../../platform/http/permissions.js';
import { OperationsService } from '../../core/operations/index.js';
import { type UserEntity } from '../../core/users/index.js';
import { LiveService } from './live.service.js';

/** So that proxies do not take a quiet operation for a dead connection. */
const HEARTBEAT_MS = 15_000;

@ApiTags('operations')
@ApiBearerAuth()
@ForUsers()
@Controller('api/v1/operations')
export class LiveController {
  constructor(
    private readonly live: LiveService,
    private readonly operations: OperationsService,
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
  async events(@CurrentUser() user: UserEntity, @Param('id') id: string): Promise<Observable<MessageEvent>> {
    const operation = await this.operations.get(parseId(id), user);
    // whoever does not read is cut off by Nest, when 4 MB wait
    const events = this.live.ofRoom(`operation:${operation._id.toHexString()}`).pipe(share());
    const ended = events.pipe(ignoreElements(), endWith(true));
    const heartbeats = interval(HEARTBEAT_MS).pipe(
      takeUntil(ended),
      map((): MessageEvent => ({ type: 'heartbeat', data: {} })),
    );
    return merge(events.pipe(map(({ name, data }): MessageEvent => ({ type: name, data }))), heartbeats);
  }
}
