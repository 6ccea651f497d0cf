import { Controller, Delete, Get, Headers, HttpCode, Param, Put, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { PicturesService, type UserEntity } from '../../core/users/index.js';
import { type ExpectedTags } from '../../platform/database/revision.js';
import { parseId } from '../../platform/database/object-id.js';
import { ApiId } from '../../platform/http/ids.js';
import { CurrentUser, ForReaders, ForUsers } from '../../platform/http/permissions.js';
import { ApiIfTagMatch, ETAG, expectedTagsIn, setEtag } from '../../platform/http/preconditions.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { UserDto } from './dto/user.dto.js';
import { ApiPicture, ApiPictureBody, fileIn, pictureRule, sendPicture } from './picture-file.js';

@ApiTags('accounts')
@ApiBearerAuth()
@Controller('api/v1/users')
export class PicturesController {
  constructor(private readonly pictures: PicturesService) {}

  @Put('me/picture')
  @ForUsers()
  @ApiOperation({ summary: 'Set your picture', description: pictureRule(512) })
  @ApiIfTagMatch()
  @ApiPictureBody()
  @ApiOkResponse({ type: UserDto, headers: ETAG, description: 'It is set. The tag is the account’s.' })
  @ApiProblems(400, 401, 404, 412, 413)
  async set(
    @CurrentUser() user: UserEntity,
    @Headers('if-match') ifMatch: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<UserDto> {
    const changed = await this.pictures.set(user._id, fileIn(request), seenIn(ifMatch));
    setEtag(response, changed.revision);
    return UserDto.from(changed);
  }

  @Delete('me/picture')
  @ForUsers()
  @HttpCode(204)
  @ApiOperation({ summary: 'Take your picture away' })
  @ApiNoContentResponse({ description: 'There is none any more.' })
  @ApiIfTagMatch()
  @ApiProblems(401, 404, 412)
  async remove(
    @CurrentUser() user: UserEntity,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.pictures.remove(user._id, seenIn(ifMatch));
  }

  @Get(':id/picture')
  @ForReaders('read')
  @ApiOperation({ summary: 'The picture of a user' })
  @ApiId('user')
  @ApiPicture()
  @ApiProblems(401, 404)
  async get(
    @Param('id') id: string,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    sendPicture(response, await this.pictures.get(parseId(id)), ifNoneMatch);
  }
}

/** @returns tags of the picture or of the account; undefined: whatever is there */
function seenIn(ifMatch: string | undefined): ExpectedTags | undefined {
  return ifMatch === undefined ? undefined : expectedTagsIn(ifMatch);
}
