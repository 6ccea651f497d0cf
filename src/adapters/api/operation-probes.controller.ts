import { Body, Controller, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Response } from 'express';
import { type ChangedProbes, OperationProbesService } from '../../core/operations/index.js';
import { type UserEntity } from '../../core/users/index.js';
import { parseId } from '../../platform/database/object-id.js';
import { ApiId } from '../../platform/http/ids.js';
import { CurrentUser, ForOwners, ForUsers } from '../../platform/http/permissions.js';
import { ApiIfMatch, ETAG, revisionsIfGiven, setEtag } from '../../platform/http/preconditions.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { AddedProbesDto, ChangedProbesDto, TakenProbesDto } from './dto/operation-probes.dto.js';
import { SelectionDto } from './dto/selection.dto.js';

@ApiTags('operations')
@ApiExtraModels(SelectionDto)
@ApiBearerAuth()
@ForUsers('measure')
@Controller('api/v1/operations/:id/probes')
export class OperationProbesController {
  constructor(private readonly probes: OperationProbesService) {}

  @Post()
  @ForOwners('owner')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Add probes to a running operation',
    description:
      'Those that are named, or others by a rule. Each does the runs from its next one on, and these are paid. What the operation has already stays as it is, so the same may be asked again.',
  })
  @ApiId('operation')
  @ApiIfMatch('optional')
  @ApiOkResponse({ type: ChangedProbesDto, headers: ETAG })
  @ApiProblems(400, 401, 403, 404, 409, 412, 413, 429)
  async add(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() { probes, select }: AddedProbesDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ChangedProbesDto> {
    const wanted = select ?? (probes ?? []).map(parseId);
    return shown(await this.probes.add(parseId(id), user, revisionsIfGiven(ifMatch), wanted), response);
  }

  @Post('remove')
  @ForOwners('owner or superuser')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Take probes away from a running operation',
    description:
      'Their runs that were not due yet are paid back, except on classic probes that have the job: they cannot be told. Results stay. Probes that the operation has not, or has no more, change nothing. One that was taken away may be added again, by its id.',
  })
  @ApiId('operation')
  @ApiIfMatch('optional')
  @ApiOkResponse({ type: ChangedProbesDto, headers: ETAG })
  @ApiProblems(400, 401, 403, 404, 412, 413)
  async remove(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() { probes }: TakenProbesDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ChangedProbesDto> {
    const ids = probes.flatMap((probe) => parseId(probe) ?? []);
    return shown(await this.probes.remove(parseId(id), user, revisionsIfGiven(ifMatch), ids), response);
  }
}

function shown(changed: ChangedProbes, response: Response): ChangedProbesDto {
  setEtag(response, changed.operation.revision);
  return ChangedProbesDto.from(changed);
}
