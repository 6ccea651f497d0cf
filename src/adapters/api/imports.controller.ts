import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiBody,
  ApiConsumes,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { serverId } from '../../config/server-id.js';
import { importsFolder, ImportsService, receive } from '../../core/imports/index.js';
import { type UserEntity } from '../../core/users/index.js';
import { parseId } from '../../platform/database/object-id.js';
import { ApiId } from '../../platform/http/ids.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../platform/http/pages.js';
import { CurrentUser, ForUsers } from '../../platform/http/permissions.js';
import { LOCATION } from '../../platform/http/preconditions.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { ImportDto, UploadQuery } from './dto/import.dto.js';

const BINARY = { type: 'string' as const, format: 'binary' };

@ApiTags('imports')
@ApiBearerAuth()
@ForUsers('read')
@Controller('api/v1/imports')
export class ImportsController {
  constructor(
    private readonly imports: ImportsService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  @Post()
  @ForUsers('measure')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Import a file',
    description:
      'The body is the file, or a form with one. warts, or our own exports and archives as NDJSON or JSON; as it is, or packed by gzip, bzip2, xz or zstd: its first bytes tell. It is imported in the background; the same content is imported once, and tried again where that has failed. Results of an operation of yours go back into it; all others go into private operations that are made for the file. Nothing is charged or paid.',
  })
  @ApiConsumes('application/octet-stream', 'multipart/form-data')
  @ApiBody({ schema: BINARY })
  @ApiAcceptedResponse({ type: ImportDto, headers: LOCATION, description: 'It is on the disk.' })
  @ApiProblems(400, 401, 413, 429)
  async upload(
    @CurrentUser() user: UserEntity,
    @Query() { name }: UploadQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ImportDto> {
    await this.imports.checkRoom(user);
    const folder = importsFolder(this.env);
    const file = await receive(request, folder, user._id.toHexString(), this.env.importMaxBytes);
    const { sha256, bytes, path } = file;
    const job = await this.imports.submit({
      ...{ owner: user._id, sha256, bytes, name: (name ?? file.name ?? 'upload').slice(0, 200) },
      ...{ source: 'upload', server: serverId(this.env.dataDir), file: basename(path) },
    });
    // the job has a file of this content, or needs none
    if (job.file !== basename(path)) await rm(path, { force: true });
    response.setHeader('Location', `/api/v1/imports/${job._id.toHexString()}`);
    return ImportDto.from(job);
  }

  @Get()
  @ApiOperation({ summary: 'Imports, newest first: your own; for a superuser those of all' })
  @ApiPage(ImportDto, 'A page of imports.')
  @ApiProblems(400, 401)
  async list(
    @CurrentUser() user: UserEntity,
    @Query() query: PageQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<ImportDto>> {
    const found = await this.imports.list(user, query.limit + 1, decodeCursor(query.cursor)?._id);
    return pageOf(
      { request, response },
      query,
      found,
      (job) => ImportDto.from(job),
      ({ _id }) => ({ _id }),
    );
  }

  @Get(':id')
  @ApiOperation({ summary: 'An import and how far it is' })
  @ApiId('import')
  @ApiOkResponse({ type: ImportDto })
  @ApiProblems(400, 401, 404)
  async get(@CurrentUser() user: UserEntity, @Param('id') id: string): Promise<ImportDto> {
    return ImportDto.from(await this.imports.get(parseId(id), user));
  }
}
