import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type Response } from 'express';
import { type UserEntity } from '../../../../core/users/index.js';
import { clientOf } from '../../../../platform/http/client-address.js';
import {
  type AuthenticatedRequest,
  CurrentUser,
  ForUsers,
  Public,
} from '../../../../platform/http/permissions.js';
import { ApiGlobalpingErrors, anObject } from '../api-schemas.js';
import { DoorBounds } from './bounds.js';
import { CreationService, RefusedForAccount } from './creation.service.js';
import { DocumentsService } from './documents.service.js';
import { callerOf } from './guests.js';
import { setAccountHeaders } from './headers.js';
import { sendDocument } from './send-document.js';

@ApiTags('globalping')
@Controller('v1/measurements')
export class GlobalpingMeasurementsController {
  constructor(
    private readonly creation: CreationService,
    private readonly documents: DocumentsService,
    private readonly bounds: DoorBounds,
  ) {}

  @Post()
  @HttpCode(202)
  @ForUsers('measure')
  @ApiBearerAuth()
  @ApiOperation({
    summary: "A measurement, as Globalping's clients ask for it",
    description:
      'It becomes an operation of the account that pays: `Pladmed-Operation` has its id. docs/globalping.md.',
  })
  @ApiBody({ schema: anObject('type', 'target') })
  @ApiResponse({ status: 202, schema: anObject('id', 'probesCount') })
  @ApiGlobalpingErrors(400, 401, 403, 404, 413, 422, 429)
  async create(
    @Req() request: AuthenticatedRequest,
    @CurrentUser() user: UserEntity,
    @Body() body: Record<string, unknown>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<{ id: string; probesCount: number }> {
    try {
      const { share, operation, account } = await this.creation.create(body, callerOf(request, user));
      this.documents.begin(share);
      setAccountHeaders(response, account);
      response.setHeader('Location', `${originOf(request)}/v1/measurements/${share._id}`);
      if (operation) response.setHeader('Pladmed-Operation', operation._id.toHexString());
      return { id: share._id, probesCount: share.probes.length };
    } catch (error) {
      if (!(error instanceof RefusedForAccount)) throw error;
      setAccountHeaders(response, error.account);
      throw error.cause;
    }
  }

  @Get(':id')
  @Public()
  @ApiOperation({
    summary: 'A measurement and what it has brought so far',
    description: 'The id opens it to whoever knows it. `If-None-Match` spares what did not change.',
  })
  @ApiParam({ name: 'id', schema: { type: 'string' } })
  @ApiResponse({ status: 200, schema: anObject('id', 'type', 'status', 'results') })
  @ApiResponse({ status: 304, description: 'It did not change.' })
  @ApiGlobalpingErrors(404, 429)
  async read(
    @Req() request: AuthenticatedRequest,
    @Param('id') id: string,
    @Res() response: Response,
  ): Promise<void> {
    this.bounds.noteReading(clientOf(request.ip), id);
    await sendDocument(await this.documents.find(id), request, response);
  }
}

/** @returns where the client found this server, as far as the proxies in front say so */
function originOf(request: AuthenticatedRequest): string {
  return `${request.protocol}://${request.get('host') ?? request.hostname}`;
}
