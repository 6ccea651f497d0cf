import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { Public } from '../../platform/http/permissions.js';
import { AuthService } from '../../core/users/index.js';

export class PlatformDto {
  @ApiProperty({
    description:
      'Whether anybody administers it: false on a new server, where `npm run superuser -- create` makes the first one.',
  })
  has_superuser: boolean;

  @ApiProperty({
    enum: ['on', 'off'],
    description: 'off: operations cost nothing, results earn nothing, and nobody is asked for credits.',
  })
  credits: 'on' | 'off';
}

@ApiTags('accounts')
@Public()
@Controller('api/v1/platform')
export class PlatformController {
  constructor(
    private readonly auth: AuthService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  @Get()
  @ApiOperation({ summary: 'What a newcomer has to know of this platform' })
  @ApiOkResponse({ type: PlatformDto })
  @ApiProblems()
  async get(): Promise<PlatformDto> {
    return {
      has_superuser: await this.auth.hasSuperuser(),
      credits: this.env.credits ? 'on' : 'off',
    };
  }
}
