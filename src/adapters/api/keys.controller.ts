import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { parseRfc3339 } from '@pladmed/protocol';
import { type Request, type Response } from 'express';
import { KeysService, MOST_KEYS, type UserEntity } from '../../core/users/index.js';
import { parseId } from '../../platform/database/object-id.js';
import { ApiId } from '../../platform/http/ids.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from '../../platform/http/pages.js';
import { CurrentUser, ForUsers } from '../../platform/http/permissions.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { KeyDto, KeyWithSecretDto, NewKeyDto } from './dto/key.dto.js';

/** For access tokens alone: a key makes no keys. */
@ApiTags('accounts')
@ApiBearerAuth()
@ForUsers()
@Controller('api/v1/users/me/keys')
export class KeysController {
  constructor(private readonly keys: KeysService) {}

  @Post()
  @ApiOperation({
    summary: 'Make a key for a program',
    description: `It is shown in this answer and never again. ${MOST_KEYS} at the most, so that a new one can take the place of an old one.`,
  })
  @ApiCreatedResponse({ type: KeyWithSecretDto })
  @ApiProblems(400, 401, 409, 413)
  async create(@CurrentUser() user: UserEntity, @Body() body: NewKeyDto): Promise<KeyWithSecretDto> {
    const { name, scopes, expires_at } = body;
    const expiresAt = expires_at === undefined ? undefined : parseRfc3339(expires_at);
    const { key, text } = await this.keys.create(user, { name, scopes, expiresAt });
    return { ...KeyDto.from(key), key: text };
  }

  @Get()
  @ApiOperation({ summary: 'Your keys, in order of creation' })
  @ApiPage(KeyDto, 'A page of keys; the secrets are kept nowhere.')
  @ApiProblems(400, 401)
  async list(
    @CurrentUser() user: UserEntity,
    @Query() query: PageQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<KeyDto>> {
    const after = decodeCursor(query.cursor)?._id.toHexString() ?? '';
    const keys = (await this.keys.list(user._id)).filter(({ _id }) => _id.toHexString() > after);
    return pageOf(
      { request, response },
      query,
      keys,
      (key) => KeyDto.from(key),
      ({ _id }) => ({ _id }),
    );
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Revoke a key',
    description: 'All servers refuse it from now on; what is connected with it is cut off within seconds.',
  })
  @ApiId('key')
  @ApiNoContentResponse({ description: 'The key is none any more.' })
  @ApiProblems(401, 404)
  async revoke(@CurrentUser() user: UserEntity, @Param('id') id: string): Promise<void> {
    await this.keys.revoke(user._id, parseId(id));
  }
}
