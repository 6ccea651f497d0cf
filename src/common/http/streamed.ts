import { StreamableFile } from '@nestjs/common';
import { type Response } from 'express';
import { Readable } from 'node:stream';
import { answerWithProblem } from '../errors/problem.filter.js';

/** An answer that is made piece by piece; a failure before the first piece is a problem like any other. */
export function streamed(text: AsyncIterable<string | Buffer>, type: string): StreamableFile {
  return new StreamableFile(Readable.from(text), { type }).setErrorHandler((error, answer) => {
    const response = answer as unknown as Response;
    if (!response.destroyed) answerWithProblem(error, response.req, response);
  });
}
