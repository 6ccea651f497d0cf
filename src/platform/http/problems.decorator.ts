import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { BOUNDS } from '../limits/limit-hits.js';
import { ALL_CODES, pageOfError } from '../errors/catalogue.js';
import { PROBLEM_CONTENT_TYPE } from './problem.js';

/** One of `pointer`, `parameter` and `header` is there. */
export class ViolationDto {
  @ApiProperty({
    required: false,
    example: '/params/maxttl',
    description: 'Its place in the body: a JSON pointer (RFC 6901); empty: the whole body.',
  })
  pointer?: string;

  @ApiProperty({ required: false, description: 'Its name in the query or the path.' })
  parameter?: string;

  @ApiProperty({ required: false, description: 'Its name among the headers.' })
  header?: string;

  @ApiProperty({ example: 'must be an integer from 1 to 255', description: 'What would be right.' })
  detail: string;

  @ApiProperty({ example: 'params.maxttl', description: 'Its place with dots, for people.' })
  field: string;

  @ApiProperty({ example: 'must be an integer from 1 to 255', description: 'The same as `detail`.' })
  message: string;
}

class ConditionDto {
  @ApiProperty({
    example: 'min_uptime',
    description: 'A member of `select`; `kind`: the kind of the operation.',
  })
  condition: string;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'How many of all probes do not meet it.' })
  excludes: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'How many would match if it were not asked.' })
  matching_without: number;
}

class ShortageDto {
  @ApiProperty({ type: 'integer', minimum: 1 })
  asked: number;

  @ApiProperty({ type: 'integer', minimum: 0 })
  matching: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'All probes that there are.' })
  registered: number;

  @ApiProperty({ type: [ConditionDto] })
  conditions: ConditionDto[];
}

/** RFC 9457, and the member `Error` of the classic contract. */
export class ProblemDto {
  @ApiProperty({
    format: 'uri-reference',
    example: pageOfError('invalid_request'),
    description:
      'A page of this server about this kind of error, for people; relative to the address of the request.',
  })
  type: string;

  @ApiProperty({ example: 'The request is not valid' })
  title: string;

  @ApiProperty({ type: 'integer', minimum: 400, maximum: 599, example: 400 })
  status: number;

  @ApiProperty({ example: 'params.maxttl must be an integer from 1 to 255' })
  detail: string;

  @ApiProperty({
    enum: ALL_CODES,
    description: 'Stable; programs may rely on it.',
    example: 'invalid_request',
  })
  code: string;

  @ApiProperty({ description: 'The log of the server has the request under this id.', format: 'uuid' })
  request_id: string;

  @ApiProperty({ type: [ViolationDto], required: false, description: 'Every wrong member.' })
  errors?: ViolationDto[];

  @ApiProperty({ enum: BOUNDS, required: false, description: 'The bound that was reached (429).' })
  bound?: string;

  @ApiProperty({ required: false, type: 'number', minimum: 0, description: 'What the bound allows.' })
  limit?: number;

  @ApiProperty({ required: false, type: 'number', minimum: 0, description: 'What is used of it.' })
  used?: number;

  @ApiProperty({
    required: false,
    type: 'number',
    minimum: 0,
    description: 'What the request would have added, where that is not simply one more.',
  })
  asked?: number;

  @ApiProperty({
    required: false,
    type: 'string',
    nullable: true,
    format: 'date-time',
    description: 'When there is room again; null: never for this request, it asks for more than the bound.',
  })
  free_at?: string | null;

  @ApiProperty({ required: false, description: 'The address or name that is bounded.', example: '192.0.2.1' })
  target?: string;

  @ApiProperty({
    required: false,
    type: 'string',
    format: 'date-time',
    description: 'When it was deleted (410): it was older than it is kept.',
  })
  deleted_at?: string;

  @ApiProperty({
    type: ShortageDto,
    required: false,
    description: 'Where too few probes match `select` (too_few_probes): what keeps others from matching.',
  })
  shortage?: ShortageDto;

  @ApiProperty({
    description: 'For classic callers: `detail`, or the sentence that the classic contract fixes.',
    example: 'params.maxttl must be an integer from 1 to 255',
  })
  Error: string;
}

const MEANINGS: Record<number, string> = {
  400: 'The request is not valid; `errors` lists each wrong member.',
  401: 'No valid access token.',
  403: 'Not allowed for this account.',
  404: 'There is no such thing, or it is not for you to see.',
  406: 'There is no format that `Accept`, or `format`, asks for; `detail` says which there are.',
  409: 'The state of things does not allow this; it may later.',
  410: 'It is not kept any more; `deleted_at` says since when.',
  412: 'It was changed since you read it: `ETag` is its present revision; read it again.',
  413: 'The body is over 1 MB.',
  422: 'The Idempotency-Key was used for another request.',
  428: 'An If-Match header is needed.',
  429: 'A bound is reached: `bound` says which, `limit`, `used` and `asked` how far, `free_at` when there is room again.',
  431: 'Address and headers have more than 16 KB together.',
  500: 'A mistake of ours; the log has it under `request_id`.',
  503: 'Too much to do, or no database; try again shortly.',
};

const text = { type: 'string' } as const;

const HEADERS: Record<number, Record<string, { description: string; schema: { type: 'string' } }>> = {
  412: { ETag: { description: 'Its present revision.', schema: text } },
  401: { 'WWW-Authenticate': { description: 'RFC 6750.', schema: text } },
  429: {
    'Retry-After': { description: 'Seconds to wait; absent where waiting does not help.', schema: text },
  },
  503: { 'Retry-After': { description: 'Seconds to wait.', schema: text } },
};

/** Documents the errors of a route; 431, 500 and 503 are possible everywhere and need not be named. */
export function ApiProblems(...statuses: number[]) {
  return applyDecorators(
    // once for all: each mention is read again at every start
    ApiExtraModels(ProblemDto),
    ...[...new Set([...statuses, 431, 500, 503])].sort((a, b) => a - b).map((status) => responseOf(status)),
  );
}

export function ApiProblem(status: number) {
  return applyDecorators(ApiExtraModels(ProblemDto), responseOf(status));
}

function responseOf(status: number) {
  const schema = { $ref: getSchemaPath(ProblemDto) };
  return ApiResponse({
    status,
    description: MEANINGS[status] ?? '',
    headers: HEADERS[status] ?? {},
    content: { [PROBLEM_CONTENT_TYPE]: { schema } },
  });
}
