import { Body, Controller, Delete, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type Request } from 'express';
import { type FoundOperation, type OperationSearch } from '../../../core/assignments/index.js';
import {
  OperationCreationService,
  OperationsService,
  type OperationRequest,
} from '../../../core/operations/index.js';
import { NetworksService, ProbesService } from '../../../core/probes/index.js';
import { type UserEntity } from '../../../core/users/index.js';
import { PlatformClock } from '../../../platform/database/platform-clock.js';
import { DomainError } from '../../../platform/errors/domain.error.js';
import { ByDoor } from '../../../platform/http/permissions.js';
import { readCreation } from './creation.js';
import { type Members } from '../../../measurement/atlas/common.js';
import { Callers } from '../callers.js';
import { isFieldWanted, type Listing, listingOf, originOf, pageNumber, withFields } from '../listing.js';
import { numbersIn } from '../probes/probe-query.js';
import { inAtlasWords, OF_CREATION } from './creation-errors.js';
import { ChosenProbes } from './chosen-probes.js';
import { inAtlas, measurement } from './measurement.presenter.js';
import { orderIn, readMeasurementQuery } from './measurement-query.js';
import { numberIn } from '../number-in.js';

/** Operations that a probe was in of which a listing knows. */
const MOST_OF_PROBE = 20_000;
const LONGEST_TAG = 64;

@ApiExcludeController()
@ByDoor()
@Controller('api/v2/measurements')
export class AtlasMeasurementsController {
  constructor(
    private readonly operations: OperationsService,
    private readonly creation: OperationCreationService,
    private readonly probes: ProbesService,
    private readonly networks: NetworksService,
    private readonly chosen: ChosenProbes,
    private readonly callers: Callers,
    private readonly clock: PlatformClock,
  ) {}

  @Post()
  async create(@Req() request: Request, @Body() body: Members): Promise<{ measurements: number[] }> {
    const user = await this.callers.user(request, 'measurements.create');
    const { definitions, sources } = readCreation(body, this.clock.now());
    const needs = {
      kinds: [...new Set(definitions.map(({ kind }) => kind))],
      families: [...new Set(definitions.flatMap(({ family }) => family ?? []))],
    };
    const { ids, selection } = await this.chosen.choose(sources, needs, user);
    const requests = definitions.map(
      ({ kind, params, schedule, description, tags, isPublic, told }): OperationRequest => ({
        ...{ kind, params, unknownParams: 'refuse', schedule: { value: schedule } },
        ...{ probes: ids, availability: 'whenever', visibility: isPublic ? 'public' : 'private' },
        ...{ description, tags, selection, ...(Object.keys(told).length > 0 && { told }) },
      }),
    );
    const created = await inAtlasWords(OF_CREATION, () => this.creation.createAll(user, requests));
    return { measurements: created.map(({ operation }) => operation.number) };
  }

  @Get()
  async list(@Req() request: Request): Promise<Listing> {
    return this.listing(request, await this.callers.reader(request), {});
  }

  @Get('my')
  async listOwn(@Req() request: Request): Promise<Listing> {
    const user = await this.callers.user(request, 'measurements.read');
    return this.listing(request, user, { owner: user._id });
  }

  @Get(':number')
  async get(@Req() request: Request, @Param('number') text: string): Promise<Members> {
    const operation = inAtlas(
      await this.operations.byNumber(numberIn(text), await this.callers.reader(request)),
    );
    const [members] = await this.shown(request, [operation]);
    return withFields(request, members ?? {});
  }

  @Delete(':number')
  @HttpCode(204)
  async stop(@Req() request: Request, @Param('number') text: string): Promise<void> {
    const user = await this.callers.user(request, 'measurements.stop');
    const operation = inAtlas(await this.operations.byNumber(numberIn(text), user));
    await this.operations.close(operation._id, user);
  }

  @Post(':number/tags')
  async addTag(
    @Req() request: Request,
    @Param('number') text: string,
    @Body() body: Members,
  ): Promise<object> {
    let added = '';
    await this.changeTags(request, text, (tags) => {
      added = tagIn(body);
      return [...new Set([...tags, added])];
    });
    return { tag: added };
  }

  @Delete(':number/tags/:tag')
  @HttpCode(204)
  async removeTag(
    @Req() request: Request,
    @Param('number') text: string,
    @Param('tag') tag: string,
  ): Promise<void> {
    await this.changeTags(request, text, (tags) => tags.filter((each) => each !== tag));
  }

  private async changeTags(
    request: Request,
    text: string,
    change: (tags: readonly string[]) => string[],
  ): Promise<void> {
    const user = await this.callers.user(request, 'measurements.update');
    const operation = inAtlas(await this.operations.byNumber(numberIn(text), user));
    await this.operations.setLabels(operation._id, user, 'any', { tags: change(operation.tags ?? []) });
  }

  private async listing(
    request: Request,
    reader: UserEntity | undefined,
    own: Pick<OperationSearch, 'owner'>,
  ): Promise<Listing> {
    const page = pageNumber(request);
    const search: OperationSearch = {
      ...readMeasurementQuery(request, this.clock.now()),
      ...own,
      reader: reader?.is_superuser === true ? 'everything' : reader?._id,
      ids: await this.ofProbes(request),
    };
    const { found, count } = await this.operations.search(search, {
      ...orderIn(request),
      skip: (page.page - 1) * page.size,
      limit: page.size,
    });
    return listingOf(request, page, count, await this.shown(request, found));
  }

  /** @returns ids of the operations of the probes that `current_probes` names */
  private async ofProbes(request: Request): Promise<OperationSearch['ids']> {
    const numbers = numbersIn(request, 'current_probes');
    if (numbers === undefined) return undefined;
    const probes = await this.probes.byNumbers(numbers);
    return this.operations.idsOfProbes(
      probes.map(({ _id }) => _id),
      MOST_OF_PROBE,
    );
  }

  private async shown(request: Request, operations: readonly FoundOperation[]): Promise<Members[]> {
    const [origin, now] = [originOf(request), this.clock.now()];
    const assigned = isFieldWanted(request, 'probes')
      ? await this.operations.probesOfAll(operations, 'current')
      : undefined;
    return operations.map((operation, index) =>
      measurement(operation, {
        ...{ origin, now, probes: assigned?.[index]?.map(({ number }) => number) },
        networkOf: (address) => this.networks.find(address),
      }),
    );
  }
}

/** @throws DomainError invalid_request */
function tagIn({ tag }: Members): string {
  if (typeof tag === 'string' && tag !== '' && tag.length <= LONGEST_TAG) return tag;
  const message = `must be text of 1 to ${LONGEST_TAG} characters`;
  throw DomainError.invalid({ field: 'tag', message, in: 'body' });
}
