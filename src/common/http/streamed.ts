import { Logger, StreamableFile } from '@nestjs/common';
import { type Response } from 'express';
import { Readable } from 'node:stream';
import { domainErrorOf } from '../errors/problem.filter.js';
import { internalProblem, problemOf, PROBLEM_CONTENT_TYPE } from '../errors/problem.js';
import { requestIdOf } from '../logging/request-context.js';

const logger = new Logger('http');

/**
 * An answer that is made piece by piece. A failure before the first piece is a problem like any other; after it the
 * connection is cut, so that nobody takes half an answer for a whole one.
 */
export function streamed(text: AsyncIterable<string>, type: string): StreamableFile {
  const file = new StreamableFile(Readable.from(text), { type });
  return file.setErrorHandler((error, answer) => {
    const response = answer as unknown as Response;
    if (response.destroyed) return;
    const requestId = requestIdOf(response.req);
    const mistake = domainErrorOf(error);
    if (mistake === undefined)
      logger.error({ err: error, request_id: requestId }, 'a streamed answer failed');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const problem = mistake === undefined ? internalProblem(requestId) : problemOf(mistake, requestId);
    response.status(problem.status).type(PROBLEM_CONTENT_TYPE).send(JSON.stringify(problem));
  });
}
