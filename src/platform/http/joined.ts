import { setImmediate as nextTurn } from 'node:timers/promises';
import { handled } from '../batching/handled.js';

/** So many bytes, or a little more, are handed on at once. */
const ENOUGH = 32 * 1024;
const WAITS = Symbol('the source waits for something');

/**
 * Joins small pieces, so that each is not a write to a socket of its own. What there is does not wait for a source that itself
 * waits: it is handed on in the next turn of the event loop.
 */
export async function* joined(source: AsyncIterable<string | Buffer>): AsyncGenerator<Buffer, void> {
  const pieces = source[Symbol.asyncIterator]();
  const kept = new Kept();
  let next = handled(pieces.next());
  try {
    for (;;) {
      const found = await (kept.bytes === 0 ? next : Promise.race([next, nextTurn(WAITS)]));
      if (found === WAITS) {
        yield kept.take();
      } else if (found.done === true) {
        if (kept.bytes > 0) yield kept.take();
        return;
      } else {
        next = handled(pieces.next());
        kept.add(found.value);
        if (kept.bytes >= ENOUGH) yield kept.take();
      }
    }
  } finally {
    await pieces.return?.();
  }
}

class Kept {
  bytes = 0;
  private pieces: Buffer[] = [];

  add(piece: string | Buffer): void {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    this.pieces.push(bytes);
    this.bytes += bytes.length;
  }

  take(): Buffer {
    const [first = Buffer.alloc(0), ...others] = this.pieces;
    this.pieces = [];
    this.bytes = 0;
    return others.length === 0 ? first : Buffer.concat([first, ...others]);
  }
}
