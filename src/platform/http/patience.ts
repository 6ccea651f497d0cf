import { type StreamableFile } from '@nestjs/common';
import { type Response } from 'express';
import { endWith } from './streamed.js';

/** Who is cut off may read its last words for so long. */
const FAREWELL_MS = 5_000;

/**
 * Hands pieces on, and notices a reader that takes none.
 * @param stuck is called each time that a piece was not taken for so long
 */
export async function* patiently<T>(
  pieces: AsyncIterable<T>,
  patienceMs: number,
  stuck: () => void,
): AsyncGenerator<T, void> {
  for await (const piece of pieces) {
    const waiting = setTimeout(stuck, patienceMs);
    try {
      yield piece;
    } finally {
      clearTimeout(waiting);
    }
  }
}

/** Ends an answer of `streamed` that is under way: behind what waits already it says why, and does not wait for a reader that does not read. */
export function cutOff(answer: StreamableFile, response: Response, lastWords: string): void {
  endWith(answer, lastWords);
  const end = setTimeout(() => {
    response.destroy();
    answer.getStream().destroy();
  }, FAREWELL_MS).unref();
  response.once('close', () => {
    clearTimeout(end);
  });
}
