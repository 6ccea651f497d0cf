import { Controller, Get, Param, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type Request } from 'express';
import { type ProbeEntity, ProbesService } from '../../../core/probes/index.js';
import { PlatformClock } from '../../../platform/database/platform-clock.js';
import { DomainError } from '../../../platform/errors/domain.error.js';
import { ByDoor } from '../../../platform/http/permissions.js';
import { type UserEntity } from '../../../core/users/index.js';
import { Callers } from '../callers.js';
import { numberIn } from '../number-in.js';
import { type Members } from '../../../measurement/atlas/common.js';
import { type Listing, listingOf, pageNumber, withFields } from '../listing.js';
import { atlasAnchor, atlasProbe } from './probe.presenter.js';
import { readProbeQuery } from './probe-query.js';

@ApiExcludeController()
@ByDoor()
@Controller('api/v2')
export class AtlasProbesController {
  constructor(
    private readonly probes: ProbesService,
    private readonly callers: Callers,
    private readonly clock: PlatformClock,
  ) {}

  @Get('probes')
  async list(@Req() request: Request): Promise<Listing> {
    const [now, reader] = [this.clock.now(), await this.callers.reader(request)];
    return this.listing(request, (probe) => atlasProbe(probe, this.probes, now, isOwn(probe, reader)));
  }

  @Get('probes/:number')
  async get(@Req() request: Request, @Param('number') text: string): Promise<Members> {
    const probe = await this.probes.byNumber(numberIn(text));
    const reader = await this.callers.reader(request);
    const shown = atlasProbe(probe, this.probes, this.clock.now(), isOwn(probe, reader));
    return withFields(request, shown);
  }

  @Get('anchors')
  async listAnchors(@Req() request: Request): Promise<Listing> {
    return this.listing(request, atlasAnchor, true);
  }

  @Get('anchors/:number')
  async getAnchor(@Req() request: Request, @Param('number') text: string): Promise<Members> {
    const probe = await this.probes.byNumber(numberIn(text));
    if (probe.anchor !== true) throw new DomainError('not_found', 'There is no such anchor');
    return withFields(request, atlasAnchor(probe));
  }

  private async listing(
    request: Request,
    show: (probe: ProbeEntity) => Members,
    isAnchors = false,
  ): Promise<Listing> {
    const page = pageNumber(request);
    const { filter, search, isDescending } = readProbeQuery(request);
    const { found, count } = await this.probes.search(
      { ...filter, ...(isAnchors && { anchor: true }) },
      search,
      { isDescending, skip: (page.page - 1) * page.size, limit: page.size },
    );
    return listingOf(request, page, count, found.map(show));
  }
}

function isOwn({ owner }: ProbeEntity, reader: UserEntity | undefined): boolean {
  return reader?._id.equals(owner) === true;
}
