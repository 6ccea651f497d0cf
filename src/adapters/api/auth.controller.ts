import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ClientAddress } from '../../platform/http/client-address.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { UserDto } from './dto/user.dto.js';
import { AuthService } from '../../core/users/index.js';
import { CredentialsDto, NewAccountDto, SessionDto } from './dto/auth.dto.js';
import { Public } from '../../platform/http/permissions.js';

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
  @ApiProblems(400, 404, 413, 429)
  async logIn(
    @Body() { email, password }: CredentialsDto,
    @ClientAddress() address: string,
  ): Promise<SessionDto> {
    const { token, expiresAt } = await this.auth.logIn(email, password, address);
    return { access_token: token, token_type: 'Bearer', expires_at: expiresAt.toISOString() };
  }
}
