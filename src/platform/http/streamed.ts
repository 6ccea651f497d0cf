import { StreamableFile } from '@nestjs/common';
import { type Response } from 'express';
import { Readable } from 'node:stream';
import { joined } from './joined.js';
import { answerWithProblem } from './problem.filter.js';

/**
 * An answer that is made piece by piece, as fast as its reader takes it; a failure before the first piece is a problem like any other.
 * @param make is given what tells that the reader has left: whatever it waits for then is of no use
 * @param headers of the answer
 */
export function streamed(
  make: (gone: AbortSignal) => AsyncIterable<string | Buffer>,
  headers: { type: string; disposition?: string; length?: number },
): StreamableFile {
  const gone = new AbortController();
  const stream = Readable.from(joined(make(gone.signal)), { objectMode: true, highWaterMark: 1 });
  const destroy = stream._destroy.bind(stream);
  // not at 'close': that waits for the source, and the source for what it waits for
  stream._destroy = (error, done) => {
    gone.abort();
    destroy(error, done);
  };
  return new StreamableFile(stream, headers).setErrorHandler((error, answer) => {
    const response = answer as unknown as Response;
    if (!response.destroyed) answerWithProblem(error, response.req, response);
  });
}
