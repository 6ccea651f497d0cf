import { Controller, Get, Param, Query, Req, Res, type StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { parseId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { ApiId } from '../../platform/http/ids.js';
import { ApiPage, decodeTimedCursor, encodeCursor, linkToNext } from '../../platform/http/pages.js';
import { ApiProblems } from '../../platform/http/problems.decorator.js';
import { streamed } from '../../platform/http/streamed.js';
import { CurrentUser, ForUsers } from '../../platform/http/permissions.js';
import { type OperationEntity } from '../../core/assignments/index.js';
import { OperationsService } from '../../core/operations/index.js';
import { parseRfc3339 } from '@pladmed/protocol';
import { type UserEntity } from '../../core/users/index.js';
import { DecodedTexts, type ReadResult, type ResultFilter, ResultReader } from '../../core/results/index.js';
import { DECODED_SCHEMA, DecodedQuery, ResultDto, ResultsQuery } from './dto/result.dto.js';
import { ResultListings } from './result-listings.js';

const NDJSON = 'application/x-ndjson';
const JSON_TYPE = 'application/json; charset=utf-8';

@ApiTags('results')
@ApiBearerAuth()
@ForUsers()
@Controller('api/v1')
export class ResultsController {
  constructor(
    private readonly reader: ResultReader,
    private readonly listings: ResultListings,
    private readonly texts: DecodedTexts,
    private readonly operations: OperationsService,
  ) {}

  @Get('operations/:id/results')
  @ApiOperation({
    summary: "An operation's results, in the order in which they came",
    description: `With \`Accept: ${NDJSON}\`: all of them, one a line, without pages.`,
  })
  @ApiId('operation')
  @ApiPage(ResultDto, 'A page of results; or all of them, one a line.', {
    [NDJSON]: { schema: { type: 'string' } },
  })
  @ApiProblems(400, 401, 404, 503)
  async list(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Query() query: ResultsQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string | StreamableFile> {
    const operation = await this.operations.get(parseId(id), user);
    const filter = filterOf(operation, query);
    const { view, limit } = query;
    const after = decodeTimedCursor(query.cursor);
    if (request.accepts(['json', NDJSON]) === NDJSON)
      return streamed((gone) => this.listings.lines(filter, view, gone), { type: NDJSON });
    const page = await this.listings.page(filter, view, limit, after, goneOf(response));
    const next = page.next === undefined ? null : encodeCursor(page.next);
    linkToNext({ request, response }, next);
    const text = this.listings.textOf(page, view, next);
    if (typeof text !== 'string') return streamed(text, { type: JSON_TYPE });
    response.type(JSON_TYPE);
    return text;
  }

  @Get('results/:id/decoded')
  @ApiOperation({
    summary: 'What the raw bytes of a result say, of any length',
    description:
      'Streamed, as fast as it is read: what a listing shows as `decoded`, or leaves to `decoded_url`.',
  })
  @ApiId('result')
  @ApiOkResponse({ description: 'An array of objects, or a string with text.', schema: DECODED_SCHEMA })
  @ApiProblems(400, 401, 404, 503)
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
  @ApiProblems(400, 401, 404, 503)
  async raw(@CurrentUser() user: UserEntity, @Param('id') id: string): Promise<StreamableFile> {
    const result = await this.visible(id, user);
    const extension = result.format === 'gzip' ? 'txt.gz' : (result.format ?? 'bin');
    return streamed((gone) => this.texts.raw(result, gone), {
      type: 'application/octet-stream',
      disposition: `attachment; filename="${result._id.toHexString()}.${extension}"`,
      length: result.raw_bytes,
    });
  }

  /** @throws DomainError not_found, also for a failed run, which brought no bytes */
  private async visible(id: string, user: UserEntity): Promise<ReadResult> {
    const result = await this.reader.find(parseId(id), { head: false, raw: true });
    if (result.format === undefined) throw new DomainError('not_found', 'There is no such result');
    await this.operations.get(result.operation, user);
    return result;
  }
}

/** @returns what tells that the client of a request has left */
function goneOf(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
  });
  return gone.signal;
}

function filterOf(operation: OperationEntity, { probe, outcome, from, to }: ResultsQuery): ResultFilter {
  return {
    operation: operation._id,
    probe: parseId(probe),
    outcome,
    from: from === undefined ? undefined : parseRfc3339(from),
    to: to === undefined ? undefined : parseRfc3339(to),
  };
}
