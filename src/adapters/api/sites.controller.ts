import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { InstrumentsService, ProbesService } from '../../core/probes/index.js';
import { maySeeInside, SitesService } from '../../core/sites/index.js';
import { type UserEntity } from '../../core/users/index.js';
import { parseId } from '../../platform/database/object-id.js';
import { ApiId } from '../../platform/http/ids.js';
import { ApiPage, decodeCursor, type Page, pageOf } from '../../platform/http/pages.js';
import { CurrentUser, ForReaders, ForUsers } from '../../platform/http/permissions.js';
import {
  ApiIfMatch,
  ApiIfNoneMatch,
  ETAG,
  expectedIn,
  LOCATION,
  revisionsIfGiven,
  setEtag,
} from '../../platform/http/preconditions.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import {
  DeleteSiteQuery,
  InstrumentDto,
  InstrumentsQuery,
  PutInstrumentDto,
  PutSiteDto,
  SiteDto,
  SitesQuery,
} from './dto/site.dto.js';
import { ApiSiteName } from './dto/site-names.js';

const MADE_OR_REPLACED =
  'What is there needs `If-Match` with the ETag that you have read; what is new does not.';

@ApiTags('sites')
@ApiBearerAuth()
@ForUsers('probes')
@Controller('api/v1')
export class SitesController {
  constructor(
    private readonly sites: SitesService,
    private readonly instruments: InstrumentsService,
    private readonly probes: ProbesService,
  ) {}

  @Get('sites')
  @ForReaders('read')
  @ApiOperation({
    summary: 'Sites, in order of creation',
    description: 'Contact, notes and the lines of the address are shown to the owner and to superusers.',
  })
  @ApiPage(SiteDto, 'A page of sites.')
  @ApiProblems(400, 401)
  async list(
    @CurrentUser() user: UserEntity,
    @Query() query: SitesQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<SiteDto>> {
    const { limit, page = 1, country } = query;
    const filter = { owner: query.mine === true ? user._id : undefined, countries: country };
    const from = { after: decodeCursor(query.cursor)?._id, skip: (page - 1) * limit };
    const found = await this.sites.list(filter, limit + 1, from);
    const held = await this.instruments.countAt(found);
    return pageOf(
      { request, response },
      query,
      found,
      (site) => SiteDto.from(site, held.get(site.name) ?? 0, user),
      ({ _id }) => ({ _id }),
    );
  }

  @Get('sites/:name')
  @ForReaders('read')
  @ApiOperation({ summary: 'A site' })
  @ApiSiteName()
  @ApiOkResponse({ type: SiteDto, headers: ETAG })
  @ApiProblems(400, 401, 404)
  async get(
    @CurrentUser() user: UserEntity,
    @Param('name') name: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SiteDto> {
    const site = await this.sites.get(name);
    setEtag(response, site.revision);
    return SiteDto.from(site, await this.instruments.countOf(site), user);
  }

  @Put('sites/:name')
  @ApiOperation({
    summary: 'Make a site, or replace what is said of yours; superusers: of any',
    description: `${MADE_OR_REPLACED} The name stays; names that differ in case or spaces alone are taken for the same, and refused.`,
  })
  @ApiSiteName()
  @ApiIfMatch('optional')
  @ApiIfNoneMatch()
  @ApiOkResponse({ type: SiteDto, headers: ETAG, description: 'It was replaced.' })
  @ApiCreatedResponse({ type: SiteDto, headers: { ...LOCATION, ...ETAG }, description: 'It was made.' })
  @ApiProblems(400, 401, 403, 409, 412, 413, 428)
  async put(
    @CurrentUser() user: UserEntity,
    @Param('name') name: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Body() body: PutSiteDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SiteDto> {
    const { site, created } = await this.sites.put(name, user, body, expectedIn(ifMatch, ifNoneMatch));
    setEtag(response, site.revision);
    response.status(created ? 201 : 200);
    if (created) response.setHeader('Location', `/api/v1/sites/${encodeURIComponent(site.name)}`);
    return SiteDto.from(site, await this.instruments.countOf(site), user);
  }

  @Delete('sites/:name')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Delete your site; superusers: any',
    description: 'While probes are there it is refused (409), unless `move_to` says which site gets them.',
  })
  @ApiSiteName()
  @ApiIfMatch('optional')
  @ApiNoContentResponse({ description: 'It is deleted.' })
  @ApiProblems(400, 401, 403, 404, 409, 412)
  async delete(
    @CurrentUser() user: UserEntity,
    @Param('name') name: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Query() { move_to }: DeleteSiteQuery,
  ): Promise<void> {
    await this.instruments.deleteSite(name, user, revisionsIfGiven(ifMatch), move_to);
  }

  @Get('instruments')
  @ForReaders('read')
  @ApiOperation({
    summary: 'The probes of all sites, in order of creation',
    description:
      'Hardware, MAC address and serial are shown to the owner of the probe or of the site, and to superusers.',
  })
  @ApiPage(InstrumentDto, 'A page of instruments.')
  @ApiProblems(400, 401)
  async listInstruments(
    @CurrentUser() user: UserEntity,
    @Query() query: InstrumentsQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<InstrumentDto>> {
    const { mine, connected, site, tag, country, limit } = query;
    const owner = mine === true ? user._id : undefined;
    const filter = { installed: true as const, owner, connected, sites: site, tags: tag, countries: country };
    const found = await this.probes.list(filter, {
      limit: limit + 1,
      after: decodeCursor(query.cursor)?._id,
    });
    const sites = await this.sites.getKnown([...new Set(found.flatMap((probe) => probe.site ?? []))]);
    const own = new Set(sites.filter((each) => maySeeInside(each, user)).map((each) => each.name));
    return pageOf(
      { request, response },
      query,
      found,
      (probe) => {
        const { site: at = '' } = probe;
        return InstrumentDto.from(probe, { site: at, inside: own.has(at) }, user, this.probes);
      },
      ({ _id }) => ({ _id }),
    );
  }

  @Get('sites/:name/instruments/:id')
  @ForReaders('read')
  @ApiOperation({ summary: 'A probe at its site' })
  @ApiSiteName()
  @ApiId('probe')
  @ApiOkResponse({ type: InstrumentDto, headers: ETAG })
  @ApiProblems(400, 401, 404)
  async getInstrument(
    @CurrentUser() user: UserEntity,
    @Param('name') name: string,
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<InstrumentDto> {
    const { site, probe } = await this.instruments.get(name, parseId(id));
    setEtag(response, probe.revision);
    const seen = { site: site.name, inside: maySeeInside(site, user) };
    return InstrumentDto.from(probe, seen, user, this.probes);
  }

  @Put('sites/:name/instruments/:id')
  @ApiOperation({
    summary: 'Make your probe an instrument of your site, or replace what is known of one there',
    description: `A probe that another site holds moves. ${MADE_OR_REPLACED} The tag is the probe’s.`,
  })
  @ApiSiteName()
  @ApiId('probe')
  @ApiIfMatch('optional')
  @ApiIfNoneMatch()
  @ApiOkResponse({ type: InstrumentDto, headers: ETAG, description: 'It was replaced.' })
  @ApiCreatedResponse({ type: InstrumentDto, headers: ETAG, description: 'The site holds it now.' })
  @ApiProblems(400, 401, 403, 404, 409, 412, 413, 428)
  async putInstrument(
    @CurrentUser() user: UserEntity,
    @Param('name') name: string,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Body() { hardware, mac_address, serial }: PutInstrumentDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<InstrumentDto> {
    const details = {
      ...(hardware !== undefined && { hardware }),
      ...(mac_address !== undefined && { mac_address }),
      ...(serial !== undefined && { serial }),
    };
    const expected = expectedIn(ifMatch, ifNoneMatch);
    const { site, probe, created } = await this.instruments.place(name, parseId(id), user, details, expected);
    setEtag(response, probe.revision);
    response.status(created ? 201 : 200);
    return InstrumentDto.from(probe, { site: site.name, inside: true }, user, this.probes);
  }

  @Delete('sites/:name/instruments/:id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Take a probe away from its site',
    description:
      'For the owner of either, and superusers. The probe stays; what was known of its device is forgotten.',
  })
  @ApiSiteName()
  @ApiId('probe')
  @ApiIfMatch('optional')
  @ApiNoContentResponse({ description: 'No site holds it any more.' })
  @ApiProblems(400, 401, 403, 404, 412)
  async takeInstrument(
    @CurrentUser() user: UserEntity,
    @Param('name') name: string,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.instruments.take(name, parseId(id), user, revisionsIfGiven(ifMatch));
  }
}
