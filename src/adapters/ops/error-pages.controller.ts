import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { ALL_CODES, type AnyErrorCode, pageOfError } from '../../platform/errors/catalogue.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { ApiProblem, ApiProblems } from '../../platform/http/problems.decorator.js';
import { Public } from '../../platform/http/permissions.js';
import {
  type ErrorDocument,
  errorDocument,
  errorDocuments,
  htmlOf,
  htmlOfAll,
  markdownOf,
  markdownOfAll,
  PAGE_POLICY,
} from './error-pages.js';

/** What is tried for a caller that takes anything comes first. */
const MEDIA_TYPES = ['text/html', 'text/markdown', 'application/json'] as const;
type MediaType = (typeof MEDIA_TYPES)[number];

class ErrorDto implements ErrorDocument {
  @ApiProperty({
    format: 'uri-reference',
    example: pageOfError('busy'),
    description: 'As problems have it.',
  })
  type: string;

  @ApiProperty({ enum: ALL_CODES })
  code: AnyErrorCode;

  @ApiProperty({ type: 'integer', minimum: 400, maximum: 599 })
  status: number;

  @ApiProperty()
  title: string;

  @ApiProperty({ description: 'Markdown, with code spans alone.' })
  meaning: string;

  @ApiProperty({ description: 'What to do, likewise.' })
  remedy: string;
}

const text = { schema: { type: 'string' as const } };

/** The pages to which `type` of a problem leads. */
@ApiTags('operation of the server')
@ApiProblem(500)
@ApiExtraModels(ErrorDto)
@Public()
@Controller('docs/errors')
export class ErrorPagesController {
  @Get()
  @ApiOperation({ summary: 'All kinds of errors' })
  @ApiOkResponse({
    description: 'A page for people, the same as Markdown, or a list for programs, by `Accept`.',
    content: {
      'text/html': text,
      'text/markdown': text,
      'application/json': { schema: { type: 'array', items: { $ref: getSchemaPath(ErrorDto) } } },
    },
  })
  @ApiProblems(406)
  list(@Req() request: Request, @Res({ passthrough: true }) response: Response): string {
    const errors = errorDocuments();
    return answer(request, response, {
      'text/html': () => htmlOfAll(errors),
      'text/markdown': () => markdownOfAll(errors),
      'application/json': () => JSON.stringify(errors),
    });
  }

  @Get(':code')
  @ApiOperation({
    summary: 'What an error means, and what to do',
    description: '`type` of a problem leads here.',
  })
  @ApiParam({ name: 'code', schema: { type: 'string', enum: ALL_CODES } })
  @ApiOkResponse({
    description: 'A page for people, the same as Markdown, or its parts for programs, by `Accept`.',
    content: {
      'text/html': text,
      'text/markdown': text,
      'application/json': { schema: { $ref: getSchemaPath(ErrorDto) } },
    },
  })
  @ApiProblems(400, 404, 406)
  one(
    @Param('code') code: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): string {
    const error = errorDocument(code);
    if (error === undefined)
      throw new DomainError('not_found', 'There is no such error: /docs/errors lists all');
    return answer(request, response, {
      'text/html': () => htmlOf(error),
      'text/markdown': () => markdownOf(error),
      'application/json': () => JSON.stringify(error),
    });
  }
}

/** @throws DomainError not_acceptable */
function answer(request: Request, response: Response, texts: Record<MediaType, () => string>): string {
  response.vary('Accept');
  const type = MEDIA_TYPES.find((each) => each === request.accepts([...MEDIA_TYPES]));
  if (type === undefined) {
    throw new DomainError('not_acceptable', `The page is there as ${MEDIA_TYPES.join(', ')}`);
  }
  response.setHeader('Content-Security-Policy', PAGE_POLICY);
  // a later version of the server may say more
  response.setHeader('Cache-Control', 'no-cache');
  response.type(type);
  return texts[type]();
}
