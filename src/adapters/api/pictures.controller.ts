import { Controller, Delete, Get, Headers, HttpCode, Param, Put, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiConsumes,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { PicturesService, type UserEntity } from '../../core/users/index.js';
import { parseId } from '../../platform/database/object-id.js';
import { ApiId } from '../../platform/http/ids.js';
import { CurrentUser, ForReaders, ForUsers } from '../../platform/http/permissions.js';
import { ETAG } from '../../platform/http/preconditions.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { UserDto } from './dto/user.dto.js';

const BINARY = { schema: { type: 'string', format: 'binary' } } as const;
const TYPES = { 'image/jpeg': BINARY, 'image/png': BINARY };

@ApiTags('accounts')
@ApiBearerAuth()
@Controller('api/v1/users')
export class PicturesController {
  constructor(private readonly pictures: PicturesService) {}

  @Put('me/picture')
  @ForUsers()
  @ApiOperation({
    summary: 'Set your picture',
    description:
      'The body is a JPEG or PNG file of 1 MB, 16,000,000 pixels and 8,000 pixels a side at the most. It is decoded, made 512 pixels wide and high at the most, and encoded anew: its metadata are not kept.',
  })
  @ApiConsumes('image/jpeg', 'image/png')
  @ApiBody(BINARY)
  @ApiOkResponse({ type: UserDto })
  @ApiProblems(400, 401, 404, 413)
  async set(@CurrentUser() user: UserEntity, @Req() { body }: Request): Promise<UserDto> {
    const sent: unknown = body;
    const picture = await this.pictures.set(user._id, Buffer.isBuffer(sent) ? sent : Buffer.alloc(0));
    return UserDto.from({ ...user, picture });
  }

  @Delete('me/picture')
  @ForUsers()
  @HttpCode(204)
  @ApiOperation({ summary: 'Take your picture away' })
  @ApiNoContentResponse({ description: 'There is none any more.' })
  @ApiProblems(401)
  async remove(@CurrentUser() user: UserEntity): Promise<void> {
    await this.pictures.remove(user._id);
  }

  @Get(':id/picture')
  @ForReaders('read')
  @ApiOperation({ summary: 'The picture of a user' })
  @ApiId('user')
  @ApiProduces('image/jpeg', 'image/png')
  @ApiHeader({ name: 'If-None-Match', required: false, schema: { type: 'string' } })
  @ApiOkResponse({ description: 'The file.', headers: ETAG, content: TYPES })
  @ApiResponse({ status: 304, description: 'It is the one that `If-None-Match` names.' })
  @ApiProblems(401, 404)
  async get(
    @Param('id') id: string,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    const { type, bytes, digest } = await this.pictures.get(parseId(id));
    response.setHeader('ETag', `"${digest}"`);
    response.setHeader('Cache-Control', 'private, no-cache');
    if (isKnown(ifNoneMatch, digest)) {
      response.status(304).end();
      return;
    }
    response.type(type);
    response.send(bytes);
  }
}

/** RFC 9110, section 13.1.2: whatever Cache-Control says beside, which Express asks too. */
function isKnown(ifNoneMatch: string | undefined, digest: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(`"${digest}"`);
}
