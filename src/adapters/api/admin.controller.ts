import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { AccountsService } from '../../core/accounts/index.js';
import { AuditService } from '../../core/audit/index.js';
import { LedgerService } from '../../core/ledger/index.js';
import { ProbeSuspensionService } from '../../core/presence/index.js';
import { ProbesService } from '../../core/probes/index.js';
import { ServersService } from '../../core/servers/index.js';
import { type UserEntity } from '../../core/users/index.js';
import { readAppName } from '../../platform/database/app-name.js';
import { parseId } from '../../platform/database/object-id.js';
import { noteChange } from '../../platform/http/audited-change.js';
import { ApiId } from '../../platform/http/ids.js';
import { ApiPage, decodeCursor, decodeTimedCursor, type Page, pageOf } from '../../platform/http/pages.js';
import { CurrentUser, ForSuperusers } from '../../platform/http/permissions.js';
import { ApiIfMatch, ETAG, revisionsIfGiven, setEtag } from '../../platform/http/preconditions.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { LeasesService } from '../../platform/periodic/leases/leases.service.js';
import {
  AdministeredUserDto,
  AuditEntryDto,
  AuditQuery,
  ReasonDto,
  ServersDto,
  TakeDto,
  UsersQuery,
} from './dto/admin.dto.js';
import { ProbeDto } from './dto/probe.dto.js';
import { BalanceDto } from './dto/user.dto.js';

/** What superusers run the platform with. */
@ApiTags('administration')
@ApiBearerAuth()
@ForSuperusers('admin')
@Controller('api/v1')
export class AdminController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly ledger: LedgerService,
    private readonly suspensions: ProbeSuspensionService,
    private readonly probes: ProbesService,
    private readonly servers: ServersService,
    private readonly audit: AuditService,
    private readonly leases: LeasesService,
  ) {}

  @Get('users')
  @ApiOperation({ summary: 'Accounts, in order of creation' })
  @ApiPage(AdministeredUserDto, 'A page of accounts.')
  @ApiProblems(400, 401, 403)
  async users(
    @Query() query: UsersQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<AdministeredUserDto>> {
    const email = query.email?.normalize('NFC').toLowerCase();
    const filter = { email, suspended: query.suspended };
    const found = await this.accounts.list(filter, query.limit + 1, decodeCursor(query.cursor)?._id);
    return pageOf(
      { request, response },
      query,
      found,
      (user) => AdministeredUserDto.from(user),
      ({ _id }) => ({ _id }),
    );
  }

  @Get('users/:id')
  @ApiOperation({ summary: 'An account' })
  @ApiId('user')
  @ApiOkResponse({ type: AdministeredUserDto, headers: ETAG })
  @ApiProblems(401, 403, 404)
  async user(
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AdministeredUserDto> {
    const user = AdministeredUserDto.from(await this.accounts.get(parseId(id)));
    setEtag(response, user.revision);
    return user;
  }

  @Post('users/:id/suspend')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Suspend an account',
    description:
      'Nobody enters it any more, by password, token or key. What is connected is cut off. Its operations are stopped and paid back. Its probes go on.',
  })
  @ApiId('user')
  @ApiIfMatch('optional')
  @ApiOkResponse({ type: AdministeredUserDto, headers: ETAG })
  @ApiProblems(400, 401, 403, 404, 409, 412, 413)
  async suspendUser(
    @CurrentUser() by: UserEntity,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() { reason }: ReasonDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AdministeredUserDto> {
    const before = AdministeredUserDto.from(await this.accounts.get(parseId(id)));
    const suspended = await this.accounts.suspend(parseId(id), reason, by, revisionsIfGiven(ifMatch));
    const after = AdministeredUserDto.from(suspended);
    setEtag(response, after.revision);
    noteChange(request, { before: suspensionOf(before), after: suspensionOf(after) });
    return after;
  }

  @Post('users/:id/unsuspend')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Let an account in again',
    description: 'With its password, tokens and keys. Operations that were stopped stay so.',
  })
  @ApiId('user')
  @ApiIfMatch('optional')
  @ApiOkResponse({ type: AdministeredUserDto, headers: ETAG })
  @ApiProblems(401, 403, 404, 412, 413)
  async unsuspendUser(
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AdministeredUserDto> {
    const before = AdministeredUserDto.from(await this.accounts.get(parseId(id)));
    const unsuspended = await this.accounts.unsuspend(parseId(id), revisionsIfGiven(ifMatch));
    const after = AdministeredUserDto.from(unsuspended);
    setEtag(response, after.revision);
    noteChange(request, { before: suspensionOf(before), after: suspensionOf(after) });
    return after;
  }

  @Post('users/:id/credits/take')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Take credits from a user',
    description: 'No more than there are. The reason stands in the ledger of the user.',
  })
  @ApiId('user')
  @ApiOkResponse({ type: BalanceDto })
  @ApiProblems(400, 401, 403, 404, 413)
  async take(
    @Param('id') id: string,
    @Body() { credits, reason }: TakeDto,
    @Req() request: Request,
  ): Promise<BalanceDto> {
    const user = await this.accounts.get(parseId(id));
    const balance = await this.ledger.take(user._id, credits, reason);
    noteChange(request, { before: { credits: balance + credits }, after: { credits: balance } });
    return { id: user._id.toHexString(), credits: balance };
  }

  @Post('probes/:id/suspend')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Suspend a probe',
    description:
      'It is cut off, not let in, and gets no work; its host is told the reason. Its results stay. Runs that are due meanwhile are missed, as those of a probe that is away.',
  })
  @ApiId('probe')
  @ApiIfMatch('optional')
  @ApiOkResponse({ type: ProbeDto, headers: ETAG })
  @ApiProblems(400, 401, 403, 404, 409, 412, 413)
  async suspendProbe(
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() { reason }: ReasonDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ProbeDto> {
    const before = ProbeDto.from(await this.probes.get(parseId(id)), this.probes);
    const suspended = await this.suspensions.suspend(parseId(id), reason, revisionsIfGiven(ifMatch));
    const after = ProbeDto.from(suspended, this.probes);
    setEtag(response, suspended.revision);
    noteChange(request, { before: suspensionOf(before), after: suspensionOf(after) });
    return after;
  }

  @Post('probes/:id/unsuspend')
  @HttpCode(200)
  @ApiOperation({ summary: 'Let a probe in again', description: 'With the token that it has.' })
  @ApiId('probe')
  @ApiIfMatch('optional')
  @ApiOkResponse({ type: ProbeDto, headers: ETAG })
  @ApiProblems(401, 403, 404, 409, 412, 413)
  async unsuspendProbe(
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ProbeDto> {
    const before = ProbeDto.from(await this.probes.get(parseId(id)), this.probes);
    const unsuspended = await this.suspensions.unsuspend(parseId(id), revisionsIfGiven(ifMatch));
    const after = ProbeDto.from(unsuspended, this.probes);
    setEtag(response, unsuspended.revision);
    noteChange(request, { before: suspensionOf(before), after: suspensionOf(after) });
    return after;
  }

  @Get('servers')
  @ApiOperation({ summary: 'The servers of the platform' })
  @ApiOkResponse({ type: ServersDto })
  @ApiProblems(401, 403)
  async list(): Promise<ServersDto> {
    const [servers, probes, standing] = await Promise.all([
      this.servers.list(),
      this.probes.countByServer(),
      this.leases.standing(),
    ]);
    const leases = standing.map(({ work, appName, until }) => ({
      work,
      server: readAppName(appName)?.server ?? null,
      until: until.toISOString(),
    }));
    const items = servers.map(({ _id, alive, renewed_at }) => ({
      id: _id,
      alive,
      seen_at: renewed_at.toISOString(),
      probe_count: probes.get(_id) ?? 0,
      answers: _id === this.servers.ownId,
    }));
    return { items, leases };
  }

  @Get('audit')
  @ApiOperation({
    summary: 'What superusers did, newest first',
    description: 'Entries are written when it is done, and neither changed nor deleted.',
  })
  @ApiPage(AuditEntryDto, 'A page of entries.')
  @ApiProblems(400, 401, 403)
  async entries(
    @Query() query: AuditQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<AuditEntryDto>> {
    const filter = { target: query.target, actor: parseId(query.actor) };
    const found = await this.audit.list(filter, query.limit + 1, decodeTimedCursor(query.cursor));
    return pageOf(
      { request, response },
      query,
      found,
      (entry) => AuditEntryDto.from(entry),
      (entry) => entry,
    );
  }
}

function suspensionOf({
  suspended_at,
  suspended_reason,
}: Pick<AdministeredUserDto, 'suspended_at' | 'suspended_reason'>) {
  return { suspended_at, suspended_reason };
}
