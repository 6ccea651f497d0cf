import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { type Request } from 'express';
import { credentialOf } from '../../platform/http/credentials.js';
import { ClientAddress } from '../../platform/http/client-address.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { UserDto } from './dto/user.dto.js';
import { AuthService, type UserEntity } from '../../core/users/index.js';
import { CredentialsDto, NewAccountDto, SessionDto } from './dto/auth.dto.js';
import { CurrentUser, ForUsers, Public } from '../../platform/http/permissions.js';

@ApiTags('accounts')
@Controller('api/v1/auth')
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  @Post('register')
  @Public()
  @ApiOperation({ summary: 'Open an account' })
  @ApiCreatedResponse({ type: UserDto, description: 'The account is open. It has no credits yet.' })
  @ApiProblems(400, 413, 429)
  async register(
    @Body() { email, password }: NewAccountDto,
    @ClientAddress() address: string,
  ): Promise<UserDto> {
    return UserDto.from(await this.auth.register(email, password, address));
  }

  @Post('login')
  @Public()
  @HttpCode(200)
  @ApiOperation({ summary: 'Get an access token', description: 'Paste `access_token` into Authorize.' })
  @ApiOkResponse({ type: SessionDto })
  @ApiProblems(400, 403, 404, 413, 429)
  async logIn(
    @Body() { email, password }: CredentialsDto,
    @ClientAddress() address: string,
  ): Promise<SessionDto> {
    return SessionDto.from(await this.auth.logIn(email, password, address));
  }

  @Post('logout')
  @ForUsers()
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({
    summary: 'End this access token',
    description:
      'On all servers. Other tokens of the account stay. What is connected with it is cut off within seconds.',
  })
  @ApiNoContentResponse({ description: 'The token is none any more.' })
  @ApiProblems(401, 413)
  async logOut(@Req() request: Request): Promise<void> {
    await this.auth.logOut(credentialOf(request.headers)?.text ?? '');
  }

  @Post('logout-everywhere')
  @ForUsers()
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({
    summary: 'End all access tokens of the account',
    description: 'On all servers. Keys stay: each is revoked by itself.',
  })
  @ApiNoContentResponse({ description: 'The tokens are none any more.' })
  @ApiProblems(401, 413)
  async logOutEverywhere(@CurrentUser() user: UserEntity): Promise<void> {
    await this.auth.logOutEverywhere(user._id);
  }

  @Post('visit')
  @Public()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Get an access token without an account',
    description:
      'With it, what is public can be read, and followed live: probes, operations and results. For a day.',
  })
  @ApiOkResponse({ type: SessionDto })
  @ApiProblems(413)
  visit(): SessionDto {
    return SessionDto.from(this.auth.visit());
  }
}
