import { Controller, Get, Header, Inject, Redirect, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ENV } from '../../../config/config.module.js';
import { type Env } from '../../../config/env.js';
import { type UserEntity } from '../../../core/users/index.js';
import {
  type AuthenticatedRequest,
  CurrentUser,
  ForUsers,
  Public,
} from '../../../platform/http/permissions.js';
import { anObject, ApiGlobalpingErrors } from './api-schemas.js';
import { type ShownProbe, VantagesService } from './locations/vantages.service.js';
import { DoorBounds, type TestsLeft } from './measurements/bounds.js';
import { callerOf } from './measurements/guests.js';

interface Limits {
  rateLimit: { measurements: { create: Omit<TestsLeft, 'consumed'> & { type: 'user' | 'ip' } } };
  credits?: { remaining: number };
}

interface ListedProbe {
  version: string;
  location: Omit<ShownProbe, 'tags' | 'resolvers'>;
  tags: string[];
  resolvers: string[];
}

@ApiTags('globalping')
@Controller('v1')
export class GlobalpingPlatformController {
  constructor(
    private readonly vantages: VantagesService,
    private readonly bounds: DoorBounds,
    @Inject(ENV) private readonly env: Pick<Env, 'credits'>,
  ) {}

  @Get('probes')
  @Public()
  @ApiOperation({ summary: 'Probes that can be asked now' })
  @ApiResponse({
    status: 200,
    schema: { type: 'array', items: anObject('version', 'location', 'tags', 'resolvers') },
  })
  @ApiGlobalpingErrors()
  async probes(): Promise<ListedProbe[]> {
    const { points } = await this.vantages.all();
    return points.map(({ vantage: { probe, shown } }) => {
      const { tags, resolvers, ...location } = shown;
      return { version: probe.connection?.version ?? '', location, tags, resolvers };
    });
  }

  @Get('limits')
  @ForUsers('read')
  @ApiBearerAuth()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'What may still be asked for' })
  @ApiResponse({ status: 200, schema: anObject('rateLimit') })
  @ApiGlobalpingErrors(401, 403)
  async limits(@Req() request: AuthenticatedRequest, @CurrentUser() user: UserEntity): Promise<Limits> {
    const { asker } = callerOf(request, user);
    const { limit, remaining, reset } = await this.bounds.testsLeft(asker);
    const create = { type: asker.type, limit, remaining, reset };
    const hasCredits = this.env.credits && asker.type === 'user';
    return {
      rateLimit: { measurements: { create } },
      ...(hasCredits && { credits: { remaining: Math.max(0, Math.floor(user.credits)) } }),
    };
  }

  @Get('spec.yaml')
  @Public()
  @Redirect('/docs/openapi.yaml', 302)
  @ApiOperation({ summary: 'Where this server describes its routes' })
  @ApiResponse({ status: 302, description: "The server's own document." })
  @ApiGlobalpingErrors()
  specification(): void {
    // the decorator answers
  }
}
