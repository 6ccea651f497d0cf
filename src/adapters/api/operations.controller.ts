import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { type ObjectId, parseId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { ApiId } from '../../platform/http/ids.js';
import {
  ApiPage,
  decodeCursor,
  encodeCursor,
  linkToNext,
  type Page,
  PageQuery,
  pageOf,
} from '../../platform/http/pages.js';
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
import { ForUsersAhead } from '../../platform/http/confirmed-answers.js';
import { CurrentUser, ForOwners, ForReaders, ForUsers } from '../../platform/http/permissions.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { KeptDto, RetentionDto } from './dto/retention.dto.js';
import { SelectionDto } from './dto/selection.dto.js';
import { ProbesService } from '../../core/probes/index.js';
import { type UserEntity } from '../../core/users/index.js';
import { createOperationBody } from './dto/create-operation.body.js';
import { OperationDto, QuoteDto } from './dto/operation.dto.js';
import { AssignmentDto } from './dto/assignment.dto.js';
import { CreateOperationDto, OperationsQuery, UpdateOperationDto } from './dto/operation-request.dto.js';
import { type OperationEntity } from '../../core/assignments/index.js';
import {
  OperationListingService,
  type OperationRequest,
  OperationCreationService,
  OperationsService,
  readerOf,
} from '../../core/operations/index.js';
import { readingOf } from '../../measurement/params/reading.js';
import { parseSchedule } from '../../measurement/schedule/parse-schedule.js';

/** Of one probe so many operations are looked at, the newest. */
const MOST_OF_PROBE = 1_000;

@ApiTags('operations')
@ApiExtraModels(SelectionDto)
@ApiBearerAuth()
@ForUsers('measure')
@Controller('api/v1/operations')
export class OperationsController {
  constructor(
    private readonly operations: OperationsService,
    private readonly creation: OperationCreationService,
    private readonly listing: OperationListingService,
    private readonly probes: ProbesService,
    private readonly clock: PlatformClock,
    @Inject(ENV) private readonly env: Env,
  ) {}

  @Post()
  @ForUsersAhead('measure')
  @ApiOperation({
    summary: 'Schedule a measurement',
    description:
      'On the `probes` that are named, or on those that a rule chooses (`select`). `GET /api/v1/probes` shows which ones match a rule.',
  })
  @ApiIdempotencyKey('The same key gives the operation made first.')
  @ApiBody(createOperationBody())
  @ApiCreatedResponse({ type: OperationDto, headers: { ...LOCATION, ...ETAG } })
  @ApiProblems(400, 401, 403, 404, 409, 413, 422, 429)
  async create(
    @CurrentUser() user: UserEntity,
    @Body() body: CreateOperationDto,
    @Headers('idempotency-key') header: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<OperationDto> {
    const key = idempotencyKey(header);
    const { operation } = await this.creation.create(user, {
      ...this.requestOf(body),
      ...(key !== undefined && { idempotency: { key, request: body } }),
    });
    response.setHeader('Location', `/api/v1/operations/${operation._id.toHexString()}`);
    return this.shown(operation, response);
  }

  @Post('quote')
  @HttpCode(200)
  @ApiOperation({
    summary: 'What a measurement would be, and cost',
    description:
      'Checked as `POST /api/v1/operations` checks it, with the probes that a rule would choose now. Nothing is made, and bounds of users and targets are not asked.',
  })
  @ApiBody(createOperationBody())
  @ApiOkResponse({ type: QuoteDto })
  @ApiProblems(400, 401, 404, 409, 413)
  async quote(@CurrentUser() user: UserEntity, @Body() body: CreateOperationDto): Promise<QuoteDto> {
    return QuoteDto.from(await this.creation.quote(user, this.requestOf(body)), user.credits);
  }

  @Get()
  @ForReaders('read')
  @ApiOperation({ summary: 'Operations, newest first: all public ones and your own; for a superuser all' })
  @ApiPage(OperationDto, 'A page of operations: fewer than `limit` where they are large.')
  @ApiProblems(400, 401)
  async list(
    @CurrentUser() user: UserEntity,
    @Query() query: OperationsQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<OperationDto>> {
    const visible = { visibleTo: readerOf(user) };
    const filter = query.mine === true ? { owner: user._id } : visible;
    const before = decodeCursor(query.cursor)?._id;
    const { kind, tag: tags, number: numbers, search, q: text, state, visibility, limit, probe } = query;
    const ids = probe === undefined ? undefined : await this.idsOfProbe(parseId(probe));
    const asked = { ...filter, ids, kind, tags, numbers, search, text, visibility };
    const page = await this.listing.list(asked, state, limit, before);
    const progress = await this.operations.progressOfAll(page.operations);
    const items = page.operations.flatMap((operation, index) => {
      const own = progress[index];
      return own ? [OperationDto.from(operation, own)] : [];
    });
    const next = page.next === undefined ? null : encodeCursor({ _id: page.next });
    linkToNext({ request, response }, next);
    return { items, next };
  }

  @Get(':id')
  @ForReaders('read')
  @ApiOperation({ summary: 'An operation and how far it is' })
  @ApiId('operation')
  @ApiOkResponse({ type: OperationDto, headers: ETAG })
  @ApiProblems(400, 401, 404)
  async get(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<OperationDto> {
    return this.shown(await this.operations.get(parseId(id), user), response);
  }

  @Patch(':id')
  @ForOwners('owner or superuser')
  @ApiOperation({ summary: 'Change the description or the tags of your operation' })
  @ApiId('operation')
  @ApiIfMatch()
  @ApiOkResponse({ type: OperationDto, headers: ETAG })
  @ApiProblems(400, 401, 403, 404, 412, 413, 428)
  async update(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() labels: UpdateOperationDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<OperationDto> {
    const changed = await this.operations.setLabels(parseId(id), user, revisionsIn(ifMatch), labels);
    return this.shown(changed, response);
  }

  @Post(':id/stop')
  @ForOwners('owner or superuser')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Stop an operation',
    description:
      'Runs that were not due yet are paid back, except on classic probes that have the job: they cannot be told.',
  })
  @ApiId('operation')
  @ApiIfMatch('optional')
  @ApiOkResponse({ type: OperationDto, headers: ETAG })
  @ApiProblems(400, 401, 403, 404, 409, 412, 413)
  async stop(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<OperationDto> {
    return this.shown(await this.operations.stop(parseId(id), user, revisionsIfGiven(ifMatch)), response);
  }

  @Delete(':id')
  @ForOwners('owner or superuser')
  @ApiOperation({
    summary: 'Stop an operation, or leave it as it is when it is over',
    description:
      'What `POST .../stop` does, except that it may be repeated. The operation and its results stay, and can be read.',
  })
  @ApiId('operation')
  @ApiIfMatch('optional')
  @ApiOkResponse({ type: OperationDto, headers: ETAG })
  @ApiProblems(400, 401, 403, 404, 412)
  async end(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<OperationDto> {
    return this.shown(await this.operations.end(parseId(id), user, revisionsIfGiven(ifMatch)), response);
  }

  @Get(':id/retention')
  @ForUsers('read')
  @ApiOperation({ summary: 'For how long data of an operation are kept' })
  @ApiId('operation')
  @ApiOkResponse({ type: KeptDto, headers: ETAG })
  @ApiProblems(400, 401, 404)
  async retention(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<KeptDto> {
    return this.kept(await this.operations.get(parseId(id), user), response);
  }

  @Put(':id/retention')
  @ForOwners('owner or superuser')
  @ApiOperation({
    summary: 'State for how long data of your operation are kept',
    description:
      'In the place of what was stated before. What is older is deleted within minutes, for good; counters, coverage and credits stay as they are.',
  })
  @ApiId('operation')
  @ApiIfMatch()
  @ApiOkResponse({ type: KeptDto, headers: ETAG })
  @ApiProblems(400, 401, 403, 404, 412, 413, 428)
  async setRetention(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: RetentionDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<KeptDto> {
    const stated = RetentionDto.statedIn(body);
    const retention = Object.keys(stated).length > 0 ? stated : undefined;
    return this.kept(
      await this.operations.setRetention(parseId(id), user, revisionsIn(ifMatch), retention),
      response,
    );
  }

  @Get(':id/assignments')
  @ForReaders('read')
  @ApiOperation({ summary: 'What each probe has, and has brought' })
  @ApiId('operation')
  @ApiPage(AssignmentDto, 'A page of assignments, by probe.')
  @ApiProblems(400, 401, 404)
  async assignments(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Query() query: PageQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<AssignmentDto>> {
    const operation = await this.operations.get(parseId(id), user);
    const after = decodeCursor(query.cursor)?._id;
    const found = await this.operations.assignmentsOf(operation, query.limit + 1, after);
    const names = await this.probes.namesOf(found.map(({ probe }) => probe));
    return pageOf(
      { request, response },
      query,
      found,
      (assignment) => AssignmentDto.from(assignment, names.get(assignment.probe.toHexString())),
      ({ probe }) => ({ _id: probe }),
    );
  }

  /** @returns ids of operations that the probe is in; of a probe that is none there are none */
  private async idsOfProbe(probe: ObjectId | undefined): Promise<ObjectId[]> {
    return probe === undefined ? [] : this.operations.idsOfProbes([probe], MOST_OF_PROBE);
  }

  private requestOf({
    kind,
    params,
    schedule,
    probes,
    select,
    visibility,
    retention,
    number,
    description,
    tags,
  }: CreateOperationDto): OperationRequest {
    return {
      kind,
      ...{ number, description, tags },
      params,
      unknownParams: 'refuse',
      schedule: readingOf(() => parseSchedule(schedule, this.clock.now())),
      probes: select ?? (probes ?? []).map(parseId),
      availability: 'whenever',
      visibility: visibility ?? 'public',
      retention: retention && RetentionDto.statedIn(retention),
    };
  }

  private kept(operation: OperationEntity, response: Response): KeptDto {
    setEtag(response, operation.retention_revision ?? 1);
    return KeptDto.from(operation, this.env.retention);
  }

  private async shown(operation: OperationEntity, response: Response): Promise<OperationDto> {
    setEtag(response, operation.revision);
    return OperationDto.from(operation, await this.operations.progressOf(operation));
  }
}
