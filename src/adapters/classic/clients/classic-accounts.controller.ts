import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { parseId } from '../../../platform/database/object-id.js';
import { DomainError } from '../../../platform/errors/domain.error.js';
import { ClientAddress } from '../../../platform/http/client-address.js';
import { ApiProblems } from '../../../platform/http/problems.decorator.js';
import { AuthService, type UserEntity } from '../../../core/users/index.js';
import { CurrentUser, ForSuperusers, ForUsers, Public } from '../../../platform/http/permissions.js';
import { LedgerService } from '../../../core/ledger/index.js';
import { classicUser } from './classic.presenter.js';
import {
  ClassicCredentialsDto,
  ClassicGrantDto,
  ClassicTokenDto,
  ClassicUserDto,
} from './dto/classic.dto.js';

@ApiTags('classic')
@Controller()
export class ClassicAccountsController {
  constructor(
    private readonly auth: AuthService,
    private readonly ledger: LedgerService,
  ) {}

  @Post('register')
  @Public()
  @ApiOperation({ summary: 'Open an account' })
  @ApiCreatedResponse({ type: ClassicUserDto })
  @ApiProblems(400, 413, 429)
  async register(
    @Body() { email, password }: ClassicCredentialsDto,
    @ClientAddress() address: string,
  ): Promise<ClassicUserDto> {
    return classicUser(await this.auth.register(email, password, address));
  }

  @Post('login')
  @Public()
  @HttpCode(200)
  @ApiOperation({ summary: 'Get an access token' })
  @ApiOkResponse({ type: ClassicTokenDto })
  @ApiProblems(400, 403, 404, 413, 429)
  async logIn(
    @Body() { email, password }: ClassicCredentialsDto,
    @ClientAddress() address: string,
  ): Promise<ClassicTokenDto> {
    const { token } = await this.auth.logIn(email, password, address);
    return { access_token: token };
  }

  @Get('users/me')
  @ForUsers('read')
  @ApiSecurity('access_token')
  @ApiOperation({ summary: 'Your account' })
  @ApiOkResponse({ type: ClassicUserDto })
  @ApiProblems(401)
  me(@CurrentUser() user: UserEntity): ClassicUserDto {
    return classicUser(user);
  }

  @Post('credits')
  @ForSuperusers('admin')
  @HttpCode(200)
  @ApiSecurity('access_token')
  @ApiOperation({ summary: 'Give credits to a user (superusers)' })
  @ApiOkResponse({ type: ClassicUserDto })
  @ApiProblems(400, 401, 404, 413)
  async grant(@Body() { id, credits }: ClassicGrantDto): Promise<ClassicUserDto> {
    const userId = parseId(id);
    if (userId === undefined) throw new DomainError('not_found', "The user doesn't exist");
    const balance = await this.ledger.grant(userId, credits);
    const user = await this.auth.find(userId);
    if (user === undefined) throw new DomainError('not_found', "The user doesn't exist");
    return { ...classicUser(user), credits: balance };
  }
}
