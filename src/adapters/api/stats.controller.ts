import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { Public } from '../../platform/http/permissions.js';
import { ActivityService } from '../../derived/activity/index.js';
import { StatsDto } from './dto/stats.dto.js';

@ApiTags('results')
@Public()
@Controller('api/v1/stats')
export class StatsController {
  constructor(private readonly activity: ActivityService) {}

  @Get()
  @ApiOperation({ summary: 'What the platform takes in, over all servers' })
  @ApiOkResponse({ type: StatsDto })
  @ApiProblems()
  async stats(): Promise<StatsDto> {
    return StatsDto.from(await this.activity.lastHour());
  }
}
