import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { CurrentUser, ForUsers } from '../../platform/http/permissions.js';
import { type UserEntity } from '../../core/users/index.js';
import { QuotasService } from '../../core/quotas/index.js';
import { OwnLimitsDto } from './dto/limits.dto.js';

@ApiTags('accounts')
@ApiBearerAuth()
@ForUsers('read')
@Controller('api/v1/users/me/limits')
export class LimitsController {
  constructor(private readonly bounds: QuotasService) {}

  @Get()
  @ApiOperation({
    summary: 'What you may ask of the platform, and how much of it you use',
    description:
      'A creation beyond a bound is 429 with the same members. Superusers have no bounds of their own.',
  })
  @ApiOkResponse({ type: OwnLimitsDto })
  @ApiProblems(401)
  async own(@CurrentUser() user: UserEntity): Promise<OwnLimitsDto> {
    return OwnLimitsDto.from(await this.bounds.usageOfUser(user));
  }
}
