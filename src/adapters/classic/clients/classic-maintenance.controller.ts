import { Controller, Delete, HttpCode, Inject } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DomainError } from '../../../platform/errors/domain.error.js';
import { ApiProblems } from '../../../platform/http/problems.decorator.js';
import { ENV } from '../../../config/config.module.js';
import { type Env } from '../../../config/env.js';
import { Public } from '../../../platform/http/permissions.js';
import { ClassicMaintenanceService } from './classic-maintenance.service.js';

@ApiTags('classic')
@Controller()
export class ClassicMaintenanceController {
  constructor(
    private readonly maintenance: ClassicMaintenanceService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  @Delete('delete_all')
  @Public()
  @HttpCode(204)
  @ApiOperation({
    summary: 'Empty the database',
    description:
      'Only where the server was started with ALLOW_DELETE_ALL, and never in production: for tests.',
  })
  @ApiNoContentResponse({ description: 'Nothing is left.' })
  @ApiProblems(404)
  async deleteAll(): Promise<void> {
    if (!this.env.allowDeleteAll) throw new DomainError('not_found', 'Cannot DELETE /delete_all');
    await this.maintenance.deleteEverything();
  }
}
