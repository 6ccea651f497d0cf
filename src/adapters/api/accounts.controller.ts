import { Body, Controller, Get, Headers, HttpCode, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { parseId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { noteChange } from '../../platform/http/audited-change.js';
import { ClientAddress } from '../../platform/http/client-address.js';
import { ApiId } from '../../platform/http/ids.js';
import { ApiPage, decodeTimedCursor, type Page, PageQuery, pageOf } from '../../platform/http/pages.js';
import { ApiIfMatch, ETAG, revisionsIfGiven, setEtag } from '../../platform/http/preconditions.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { CurrentUser, ForSuperusers, ForUsers } from '../../platform/http/permissions.js';
import { BalanceDto, GrantDto, LedgerEntryDto, UserDto } from './dto/user.dto.js';
import { ConfirmationDto, NewEmailDto, NewPasswordDto, SessionDto } from './dto/auth.dto.js';
import { AccountsService } from '../../core/accounts/index.js';
import { CredentialsService, type UserEntity } from '../../core/users/index.js';
import { LedgerService } from '../../core/ledger/index.js';

const DELETION_SAID =
  'Its operations are stopped. Its e-mail, password, keys and picture go at once; its probes are retired, without name, tags and site, their location rounded to 0.01 degrees. Its sites and imports are deleted; a site that has probes of others stays, without contact, notes and photo. Public operations and their results stay, under an id that names nobody; results of private ones are deleted within minutes. Credits lapse (docs/accounts.md).';

@ApiTags('accounts')
@ApiBearerAuth()
@Controller('api/v1/users')
export class AccountsController {
  constructor(
    private readonly ledger: LedgerService,
    private readonly credentials: CredentialsService,
    private readonly accounts: AccountsService,
  ) {}

  @Get('me')
  @ForUsers('read')
  @ApiOperation({ summary: 'Your account' })
  @ApiOkResponse({ type: UserDto, headers: ETAG })
  @ApiProblems(401)
  me(@CurrentUser() user: UserEntity, @Res({ passthrough: true }) response: Response): UserDto {
    setEtag(response, user.revision);
    return UserDto.from(user);
  }

  @Put('me/password')
  @ForUsers()
  @ApiOperation({
    summary: 'Change your password',
    description: 'All access tokens of the account are over then; the answer has a new one. Keys stay.',
  })
  @ApiOkResponse({ type: SessionDto })
  @ApiProblems(400, 401, 403, 409, 413, 429)
  async changePassword(
    @CurrentUser() user: UserEntity,
    @Body() { password, new_password }: NewPasswordDto,
    @ClientAddress() address: string,
  ): Promise<SessionDto> {
    const change = { password, newPassword: new_password };
    return SessionDto.from(await this.credentials.changePassword(user, change, address));
  }

  @Put('me/email')
  @ForUsers()
  @ApiOperation({ summary: 'Change your e-mail', description: 'You log in with it from then on.' })
  @ApiIfMatch('optional')
  @ApiOkResponse({ type: UserDto, headers: ETAG })
  @ApiProblems(400, 401, 403, 404, 412, 413, 429)
  async changeEmail(
    @CurrentUser() user: UserEntity,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: NewEmailDto,
    @ClientAddress() address: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<UserDto> {
    const changed = await this.credentials.changeEmail(user, body, address, revisionsIfGiven(ifMatch));
    setEtag(response, changed.revision);
    return UserDto.from(changed);
  }

  @Get('me/ledger')
  @ForUsers('read')
  @ApiOperation({ summary: 'Every change of your balance, newest first' })
  @ApiPage(LedgerEntryDto, 'A page of the statement.')
  @ApiProblems(400, 401)
  async statement(
    @CurrentUser() user: UserEntity,
    @Query() page: PageQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<LedgerEntryDto>> {
    const entries = await this.ledger.statement(user._id, page.limit + 1, decodeTimedCursor(page.cursor));
    return pageOf(
      { request, response },
      page,
      entries,
      (entry) => LedgerEntryDto.from(entry),
      (entry) => entry,
    );
  }

  @Post(':id/credits')
  @ForSuperusers('admin')
  @HttpCode(200)
  @ApiOperation({ summary: 'Give credits to a user (superusers)' })
  @ApiId('user')
  @ApiOkResponse({ type: BalanceDto })
  @ApiProblems(400, 401, 403, 404, 413)
  async grant(
    @Param('id') id: string,
    @Body() { credits, reason }: GrantDto,
    @Req() request: Request,
  ): Promise<BalanceDto> {
    const user = parseId(id);
    if (user === undefined) throw new DomainError('not_found', 'There is no such user');
    const balance = await this.ledger.grant(user, credits, reason);
    noteChange(request, { before: { credits: balance - credits }, after: { credits: balance } });
    return { id: user.toHexString(), credits: balance };
  }

  @Post('me/delete')
  @ForUsers()
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete your account, for good', description: DELETION_SAID })
  @ApiNoContentResponse({ description: 'The account is none any more.' })
  @ApiProblems(400, 401, 403, 409, 413, 429)
  async delete(
    @CurrentUser() user: UserEntity,
    @Body() { password }: ConfirmationDto,
    @ClientAddress() address: string,
  ): Promise<void> {
    await this.accounts.delete(user, password, address);
  }
}
