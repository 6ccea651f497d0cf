import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { CurrentUser, ForUsers, Public } from '../../platform/http/permissions.js';
import { type UserEntity } from '../../core/users/index.js';
import { ActivityService, ReportService } from '../../derived/activity/index.js';
import { OwnStatsDto, StatsDto } from './dto/stats.dto.js';

@ApiTags('results')
@Public()
@Controller('api/v1/stats')
export class StatsController {
  constructor(
    private readonly activity: ActivityService,
    private readonly reports: ReportService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'What the platform takes in, over all servers' })
  @ApiOkResponse({ type: StatsDto })
  @ApiProblems()
  async stats(): Promise<StatsDto> {
    return StatsDto.from(await this.activity.lastHour(), await this.reports.platform());
  }

  @Get('me')
  @ForUsers('read')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'The same of what is yours', description: 'Made anew every 10 s.' })
  @ApiOkResponse({ type: OwnStatsDto })
  @ApiProblems(401)
  async own(@CurrentUser() user: UserEntity): Promise<OwnStatsDto> {
    return OwnStatsDto.of(await this.reports.own(user._id));
  }
}
