import { Controller, Get, Headers, Param, Query, Res, type StreamableFile } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiPropertyOptional,
  ApiTags,
} from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { type Response } from 'express';
import { OperationsService } from '../../core/operations/index.js';
import { POSITION } from '../../core/ingest/index.js';
import { AccessWatch, type UserEntity } from '../../core/users/index.js';
import { parseId } from '../../platform/database/object-id.js';
import { ApiId } from '../../platform/http/ids.js';
import { cutOff } from '../../platform/http/patience.js';
import { CurrentUser, ForReaders } from '../../platform/http/permissions.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { streamed } from '../../platform/http/streamed.js';
import { Optional } from '../../platform/validation/optional.js';
import { cutOffText, EventStream } from './event-stream.js';
import { ACCESS_OVER } from './live.events.js';

class EventsQuery {
  @ApiPropertyOptional({
    pattern: POSITION.source,
    description: 'The `id` of an event: what follows it comes first. `Last-Event-ID` goes before.',
  })
  @Optional()
  @Matches(POSITION, { message: 'must be the `id` of an event' })
  since?: string;
}

@ApiTags('operations')
@ApiBearerAuth()
@ForReaders('read')
@Controller('api/v1/operations')
export class LiveController {
  constructor(
    private readonly stream: EventStream,
    private readonly operations: OperationsService,
    private readonly access: AccessWatch,
  ) {}

  @Get(':id/events')
  @ApiOperation({
    summary: 'What happens to an operation, live',
    description:
      'Server-sent events `result`, `assignment`, `change`, and `heartbeat` every 15 s. Who comes back with the last `id` gets each result once, none left out, at any server; where these are not kept, `lost` says so. It does not end by itself.',
  })
  @ApiId('operation')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Sent by browsers that come back.' })
  @ApiOkResponse({
    description: 'The events, until you hang up.',
    content: { 'text/event-stream': { schema: { type: 'string' } } },
  })
  @ApiProblems(400, 401, 404)
  async events(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Query() { since }: EventsQuery,
    @Headers('last-event-id') last: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    const operation = await this.operations.get(parseId(id), user);
    // no proxy between may keep events back
    response.setHeader('Cache-Control', 'no-cache, no-transform');
    response.setHeader('X-Accel-Buffering', 'no');
    const cut = (lastWords: string) => {
      cutOff(answer, response, lastWords);
    };
    const answer = streamed((gone) => this.stream.read({ operation, since: last ?? since, gone, cut }), {
      type: 'text/event-stream',
    });
    response.once(
      'close',
      this.access.watch(user, () => {
        cut(cutOffText(ACCESS_OVER));
      }),
    );
    return answer;
  }
}
