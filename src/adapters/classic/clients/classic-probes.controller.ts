import { Body, Controller, Get, Header, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../../platform/http/problems.decorator.js';
import { CurrentUser, ForUsers, Public } from '../../../platform/http/permissions.js';
import { ProbesService } from '../../../core/probes/index.js';
import { type UserEntity } from '../../../core/users/index.js';
import { classicProbeText } from './classic.presenter.js';
import {
  ClassicOwnProbeDto,
  ClassicProbeDto,
  ClassicProbeTokenDto,
  ClassicRegisterProbeDto,
} from './dto/classic.dto.js';

const JSON_TYPE = 'application/json; charset=utf-8';

@ApiTags('classic')
@Controller('probes')
export class ClassicProbesController {
  constructor(private readonly probes: ProbesService) {}

  @Post()
  @ForUsers('probes')
  @ApiSecurity('access_token')
  @ApiOperation({ summary: 'Register a probe' })
  @ApiCreatedResponse({ type: ClassicProbeTokenDto })
  @ApiProblems(400, 401, 413)
  async register(
    @CurrentUser() user: UserEntity,
    @Body() { location }: ClassicRegisterProbeDto,
  ): Promise<ClassicProbeTokenDto> {
    const probe = await this.probes.register(user, { location });
    return { token: this.probes.tokenOf(probe) };
  }

  @Get()
  @Public()
  @ApiOperation({ summary: 'All probes, in order of creation' })
  @ApiOkResponse({ type: [ClassicProbeDto] })
  @ApiProblems()
  @Header('Content-Type', JSON_TYPE)
  async list(): Promise<string> {
    const probes = await this.probes.listAll({ measuresHere: true });
    return arrayOf(probes.map((probe) => classicProbeText(probe, this.probes)));
  }

  @Get('me')
  @ForUsers('probes')
  @ApiSecurity('access_token')
  @ApiOperation({ summary: 'Your probes, with their tokens' })
  @ApiOkResponse({ type: [ClassicOwnProbeDto] })
  @ApiProblems(401)
  @Header('Content-Type', JSON_TYPE)
  async listOwn(@CurrentUser() user: UserEntity): Promise<string> {
    const probes = await this.probes.listAll({ owner: user._id, measuresHere: true });
    return arrayOf(probes.map((probe) => classicProbeText(probe, this.probes, this.probes.tokenOf(probe))));
  }
}

function arrayOf(texts: readonly string[]): string {
  return `[${texts.join(',')}]`;
}
