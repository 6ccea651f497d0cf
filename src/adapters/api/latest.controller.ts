import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import ipaddr from 'ipaddr.js';
import { OperationsService, readerOf } from '../../core/operations/index.js';
import { type UserEntity } from '../../core/users/index.js';
import { type LatestEntity, LatestService } from '../../derived/latest/index.js';
import { parseId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { ApiId } from '../../platform/http/ids.js';
import { ApiPage, linkToNext, type Page } from '../../platform/http/pages.js';
import { CurrentUser, ForReaders } from '../../platform/http/permissions.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { LatestDto, LatestOfTargetQuery, LatestQuery } from './dto/latest.dto.js';
import { QueriedProbes } from './queried-probes.js';
import { digestOf, filterOf } from './results-filter.js';

const SAID =
  'Newest is the result of the run that was due last; where a result names no run of the schedule, when it was received. A failed run stands beside them, without a destination. Filters are held against the newest ones: with `loss_from=0.5` those destinations are listed whose newest result lost so much. It is some seconds behind what is stored. A page looks through 2,000 at the most: it may have few items, or none, and yet a `next`.';

@ApiTags('results')
@ApiBearerAuth()
@ForReaders('read')
@Controller('api/v1')
export class LatestController {
  constructor(
    private readonly latest: LatestService,
    private readonly operations: OperationsService,
    private readonly probes: QueriedProbes,
  ) {}

  @Get('operations/:id/latest')
  @ApiOperation({ summary: 'The newest result of each probe and destination', description: SAID })
  @ApiId('operation')
  @ApiPage(LatestDto, 'In the order of probes.')
  @ApiProblems(400, 401, 404)
  async ofOperation(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Query() query: LatestQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<LatestDto>> {
    const { _id } = await this.operations.get(parseId(id), user);
    const { items, next } = await this.page({ operation: _id }, query, id);
    linkToNext({ request, response }, next);
    return { items: items.map((item) => LatestDto.from(item)), next };
  }

  @Get('results/latest')
  @ApiOperation({
    summary: 'The newest result of each operation and probe that measures a target',
    description: SAID,
  })
  @ApiQuery({
    ...{ name: 'target', required: true, schema: { type: 'string', minLength: 1, maxLength: 2000 } },
    description: 'A name, an address, a URL or its host. A network can be asked of one operation.',
  })
  @ApiPage(LatestDto, 'In the order of operations and probes.')
  @ApiProblems(400, 401)
  async ofTarget(
    @CurrentUser() user: UserEntity,
    @Query() query: LatestOfTargetQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<LatestDto>> {
    const target = oneTarget(query.target);
    const { items, next } = await this.page({ target }, query, '');
    linkToNext({ request, response }, next);
    const visible = await this.visible(items, user, query);
    return { items: visible.map((item) => LatestDto.from(item)), next };
  }

  private async page(
    range: Parameters<LatestService['find']>[0],
    query: LatestQuery,
    of: string,
  ): Promise<{ items: LatestEntity[]; next: string | null }> {
    const asked = digestOf(query, of);
    const after = afterCursor(query.cursor, asked);
    const filter = filterOf([], query, await this.probes.of(query));
    // all that it would look at are none of these
    if (filter.probes?.length === 0) return { items: [], next: null };
    const { found, examinedTo } = await this.latest.find(range, filter, query.limit + 1, after);
    const items = found.slice(0, query.limit);
    const last = found.length > query.limit ? items.at(-1)?._id : examinedTo;
    return { items, next: last === undefined ? null : cursorOf(last, asked) };
  }

  private async visible(
    items: readonly LatestEntity[],
    user: UserEntity,
    { kind, mine }: LatestOfTargetQuery,
  ): Promise<LatestEntity[]> {
    const ids = [...new Map(items.map(({ operation }) => [operation.toHexString(), operation])).values()];
    if (ids.length === 0) return [];
    const filter = { ids, visibleTo: readerOf(user), kind, owner: mine ? user._id : undefined };
    const names = await this.operations.namesOf(filter, ids.length);
    const known = new Set(names.map(({ _id }) => _id.toHexString()));
    return items.filter(({ operation }) => known.has(operation.toHexString()));
  }
}

/** @returns as summaries write it. @throws DomainError invalid_request when it is none, or several */
function oneTarget(target: string | undefined): string {
  const isMissing = target === undefined;
  if (isMissing || ipaddr.isValidCIDR(target)) {
    const message = isMissing
      ? 'must be given'
      : 'must be a name, an address or a URL: ask for a network in one operation';
    throw DomainError.invalid({ field: 'target', message });
  }
  return ipaddr.IPv6.isValid(target) ? ipaddr.parse(target).toString() : target;
}

function cursorOf(id: string, of: string): string {
  return Buffer.from(`${id}.${of}`).toString('base64url');
}

/** @throws DomainError invalid_request when it is no cursor of this question */
function afterCursor(cursor: string | undefined, of: string): string | undefined {
  if (cursor === undefined) return undefined;
  const match = /^([0-9a-f]{64})\.([0-9a-f]{8})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (match?.[2] === of) return match[1];
  const message = 'must be the `next` of the page before, with its filters';
  throw DomainError.invalid({ field: 'cursor', message });
}
