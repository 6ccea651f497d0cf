import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { parseRfc3339 } from '@pladmed/protocol';
import { type Request, type Response } from 'express';
import { createHash } from 'node:crypto';
import { type ObjectId, parseId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { ApiId } from '../../platform/http/ids.js';
import {
  ApiPage,
  decodeTimedCursor,
  encodeCursor,
  linkToNext,
  type Page,
} from '../../platform/http/pages.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { CurrentUser, ForUsers } from '../../platform/http/permissions.js';
import { OperationsService, readerOf } from '../../core/operations/index.js';
import { type UserEntity } from '../../core/users/index.js';
import { ChangesService } from '../../derived/changes/index.js';
import { AllChangesQuery, ChangeDto, ChangesQuery } from './dto/change.dto.js';

/** How many operations one listing looks through: MongoDB merges so many ranges of its index in order, and sorts nothing. */
const MOST_OPERATIONS = 200;
const RULES = 'The rules by which something is a change are in docs/data.md.';

type Http = { request: Request; response: Response };

@ApiTags('results')
@ApiBearerAuth()
@ForUsers('read')
@Controller('api/v1')
export class ChangesController {
  constructor(
    private readonly changes: ChangesService,
    private readonly operations: OperationsService,
  ) {}

  @Get('operations/:id/changes')
  @ApiOperation({
    summary: 'What has changed: paths, round-trip times, certificates, answers, probes that are quiet',
    description: `In the order in which it was noticed. ${RULES}`,
  })
  @ApiId('operation')
  @ApiPage(ChangeDto, 'What has changed.')
  @ApiProblems(400, 401, 404)
  async ofOperation(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Query() query: ChangesQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<ChangeDto>> {
    const { _id } = await this.operations.get(parseId(id), user);
    return this.page([_id], query, { request, response });
  }

  @Get('changes')
  @ApiOperation({
    summary: 'What has changed in all operations that you may see',
    description: `The same as of one operation. Looks through ${MOST_OPERATIONS} operations at the most. ${RULES}`,
  })
  @ApiPage(ChangeDto, 'What has changed.')
  @ApiProblems(400, 401, 404)
  async ofAll(
    @CurrentUser() user: UserEntity,
    @Query() query: AllChangesQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<ChangeDto>> {
    return this.page(await this.operationsOf(user, query), query, { request, response });
  }

  private async page(
    operations: readonly ObjectId[],
    query: ChangesQuery,
    http: Http,
  ): Promise<Page<ChangeDto>> {
    const { type: types, probe, destination, from, to, order, limit } = query;
    const asked = digestOf(query, http.request.path);
    // a place among changes is a number, and a cursor has room for one where others have a time
    const after = decodeTimedCursor(query.cursor, asked)?.at.getTime();
    const probes = probe?.map(parseId).filter((each) => each !== undefined);
    const between = { from: instantOf(from), to: instantOf(to) };
    const filter = { operations, types, probes, destination, ...between, order };
    const found = await this.changes.page(filter, limit + 1, after);
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    const hasMore = found.length > limit && last !== undefined;
    const next = hasMore ? encodeCursor({ _id: last._id, at: new Date(last.number) }, asked) : null;
    linkToNext(http, next);
    return { items: shown.map((change) => ChangeDto.from(change)), next };
  }

  /** @throws DomainError not_found (one that is named), invalid_request (there are too many) */
  private async operationsOf(
    user: UserEntity,
    { operation, kind, mine }: AllChangesQuery,
  ): Promise<ObjectId[]> {
    const owner = mine ? user._id : undefined;
    const found = operation
      ? await this.operations.getAll(operation.map(parseId), user)
      : await this.operations.namesOf({ visibleTo: readerOf(user), kind, owner }, MOST_OPERATIONS + 1);
    if (found.length > MOST_OPERATIONS) {
      const message = `must be given: there are more than ${MOST_OPERATIONS} operations to look through; or narrow them by kind or mine`;
      throw DomainError.invalid({ field: 'operation', message });
    }
    const isAsked = (each: (typeof found)[number]) =>
      (kind === undefined || each.kind === kind) && (!mine || each.owner.equals(user._id));
    return found.filter(isAsked).map(({ _id }) => _id);
  }
}

function instantOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : parseRfc3339(text);
}

/** What a cursor is of: what the query asks for, and where. */
function digestOf({ cursor: _cursor, limit: _limit, ...asked }: ChangesQuery, path: string): string {
  const members = Object.entries<unknown>(asked).filter(([, value]) => value !== undefined);
  return createHash('sha1')
    .update(JSON.stringify([path, ...members.sort()]))
    .digest('hex')
    .slice(0, 8);
}
