import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { parseId } from '../../platform/database/object-id.js';
import { ApiId } from '../../platform/http/ids.js';
import { ApiPage, decodeCursor, type Page, pageOf } from '../../platform/http/pages.js';
import {
  ApiIdempotencyKey,
  ApiIfMatch,
  ETAG,
  idempotencyKey,
  LOCATION,
  revisionsIfGiven,
  revisionsIn,
  setEtag,
} from '../../platform/http/preconditions.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { CurrentUser, ForOwners, ForReaders, ForUsers } from '../../platform/http/permissions.js';
import { type UserEntity } from '../../core/users/index.js';
import { ProbeDto, ProbeWithTokenDto } from './dto/probe.dto.js';
import { CreateProbeDto, UpdateProbeDto } from './dto/probe-request.dto.js';
import { filterOf, ProbesQuery } from './dto/probes-query.dto.js';
import { TokenRevocationService } from '../../core/presence/index.js';
import { ProbesService } from '../../core/probes/index.js';

@ApiTags('probes')
@ApiBearerAuth()
@ForUsers('probes')
@Controller('api/v1/probes')
export class ProbesController {
  constructor(
    private readonly probes: ProbesService,
    private readonly revocation: TokenRevocationService,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Register a probe' })
  @ApiIdempotencyKey('The same key gives the probe made first.')
  @ApiCreatedResponse({ type: ProbeWithTokenDto, headers: { ...LOCATION, ...ETAG } })
  @ApiProblems(400, 401, 403, 409, 413, 422)
  async register(
    @CurrentUser() user: UserEntity,
    @Body() body: CreateProbeDto,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ProbeWithTokenDto> {
    const probe = await this.probes.register(user, body, idempotencyKey(key));
    response.setHeader('Location', `/api/v1/probes/${probe._id.toHexString()}`);
    setEtag(response, probe.revision);
    return ProbeWithTokenDto.withToken(probe, this.probes);
  }

  @Get()
  @ForReaders('read')
  @ApiOperation({
    summary: 'Probes, in order of creation',
    description:
      'Those that meet everything that is asked. The same can be asked of the probes of an operation (`select`).',
  })
  @ApiPage(ProbeDto, 'A page of probes.')
  @ApiProblems(400, 401)
  async list(
    @CurrentUser() user: UserEntity,
    @Query() query: ProbesQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<ProbeDto>> {
    const filter = { ...filterOf(query), owner: query.mine === true ? user._id : undefined };
    const page = { limit: query.limit + 1, after: decodeCursor(query.cursor)?._id };
    const probes = await this.probes.list(filter, page);
    return pageOf(
      { request, response },
      query,
      probes,
      (probe) => ProbeDto.from(probe, this.probes),
      ({ _id }) => ({ _id }),
    );
  }

  @Get(':id')
  @ForReaders('read')
  @ApiOperation({ summary: 'A probe' })
  @ApiId('probe')
  @ApiOkResponse({ type: ProbeDto, headers: ETAG })
  @ApiProblems(400, 401, 404)
  async get(@Param('id') id: string, @Res({ passthrough: true }) response: Response): Promise<ProbeDto> {
    const probe = await this.probes.get(parseId(id));
    setEtag(response, probe.revision);
    return ProbeDto.from(probe, this.probes);
  }

  @Patch(':id')
  @ForOwners('owner or superuser')
  @ApiOperation({
    summary: 'Change name, tags, location or network of your probe; superusers: of any probe',
  })
  @ApiId('probe')
  @ApiIfMatch()
  @ApiOkResponse({ type: ProbeDto, headers: ETAG })
  @ApiProblems(400, 401, 403, 404, 412, 413, 428)
  async update(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() changes: UpdateProbeDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ProbeDto> {
    const probe = await this.probes.update(parseId(id), user, revisionsIn(ifMatch), changes);
    setEtag(response, probe.revision);
    return ProbeDto.from(probe, this.probes);
  }

  @Post(':id/token')
  @ForOwners('owner or superuser')
  @HttpCode(200)
  @ApiOperation({ summary: 'Revoke the tokens of your probe and get a new one; superusers: of any probe' })
  @ApiId('probe')
  @ApiIfMatch('optional')
  @ApiOkResponse({ type: ProbeWithTokenDto, headers: ETAG })
  @ApiProblems(400, 401, 403, 404, 409, 412, 413)
  async renewToken(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ProbeWithTokenDto> {
    const probe = await this.revocation.revoke(parseId(id), user, revisionsIfGiven(ifMatch));
    setEtag(response, probe.revision);
    return ProbeWithTokenDto.withToken(probe, this.probes);
  }
}
