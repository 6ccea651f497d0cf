import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { parseId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { ApiId } from '../../platform/http/ids.js';
import { decodeCursor } from '../../platform/http/pages.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { CurrentUser, ForReaders } from '../../platform/http/permissions.js';
import { type UserEntity } from '../../core/users/index.js';
import { OperationsService } from '../../core/operations/index.js';
import { CoverageDto, CoverageQuery } from './dto/coverage.dto.js';
import { CoverageService } from '../../core/runs/index.js';

@ApiTags('operations')
@ApiBearerAuth()
@ForReaders('read')
@Controller('api/v1/operations')
export class CoverageController {
  constructor(
    private readonly operations: OperationsService,
    private readonly coverage: CoverageService,
    private readonly clock: PlatformClock,
  ) {}

  @Get(':id/coverage')
  @ApiOperation({
    summary: 'Which runs were due, which came, and why the others did not',
    description: 'In all, by time, and by probe. Each run that was due has exactly one fate.',
  })
  @ApiId('operation')
  @ApiOkResponse({ type: CoverageDto })
  @ApiProblems(400, 401, 404)
  async of(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Query() query: CoverageQuery,
  ): Promise<CoverageDto> {
    const operation = await this.operations.get(parseId(id), user);
    const after = decodeCursor(query.cursor)?._id.toHexString();
    const coverage = await this.coverage.of(
      operation,
      this.clock.now(),
      parseId(query.probe),
      query.bucket_s,
    );
    return CoverageDto.of(operation._id.toHexString(), coverage, query.limit, after);
  }
}
