import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
  NotFoundException,
} from '@nestjs/common';
import { type Request, type Response } from 'express';
import { isDatabaseAway } from '../errors/database-errors.js';
import { requestIdOf } from '../logging/request-context.js';
import { type ErrorCode } from '../errors/catalogue.js';
import { ChangedMeanwhileError, DomainError, LimitReachedError } from '../errors/domain.error.js';
import { methodNotAllowed } from './method-not-allowed.js';
import { errorFormOf } from './error-form.js';
import { internalProblem, problemOf, PROBLEM_CONTENT_TYPE } from './problem.js';

const CODE_OF_STATUS: Record<number, ErrorCode> = {
  400: 'invalid_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  406: 'not_acceptable',
  409: 'conflict',
  413: 'body_too_large',
};

/** Every error of a handler, a pipe or a middleware. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
    const other = isOfAnotherRoute(error) ? methodNotAllowed(request) : undefined;
    if (other !== undefined) response.setHeader('Allow', other.allow);
    answerWithProblem(other?.error ?? error, request, response);
  }
}

/** Nest's own: no route took it. Or one took the last word of a path that has a route of its own for an id. */
function isOfAnotherRoute(error: unknown): boolean {
  if (error instanceof NotFoundException) return true;
  return error instanceof DomainError && [400, 404, 428].includes(error.status);
}

const logger = new Logger('http');

/**
 * The one place where an error becomes an HTTP answer. Of an answer that has begun the connection is cut, so that nobody
 * takes half of it for the whole.
 */
export function answerWithProblem(error: unknown, request: Request, response: Response): void {
  if (hasLeft(error, request)) {
    response.destroy();
    return;
  }
  const requestId = requestIdOf(request);
  const mistake = domainErrorOf(error);
  if (mistake === undefined) logger.error({ err: error, request_id: requestId }, 'request failed');
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const retryAfterS = retryAfterOf(mistake);
  if (retryAfterS !== undefined) response.setHeader('Retry-After', String(retryAfterS));
  const problem =
    mistake === undefined ? internalProblem(requestId) : problemOf(mistake, requestId, hasBody(request));
  if (problem.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="pladmed"');
  if (mistake instanceof ChangedMeanwhileError && mistake.revision !== undefined) {
    response.setHeader('ETag', `"${mistake.revision}"`);
  }
  const form = errorFormOf(response);
  const { status, body } = form?.(problem) ?? { status: problem.status, body: problem };
  response
    .status(status)
    .type(form === undefined ? PROBLEM_CONTENT_TYPE : 'application/json')
    .send(JSON.stringify(body));
}

/** Whether the caller hung up in the middle of a body: nobody is there to be answered, and nothing of ours failed. */
function hasLeft(error: unknown, { destroyed, complete }: Request): boolean {
  return destroyed && !complete && (error as NodeJS.ErrnoException | undefined)?.code === 'ECONNRESET';
}

/** The methods whose members are in the body, not in the query. */
function hasBody({ method }: Request): boolean {
  return ['POST', 'PUT', 'PATCH'].includes(method);
}

/** @returns seconds after which the same request may do better; undefined: none is known */
function retryAfterOf(mistake: DomainError | undefined): number | undefined {
  if (mistake?.status === 503) return 2;
  if (!(mistake instanceof LimitReachedError)) return undefined;
  const { freeAt, asOf = new Date() } = mistake.reached;
  return freeAt && Math.max(1, Math.ceil((freeAt.getTime() - asOf.getTime()) / 1000));
}

/** @returns the caller's mistake behind an error of ours, of Nest, of a body parser or of the driver; undefined: it is ours */
export function domainErrorOf(error: unknown): DomainError | undefined {
  if (error instanceof DomainError) return error;
  if (error instanceof HttpException) return fromStatus(error.getStatus(), error.message);
  if (isDatabaseAway(error))
    return new DomainError('busy', 'The database does not answer; try again shortly');
  const { status } = (error ?? {}) as { status?: unknown };
  if (typeof status === 'number') return fromStatus(status, (error as Error).message);
  return undefined;
}

function fromStatus(status: number, message: string): DomainError | undefined {
  if (status < 400 || status >= 500) return undefined;
  return new DomainError(CODE_OF_STATUS[status] ?? 'invalid_request', message);
}
