import { createReadStream } from 'node:fs';
import { SIGNATURE_BYTES, unpackerOf } from './unpack.js';

/** Small: what garbage collection has not yet taken back counts as memory. */
const CHUNK_BYTES = 64 * 1024;

/** Bytes of a file, or of standard input for `-`; what is compressed, as its first bytes tell, is unpacked. */
export async function* readInput(name: string): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = name === '-' ? process.stdin : createReadStream(name, { highWaterMark: CHUNK_BYTES });
  const source = (stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  const begin = await firstBytes(source);
  const whole = prepend(begin, source);
  yield* unpackerOf(begin)?.(whole) ?? whole;
}

/** As many bytes as a signature has or more, unless the source has fewer: pipes may give a byte at a time. */
async function firstBytes(source: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let begin: Uint8Array = new Uint8Array(0);
  while (begin.length < SIGNATURE_BYTES) {
    const next = await source.next();
    if (next.done === true) break;
    begin = begin.length === 0 ? next.value : Buffer.concat([begin, next.value]);
  }
  return begin;
}

async function* prepend(
  begin: Uint8Array,
  source: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield begin;
  for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
}
