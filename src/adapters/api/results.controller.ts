import { Controller, Get, Param, Query, Req, Res, type StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { parseId } from '../../platform/database/object-id.js';
import { DomainError, GoneError } from '../../platform/errors/domain.error.js';
import { ApiId } from '../../platform/http/ids.js';
import { ApiPage, decodeTimedCursor, encodeCursor, linkToNext } from '../../platform/http/pages.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { cutOff, patiently } from '../../platform/http/patience.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { streamed } from '../../platform/http/streamed.js';
import { CurrentUser, ForReaders } from '../../platform/http/permissions.js';
import { type OperationEntity, type OperationKind } from '../../core/assignments/index.js';
import { OperationsService, readerOf } from '../../core/operations/index.js';
import { isKindName, type KindName } from '../../measurement/kinds/index.js';
import { AccessWatch, type UserEntity } from '../../core/users/index.js';
import {
  DecodedTexts,
  type ReadResult,
  type ResultFilter,
  ResultReader,
  ResultsFollower,
} from '../../core/results/index.js';
import { DECODED_SCHEMA, DecodedQuery, OneResultQuery, ResultDto } from './dto/result.dto.js';
import { OperationResultsQuery, type ResultsQuery, SearchQuery } from './dto/results-query.dto.js';
import { QueriedProbes } from './queried-probes.js';
import { digestOf, filterOf } from './results-filter.js';
import { ResultsAtlas } from './results-atlas.js';
import { ResultsCsv } from './results-csv.js';
import { ResultsParquet } from './results-parquet.js';
import { dispositionOf, formatFor, RESULT_FILES, type ResultFileFormat } from './result-formats.js';
import { partsOf, ResultListings } from './result-listings.js';

/** Who follows and takes nothing for so long is cut off. */
const PATIENCE_MS = 20_000;
const ACCESS_OVER = 'the access token or key is over';
const SLOW = 'lines were not taken as fast as they came: go on after the last `position` that you have';
const { type: NDJSON } = RESULT_FILES.ndjson;
const { sent: JSON_TYPE } = RESULT_FILES.json;
/** How many operations one search looks through: MongoDB merges so many ranges of its index in order, and sorts nothing. */
const MOST_OPERATIONS = 200;

const TEXT = { schema: { type: 'string' as const } };
const BYTES = { schema: { type: 'string' as const, format: 'binary' } };
const ATLAS = {
  schema: { type: 'array' as const, items: { type: 'object' as const, additionalProperties: true } },
};
const AS_FILES = {
  [RESULT_FILES.ndjson.type]: TEXT,
  [RESULT_FILES.csv.type]: TEXT,
  [RESULT_FILES.parquet.type]: BYTES,
  [RESULT_FILES.warts.type]: BYTES,
  [RESULT_FILES.atlas.type]: ATLAS,
};
const KEPT_FROM = {
  results_kept_from: {
    type: ['string', 'null'],
    format: 'date-time',
    description:
      'Where results of the time that is asked for are deleted, because they are older than they are kept: those that came from this time on are all there. Also the header `Results-Kept-From`, in every format. null: all are there.',
  },
};
const FORMATS_SAID =
  'NDJSON, CSV, Parquet, warts and JSON as RIPE Atlas writes it, by `Accept` or `format`: all of them in one file, without pages, `limit` and `cursor` (docs/data.md, "Formats").';
const SEARCH_SAID =
  'A page looks through 10,000 results at the most, and for a part of a second: it may have few items, or none, and yet a `next`.';

@ApiTags('results')
@ApiBearerAuth()
@ForReaders('read')
@Controller('api/v1')
export class ResultsController {
  constructor(
    private readonly reader: ResultReader,
    private readonly listings: ResultListings,
    private readonly atlas: ResultsAtlas,
    private readonly follower: ResultsFollower,
    private readonly texts: DecodedTexts,
    private readonly operations: OperationsService,
    private readonly probes: QueriedProbes,
    private readonly hits: LimitHits,
    private readonly access: AccessWatch,
  ) {}

  @Get('operations/:id/results')
  @ApiOperation({
    summary: "An operation's results, by the time at which they came",
    description: `${FORMATS_SAID} ${SEARCH_SAID}`,
  })
  @ApiId('operation')
  @ApiPage(ResultDto, 'A page of results; or all of them in one file.', AS_FILES, KEPT_FROM)
  @ApiProblems(400, 401, 404, 406, 503)
  async list(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Query() query: OperationResultsQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string | StreamableFile> {
    const operation = await this.operations.get(parseId(id), user);
    if (query.follow) return this.followed(user, operation, query, { request, response });
    if (query.since !== undefined)
      throw DomainError.invalid({ field: 'since', message: 'must be given with follow' });
    return this.answer(user, [operation], query, { request, response });
  }

  @Get('results')
  @ApiOperation({
    summary: 'Results of several operations, by the time at which they came',
    description: `Of those that are named, or of all that you may see: ${MOST_OPERATIONS} at the most. CSV and Parquet are of one kind. ${FORMATS_SAID} ${SEARCH_SAID}`,
  })
  @ApiPage(ResultDto, 'A page of results; or all of them in one file.', AS_FILES, KEPT_FROM)
  @ApiProblems(400, 401, 404, 406, 503)
  async search(
    @CurrentUser() user: UserEntity,
    @Query() query: SearchQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string | StreamableFile> {
    return this.answer(user, await this.operationsOf(user, query), query, { request, response });
  }

  @Get('results/:id')
  @ApiOperation({ summary: 'One result, with what its raw bytes say' })
  @ApiId('result')
  @ApiOkResponse({ type: ResultDto })
  @ApiProblems(400, 401, 404, 503)
  async get(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Query() { view }: OneResultQuery,
  ): Promise<StreamableFile> {
    const result = await this.reader.find(parseId(id), { head: true, raw: view !== 'summary' });
    await this.operations.get(result.operation, user);
    return streamed((gone) => this.listings.one(result, view, gone), { type: JSON_TYPE });
  }

  @Get('results/:id/decoded')
  @ApiOperation({
    summary: 'What the raw bytes of a result say, of any length',
    description:
      'Streamed, as fast as it is read: what a listing shows as `decoded`, or leaves to `decoded_url`.',
  })
  @ApiId('result')
  @ApiOkResponse({ description: 'An array of objects, or a string with text.', schema: DECODED_SCHEMA })
  @ApiProblems(400, 401, 404, 410, 503)
  async decoded(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Query() { view }: DecodedQuery,
  ): Promise<StreamableFile> {
    const result = await this.visible(id, user);
    return streamed((gone) => this.texts.decoded(result, view, gone), { type: JSON_TYPE });
  }

  @Get('results/:id/raw')
  @ApiOperation({ summary: 'What the probe sent, byte for byte' })
  @ApiId('result')
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({
    description: 'warts, gzipped text, or a JSON document of docs/protocol.md (dns, http, tls ...).',
    content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiProblems(400, 401, 404, 410, 503)
  async raw(@CurrentUser() user: UserEntity, @Param('id') id: string): Promise<StreamableFile> {
    const result = await this.visible(id, user);
    const extension = result.format === 'gzip' ? 'txt.gz' : (result.format ?? 'bin');
    return streamed((gone) => this.texts.raw(result, gone), {
      type: 'application/octet-stream',
      disposition: `attachment; filename="${result._id.toHexString()}.${extension}"`,
      length: result.raw_bytes,
    });
  }

  /** @throws DomainError invalid_request with another format than NDJSON, or with a filter */
  private followed(
    user: UserEntity,
    { _id, kind, results_kept_from }: OperationEntity,
    query: OperationResultsQuery,
    { request, response }: { request: Request; response: Response },
  ): StreamableFile {
    if (formatFor(request, { format: query.format, kinds: [kind] }) !== 'ndjson')
      throw DomainError.invalid({ field: 'format', message: 'must be ndjson with follow' });
    const [filter] = OperationResultsQuery.filtersIn(query);
    if (filter !== undefined)
      throw DomainError.invalid({ field: filter, message: 'must not be given with follow' });
    refusePlace(request, 'with follow, which gives results until you hang up');
    // no proxy between may keep lines back
    response.setHeader('X-Accel-Buffering', 'no');
    const { since, view } = query;
    const end = (why: string) => {
      cutOff(answer, response, `${JSON.stringify({ cut_off: why })}\n`);
    };
    const cut = () => {
      this.hits.note('live_behind');
      end(SLOW);
    };
    const answer = streamed(
      (gone) => {
        const steps = this.follower.follow(_id, since, partsOf(view), gone, results_kept_from);
        return patiently(this.listings.followed(_id, steps, view, gone), PATIENCE_MS, cut);
      },
      { type: NDJSON },
    );
    response.once(
      'close',
      this.access.watch(user, () => {
        end(ACCESS_OVER);
      }),
    );
    return answer;
  }

  private async answer(
    user: UserEntity,
    operations: readonly Pick<OperationEntity, '_id' | 'kind' | 'results_kept_from'>[],
    query: ResultsQuery,
    { request, response }: { request: Request; response: Response },
  ): Promise<string | StreamableFile> {
    const { view, limit } = query;
    const filter = filterOf(
      operations.map(({ _id }) => _id),
      query,
      await this.probes.of(query),
    );
    const keptFrom = keptFromOf(operations, query)?.toISOString() ?? null;
    if (keptFrom !== null) response.setHeader('Results-Kept-From', keptFrom);
    const kinds = [...new Set(operations.map(({ kind }) => kind))];
    const format = formatFor(request, { format: query.format, kinds });
    response.vary('Accept');
    if (format !== 'json') {
      refusePlace(request, `with ${format}, which gives all results in one file`);
      return streamed(this.fileOf(format, filter, { view, kinds, user }), {
        type: RESULT_FILES[format].sent,
        disposition: dispositionOf(format, operations),
      });
    }
    const asked = digestOf(query, request.path);
    const after = decodeTimedCursor(query.cursor, asked);
    const page = await this.listings.page(filter, view, limit, after, goneOf(response));
    const next = page.next === undefined ? null : encodeCursor(page.next, asked);
    linkToNext({ request, response }, next);
    const text = this.listings.textOf(page, view, { next, results_kept_from: keptFrom });
    if (typeof text !== 'string') return streamed(text, { type: JSON_TYPE });
    response.type(JSON_TYPE);
    return text;
  }

  /** @throws DomainError invalid_request for a table of several kinds */
  private fileOf(
    format: Exclude<ResultFileFormat, 'json'>,
    filter: ResultFilter,
    { view, kinds, user }: { view: ResultsQuery['view']; kinds: readonly OperationKind[]; user: UserEntity },
  ): (gone: AbortSignal) => AsyncIterable<string | Buffer> {
    switch (format) {
      case 'ndjson':
        return (gone) => this.listings.lines(filter, view, gone);
      case 'warts':
        return (gone) => this.listings.warts(filter, gone);
      case 'atlas':
        return (gone) => this.atlas.array(filter, user, gone);
      case 'csv': {
        const csv = new ResultsCsv(onlyKindOf(kinds));
        return (gone) => this.listings.rows(filter, csv, gone);
      }
      case 'parquet': {
        const file = new ResultsParquet(onlyKindOf(kinds));
        return (gone) => this.listings.parquet(filter, file, gone);
      }
    }
  }

  /** @throws DomainError not_found (one that is named), invalid_request (there are too many) */
  private async operationsOf(
    user: UserEntity,
    { operation, kind, mine }: SearchQuery,
  ): Promise<Pick<OperationEntity, '_id' | 'kind' | 'owner' | 'results_kept_from'>[]> {
    const found = operation
      ? await this.operations.getAll(operation.map(parseId), user)
      : await this.operations.namesOf(
          { visibleTo: readerOf(user), kind, owner: mine ? user._id : undefined },
          MOST_OPERATIONS + 1,
        );
    if (found.length > MOST_OPERATIONS) {
      const message = `must be given: there are more than ${MOST_OPERATIONS} operations to search; or narrow them by kind or mine`;
      throw DomainError.invalid({ field: 'operation', message });
    }
    return found.filter(
      (each) => (kind === undefined || each.kind === kind) && (!mine || each.owner.equals(user._id)),
    );
  }

  /** @throws DomainError not_found, also for a failed run, which brought no bytes; gone, where they are not kept any more */
  private async visible(id: string, user: UserEntity): Promise<ReadResult> {
    const result = await this.reader.find(parseId(id), { head: false, raw: true });
    if (result.format === undefined) throw new DomainError('not_found', 'There is no such result');
    await this.operations.get(result.operation, user);
    if (result.raw_deleted_at !== undefined) throw rawIsGone(result.raw_deleted_at);
    return result;
  }
}

/** What is of pages alone would be ignored elsewhere, and the answer taken for what it is not. @throws DomainError invalid_request */
function refusePlace({ query }: Request, where: string): void {
  const field = ['limit', 'cursor'].find((name) => query[name] !== undefined);
  if (field !== undefined) throw DomainError.invalid({ field, message: `must not be given ${where}` });
}

function rawIsGone(at: Date): GoneError {
  const detail = `The raw bytes of this result were deleted at ${at.toISOString()}: they are older than they are kept. Its summary is there`;
  return new GoneError(detail, at);
}

/** @returns from when on all results are there, where some before that were asked for and may be deleted */
function keptFromOf(
  operations: readonly Pick<OperationEntity, 'results_kept_from'>[],
  { from }: ResultsQuery,
): Date | undefined {
  const times = operations.flatMap(({ results_kept_from }) => results_kept_from?.getTime() ?? []);
  const keptFrom = Math.max(...times);
  // what was due or began from then on came later still
  const isAsked = from === undefined || new Date(from).getTime() < keptFrom;
  return times.length > 0 && isAsked ? new Date(keptFrom) : undefined;
}

/** @returns what tells that the client of a request has left */
function goneOf(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
  });
  return gone.signal;
}

/** @throws DomainError invalid_request where there are several: their figures are others */
function onlyKindOf(kinds: readonly OperationKind[]): KindName {
  const [kind, ...others] = kinds;
  if (isKindName(kind) && others.length === 0) return kind;
  const message = kind
    ? `must be given: a table is of one kind, and these operations are ${kinds.join(', ')}`
    : 'has no operations that you may see: there are no columns';
  throw DomainError.invalid({ field: 'kind', message });
}
