import { StreamableFile } from '@nestjs/common';
import { type Response } from 'express';
import { Readable } from 'node:stream';
import { joined } from './joined.js';
import { answerWithProblem } from './problem.filter.js';

const endings = new WeakMap<object, Ending>();

/**
 * Ends an answer of `streamed` before its source does: behind the piece that its reader takes now comes `lastWords`, packed as all
 * before it, and nothing more.
 */
export function endWith(answer: StreamableFile, lastWords: string): void {
  endings.get(answer.getStream())?.now(lastWords);
}

const ENDED = Symbol('it is to end');

/** Lets pieces pass until somebody else says that it is over. */
class Ending {
  private lastWords: string | undefined;
  private wake: () => void = () => undefined;

  now(lastWords: string): void {
    this.lastWords ??= lastWords;
    this.wake();
  }

  async *behind(source: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
    try {
      for (;;) {
        const found = await this.endOr(source.next());
        if (found === ENDED) {
          yield Buffer.from(this.lastWords ?? '');
          return;
        }
        if (found.done === true) return;
        yield found.value;
      }
    } finally {
      // not waited for: it may wait for what never comes until its reader is gone
      source.return().catch(() => undefined);
    }
  }

  private endOr<T>(next: Promise<T>): Promise<T | typeof ENDED> {
    return new Promise((resolve, reject) => {
      this.wake = () => {
        resolve(ENDED);
      };
      if (this.lastWords !== undefined) this.wake();
      next.then(resolve, reject);
    });
  }
}

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
  const ending = new Ending();
  const stream = Readable.from(ending.behind(joined(make(gone.signal))), {
    objectMode: true,
    highWaterMark: 1,
  });
  endings.set(stream, ending);
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

const LEFT = new Error('the reader has left');

/**
 * An answer that may be short: it is sent at once, with an ETag, where it comes as strings alone. A longer one is streamed.
 * @param make as of `streamed`
 * @param most characters that are sent at once
 */
export async function sentOrStreamed(
  make: (gone: AbortSignal) => AsyncGenerator<string | Buffer, void>,
  headers: { type: string },
  most: number,
  response: Response,
): Promise<string | StreamableFile> {
  const gone = new AbortController();
  let isWhole = false;
  response.once('close', () => {
    if (!isWhole) gone.abort(LEFT);
  });
  const source = make(gone.signal);
  let text = '';
  try {
    for (;;) {
      const { value, done } = await source.next();
      if (done === true) break;
      if (typeof value === 'string') text += value;
      if (typeof value === 'string' && text.length <= most) continue;
      const begun = typeof value === 'string' ? [text] : [text, value];
      return streamed(() => continued(begun, source), headers);
    }
  } catch (error) {
    // nobody is there to be told
    if (!gone.signal.aborted) throw error;
  }
  isWhole = true;
  response.type(headers.type);
  return text;
}

async function* continued(
  begun: readonly (string | Buffer)[],
  source: AsyncGenerator<string | Buffer, void>,
): AsyncGenerator<string | Buffer, void> {
  try {
    yield* begun;
    yield* source;
  } finally {
    await source.return();
  }
}
