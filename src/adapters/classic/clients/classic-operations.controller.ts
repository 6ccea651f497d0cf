import { Body, Controller, Get, Post, Query, Res, type StreamableFile } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { type Response } from 'express';
import { parseId } from '../../../platform/database/object-id.js';
import { PlatformClock } from '../../../platform/database/platform-clock.js';
import { idSchema } from '../../../platform/http/ids.js';
import { ApiProblems } from '../../../platform/http/problems.decorator.js';
import { ForUsersAhead } from '../../../platform/http/confirmed-answers.js';
import { CurrentUser, ForUsers, Public } from '../../../platform/http/permissions.js';
import { type KindName } from '../../../measurement/kinds/index.js';
import {
  ListedOperationsService,
  type OperationRequest,
  OperationCreationService,
} from '../../../core/operations/index.js';
import { readingOf } from '../../../measurement/params/reading.js';
import { parseClassicTimes } from '../../../measurement/schedule/classic-times.js';
import { type UserEntity } from '../../../core/users/index.js';
import { ClassicListings } from './classic-listings.js';
import { inClassicFields } from './classic-fields.js';
import { classicOperation } from './classic.presenter.js';
import {
  ClassicCreateOperationDto,
  ClassicOperationDto,
  ClassicOperationSummaryDto,
} from './dto/classic.dto.js';

const CREATE_PROBLEMS = [400, 401, 404, 413, 429];

@ApiTags('classic')
@Controller()
export class ClassicOperationsController {
  constructor(
    private readonly operations: ListedOperationsService,
    private readonly creation: OperationCreationService,
    private readonly listings: ClassicListings,
    private readonly clock: PlatformClock,
  ) {}

  @Post('traceroute')
  @ForUsersAhead('measure')
  @ApiSecurity('access_token')
  @ApiOperation({ summary: 'Schedule traceroutes on available probes' })
  @ApiCreatedResponse({ type: ClassicOperationDto })
  @ApiProblems(...CREATE_PROBLEMS)
  async traceroute(@CurrentUser() user: UserEntity, @Body() body: ClassicCreateOperationDto) {
    return this.create(user, 'traceroute', body);
  }

  @Post('ping')
  @ForUsersAhead('measure')
  @ApiSecurity('access_token')
  @ApiOperation({ summary: 'Schedule pings on available probes' })
  @ApiCreatedResponse({ type: ClassicOperationDto })
  @ApiProblems(...CREATE_PROBLEMS)
  async ping(@CurrentUser() user: UserEntity, @Body() body: ClassicCreateOperationDto) {
    return this.create(user, 'ping', body);
  }

  @Post('dns')
  @ForUsersAhead('measure')
  @ApiSecurity('access_token')
  @ApiOperation({ summary: 'Schedule DNS lookups on available probes' })
  @ApiCreatedResponse({ type: ClassicOperationDto })
  @ApiProblems(...CREATE_PROBLEMS)
  async dns(@CurrentUser() user: UserEntity, @Body() body: ClassicCreateOperationDto) {
    return this.create(user, 'dns', body);
  }

  @Get('operation')
  @Public()
  @ApiOperation({ summary: 'An operation with its results' })
  @ApiQuery({ name: 'id', schema: idSchema('operation') })
  @ApiOkResponse({ type: ClassicOperationDto })
  @ApiProblems(404)
  async get(
    @Query('id') id: unknown,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string | StreamableFile> {
    return this.listings.one(await this.operations.getPublic(parseId(id)), response);
  }

  @Get('operations/me')
  @ForUsers('read')
  @ApiSecurity('access_token')
  @ApiOperation({ summary: 'Your operations with their results' })
  @ApiOkResponse({ type: [ClassicOperationDto] })
  @ApiProblems(401)
  async listOwn(
    @CurrentUser() user: UserEntity,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string | StreamableFile> {
    return this.listings.all({ owner: user._id, measuredHere: true }, true, response);
  }

  @Get('operations')
  @ForUsers('read')
  @ApiSecurity('access_token')
  @ApiOperation({ summary: 'All operations, without results' })
  @ApiOkResponse({ type: [ClassicOperationSummaryDto] })
  @ApiProblems(401)
  async list(
    @CurrentUser() user: UserEntity,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string | StreamableFile> {
    return this.listings.all({ visibleTo: user._id, measuredHere: true }, false, response);
  }

  private async create(
    user: UserEntity,
    kind: KindName,
    { probes: ids, params, result_format }: ClassicCreateOperationDto,
  ): Promise<ClassicOperationDto> {
    const request: OperationRequest = {
      kind,
      params,
      unknownParams: 'ignore',
      schedule: readingOf(() => parseClassicTimes(params, this.clock.now())),
      resultFormat: result_format ?? undefined,
      probes: ids.map(parseId),
      availability: 'now',
      visibility: 'public',
    };
    const { operation, probes } = await inClassicFields(() => this.creation.create(user, request));
    return { ...classicOperation(operation, probes), results: [] };
  }
}
