import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { parseId } from '../../platform/database/object-id.js';
import { ApiId } from '../../platform/http/ids.js';
import { ApiPage, decodeTimedCursor, type Page, PageQuery, pageOf } from '../../platform/http/pages.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { CurrentUser, ForReaders } from '../../platform/http/permissions.js';
import { type UserEntity } from '../../core/users/index.js';
import { ProbeSessionDto } from './dto/probe-session.dto.js';
import { PresenceService } from '../../core/presence/index.js';
import { ProbesService } from '../../core/probes/index.js';

@ApiTags('probes')
@ApiBearerAuth()
@ForReaders('read')
@Controller('api/v1/probes')
export class SessionsController {
  constructor(
    private readonly probes: ProbesService,
    private readonly presence: PresenceService,
  ) {}

  @Get(':id/sessions')
  @ApiOperation({
    summary: 'The connections of a probe, newest first',
    description: 'Each is kept for 400 days after its end.',
  })
  @ApiId('probe')
  @ApiPage(ProbeSessionDto, 'A page of connections.')
  @ApiProblems(400, 401, 404)
  async list(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Query() query: PageQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<ProbeSessionDto>> {
    const { _id } = await this.probes.get(parseId(id));
    const sessions = await this.presence.sessionsOf(_id, query.limit + 1, decodeTimedCursor(query.cursor));
    const now = new Date();
    return pageOf(
      { request, response },
      query,
      sessions,
      (session) => ProbeSessionDto.from(session, now, user.is_superuser),
      (session) => ({ _id: session._id, at: session.from }),
    );
  }
}
