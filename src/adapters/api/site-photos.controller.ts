import { Controller, Delete, Get, Headers, HttpCode, Param, Put, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { InstrumentsService } from '../../core/probes/index.js';
import { SitePhotosService } from '../../core/sites/index.js';
import { type UserEntity } from '../../core/users/index.js';
import { CurrentUser, ForReaders, ForUsers } from '../../platform/http/permissions.js';
import {
  ApiIfNoneMatch,
  ApiIfTagMatch,
  ETAG,
  expectedTagsIn,
  LOCATION,
  setEtag,
} from '../../platform/http/preconditions.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { photoPath, SiteDto } from './dto/site.dto.js';
import { ApiSiteName } from './dto/site-names.js';
import { ApiPicture, ApiPictureBody, fileIn, pictureRule, sendPicture } from './picture-file.js';

@ApiTags('sites')
@ApiBearerAuth()
@ForUsers('probes')
@Controller('api/v1/sites')
export class SitePhotosController {
  constructor(
    private readonly photos: SitePhotosService,
    private readonly instruments: InstrumentsService,
  ) {}

  @Get(':name/photo')
  @ForReaders('read')
  @ApiOperation({ summary: 'The photo of a site', description: 'For everybody who may see the site.' })
  @ApiSiteName()
  @ApiPicture()
  @ApiProblems(400, 401, 404)
  async get(
    @Param('name') name: string,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    sendPicture(response, await this.photos.get(name), ifNoneMatch);
  }

  @Put(':name/photo')
  @ApiOperation({
    summary: 'Set the photo of your site; superusers: of any',
    description: `${pictureRule(1_024)} A photo that is there needs \`If-Match\` with its ETag or that of the site, which changes, too; the first one does not.`,
  })
  @ApiSiteName()
  @ApiIfTagMatch()
  @ApiIfNoneMatch()
  @ApiPictureBody()
  @ApiOkResponse({ type: SiteDto, headers: ETAG, description: 'It was replaced. The tag is the site’s.' })
  @ApiCreatedResponse({
    type: SiteDto,
    headers: { ...LOCATION, ...ETAG },
    description: 'It is the first one. The tag is the site’s.',
  })
  @ApiProblems(400, 401, 403, 404, 412, 413, 428)
  async set(
    @CurrentUser() user: UserEntity,
    @Param('name') name: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SiteDto> {
    const expected = expectedTagsIn(ifMatch, ifNoneMatch);
    const { site, created } = await this.photos.set(name, user, fileIn(request), expected);
    setEtag(response, site.revision);
    response.status(created ? 201 : 200);
    if (created) response.setHeader('Location', photoPath(site));
    return SiteDto.from(site, await this.instruments.countOf(site), user);
  }

  @Delete(':name/photo')
  @HttpCode(204)
  @ApiOperation({ summary: 'Take the photo of your site away; superusers: of any' })
  @ApiSiteName()
  @ApiIfTagMatch()
  @ApiNoContentResponse({ description: 'The site has none any more.' })
  @ApiProblems(400, 401, 403, 404, 412)
  async remove(
    @CurrentUser() user: UserEntity,
    @Param('name') name: string,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    const expected = expectedTagsIn(ifMatch, undefined);
    await this.photos.remove(name, user, expected === 'unstated' ? 'any' : expected);
  }
}
