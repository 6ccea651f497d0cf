import { Controller, Get, Param, Query, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { parseId } from '../../common/database/object-id.js';
import { DomainError } from '../../common/errors/domain.error.js';
import { ApiId } from '../../common/http/ids.js';
import { ApiPage, decodeTimedCursor, type Page, pageOf } from '../../common/http/pages.js';
import { ApiProblems } from '../../common/http/problems.decorator.js';
import { streamed } from '../../common/http/streamed.js';
import { CurrentUser, ForUsers } from '../auth/permissions.js';
import { type OperationEntity } from '../operations/operation.schema.js';
import { OperationsService } from '../operations/operations.service.js';
import { parseRfc3339 } from '../operations/schedule/times.js';
import { type UserEntity } from '../users/user.schema.js';
import { ResultDto, ResultsQuery } from './dto/result.dto.js';
import { type ResultEntity } from './result.schema.js';
import { type ResultFilter } from './results.repository.js';
import { rawBytes, ResultsService } from './results.service.js';

const NDJSON = 'application/x-ndjson';

@ApiTags('results')
@ApiBearerAuth()
@ForUsers()
@Controller('api/v1')
export class ResultsController {
  constructor(
    private readonly results: ResultsService,
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
  @ApiProblems(400, 401, 404)
  async list(
    @CurrentUser() user: UserEntity,
    @Param('id') id: string,
    @Query() query: ResultsQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<ResultDto> | StreamableFile> {
    const operation = await this.operations.get(parseId(id), user);
    const filter = filterOf(operation, query);
    const after = decodeTimedCursor(query.cursor);
    if (request.accepts(['json', NDJSON]) === NDJSON) {
      return streamed(this.lines(filter, query), NDJSON);
    }
    const { found, cut } = await this.results.list(filter, query.limit + 1, after);
    const position = ({ _id, received_at }: ResultEntity) => ({ _id, at: received_at });
    const limit = cut ? found.length - 1 : query.limit;
    const page = pageOf({ request, response }, { limit }, found, (result) => result, position);
    return {
      items: await Promise.all(page.items.map((result) => this.shown(result, query))),
      next: page.next,
    };
  }

  @Get('results/:id/raw')
  @ApiOperation({ summary: 'What the probe sent, byte for byte' })
  @ApiId('result')
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({
    description: 'warts, gzipped text, or a JSON document of docs/protocol.md (dns, http, tls ...).',
    content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiProblems(400, 401, 404)
  async raw(@CurrentUser() user: UserEntity, @Param('id') id: string): Promise<StreamableFile> {
    const resultId = parseId(id);
    const result = resultId && (await this.results.findById(resultId));
    if (!result?.raw) throw new DomainError('not_found', 'There is no such result');
    await this.operations.get(result.operation, user);
    const extension = result.format === 'gzip' ? 'txt.gz' : (result.format ?? 'bin');
    return new StreamableFile(rawBytes(result.raw), {
      type: 'application/octet-stream',
      disposition: `attachment; filename="${result._id.toHexString()}.${extension}"`,
    });
  }

  private async *lines(filter: ResultFilter, query: ResultsQuery): AsyncGenerator<string> {
    for await (const result of this.results.stream(filter))
      yield `${JSON.stringify(await this.shown(result, query))}\n`;
  }

  private async shown(result: ResultEntity, { view }: ResultsQuery): Promise<ResultDto> {
    const dto = ResultDto.from(result);
    if (view === 'summary' || result.raw === undefined) return dto;
    return { ...dto, decoded: JSON.parse(await this.results.present(result, view)) as unknown };
  }
}

function filterOf(
  operation: OperationEntity,
  { probe, outcome, from, to, view }: ResultsQuery,
): ResultFilter {
  return {
    operation: operation._id,
    withoutContent: view === 'summary',
    probe: parseId(probe),
    outcome,
    from: from === undefined ? undefined : parseRfc3339(from),
    to: to === undefined ? undefined : parseRfc3339(to),
  };
}
