import { Controller, Get, Param, Query, Req, type StreamableFile } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { parseRfc3339 } from '@pladmed/protocol';
import { type Request } from 'express';
import { type OperationEntity, type OperationKind } from '../../core/assignments/index.js';
import { OperationsService, readerOf } from '../../core/operations/index.js';
import { type UserEntity } from '../../core/users/index.js';
import { namesOf, type SeriesAnswer, SeriesService } from '../../derived/series/index.js';
import { isKindName, type KindName } from '../../measurement/kinds/index.js';
import { parseId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { ApiId } from '../../platform/http/ids.js';
import { CurrentUser, ForReaders } from '../../platform/http/permissions.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { streamed } from '../../platform/http/streamed.js';
import { OperationSeriesQuery, SeriesDto, TargetSeriesDto, TargetSeriesQuery } from './dto/series.dto.js';
import { seriesCsv } from './series-csv.js';

const CSV = 'text/csv; charset=utf-8';
/** Of one answer: the account of the runs of each is read. */
const MOST_OPERATIONS = 50;

@ApiTags('series')
@ApiBearerAuth()
@ForReaders('read')
@Controller('api/v1')
export class SeriesController {
  constructor(
    private readonly operations: OperationsService,
    private readonly series: SeriesService,
  ) {}

  @Get('operations/:id/series')
  @ApiOperation({
    summary: "An operation's figures by time",
    description:
      'Runs, packets, round-trip times and the like of each bucket. A result is laid to the time at which its run was due, or came where it names no run. A bucket without results says why: nothing was due, or what became of what was.',
  })
  @ApiId('operation')
  @ApiExtraModels(SeriesDto)
  @ApiOkResponse({
    content: {
      'application/json': { schema: { $ref: getSchemaPath(SeriesDto) } },
      'text/csv': { schema: { type: 'string' } },
    },
  })
  @ApiProblems(400, 401, 404)
  async ofOperation(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Query() query: OperationSeriesQuery,
    @Req() request: Request,
  ): Promise<SeriesDto | StreamableFile> {
    const operation = await this.operations.get(parseId(id), user);
    const destinations = query.destination === undefined ? undefined : [query.destination];
    const answer = await this.series.of(withFigures(operation.kind), [operation], {
      ...askedIn(query),
      by: query.by,
      destinations,
    });
    const operationId = operation._id.toHexString();
    if (isJson(query, request)) return SeriesDto.of(operationId, query.by, answer);
    return csvOf(answer, operationId);
  }

  @Get('series')
  @ApiOperation({
    summary: 'The figures of a target by time, over operations',
    description: `Of those that you may see, of one kind, ${MOST_OPERATIONS} at the most.`,
  })
  @ApiExtraModels(TargetSeriesDto)
  @ApiOkResponse({
    content: {
      'application/json': { schema: { $ref: getSchemaPath(TargetSeriesDto) } },
      'text/csv': { schema: { type: 'string' } },
    },
  })
  @ApiProblems(400, 401, 404)
  async ofTarget(
    @CurrentUser() user: UserEntity,
    @Query() query: TargetSeriesQuery,
    @Req() request: Request,
  ): Promise<TargetSeriesDto | StreamableFile> {
    const operations = await this.measuring(query, user);
    const kind = onlyKindOf(operations);
    const answer = await this.series.of(kind, operations, {
      ...askedIn(query),
      ...{ by: query.by, destinations: namesOf(query.target) },
    });
    const ids = operations.map(({ _id }) => _id.toHexString());
    return isJson(query, request) ? TargetSeriesDto.of(query, ids, answer) : csvOf(answer, undefined);
  }

  /** @throws DomainError not_found (none), invalid_request (too many) */
  private async measuring(
    { target, kind, operation }: TargetSeriesQuery,
    user: UserEntity,
  ): Promise<OperationEntity[]> {
    const found = await this.series.operationsOf(target);
    const ids = operation ? found.filter((id) => operation.includes(id.toHexString())) : found;
    const visible =
      ids.length === 0
        ? []
        : await this.operations.namesOf({ ids, visibleTo: readerOf(user), kind }, MOST_OPERATIONS + 1);
    if (visible.length === 0)
      throw new DomainError('not_found', 'No operation that you may see has figures of this target');
    if (visible.length > MOST_OPERATIONS)
      throw DomainError.invalid({
        field: 'operation',
        message: `must be given: more than ${MOST_OPERATIONS} operations have figures of this target`,
      });
    return Promise.all(visible.map(({ _id }) => this.operations.get(_id, user)));
  }
}

function askedIn({ from, to, bucket, probe, metrics }: OperationSeriesQuery | TargetSeriesQuery) {
  return {
    ...{ from: instantOf(from), to: instantOf(to), step: bucket, columns: metrics },
    probes: probe?.map(parseId).filter((each) => each !== undefined),
  };
}

/** @throws DomainError not_found: other measurements of scamper, from files, have no figures */
function withFigures(kind: OperationKind): KindName {
  if (isKindName(kind)) return kind;
  throw new DomainError('not_found', `There are no series of ${kind}`);
}

/** @throws DomainError invalid_request where there are several: their figures are others */
function onlyKindOf(operations: readonly OperationEntity[]): KindName {
  const [kind, ...others] = new Set(operations.map((operation) => operation.kind));
  if (kind !== undefined && others.length === 0) return withFigures(kind);
  const kinds = [kind, ...others].join(', ');
  throw DomainError.invalid({
    field: 'kind',
    message: `must be given: this target was measured by ${kinds}`,
  });
}

function csvOf(answer: SeriesAnswer, operationId: string | undefined): StreamableFile {
  return streamed(() => inTurns(seriesCsv(answer, operationId)), {
    type: CSV,
    disposition: 'attachment; filename="series.csv"',
  });
}

function isJson({ format }: OperationSeriesQuery | TargetSeriesQuery, request: Request): boolean {
  return (format ?? formatAccepted(request)) === 'json';
}

function formatAccepted(request: Request): 'json' | 'csv' {
  return request.accepts(['json', 'text/csv']) === 'text/csv' ? 'csv' : 'json';
}

function instantOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : parseRfc3339(text);
}

// eslint-disable-next-line typescript/require-await -- each piece is made when it is asked for
async function* inTurns(pieces: Iterable<string>): AsyncGenerator<string, void> {
  yield* pieces;
}
