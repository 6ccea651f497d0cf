import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

const CHUNK_BYTES = 256 * 1024;

/** Bytes of a file, or of standard input for `-`; what is gzip-compressed, as its first bytes tell, is unpacked. */
export async function* readInput(name: string): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = name === '-' ? process.stdin : createReadStream(name, { highWaterMark: CHUNK_BYTES });
  const source = (stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  const begin = await firstBytes(source);
  const whole = prepend(begin, source);
  yield* begin[0] === 0x1f && begin[1] === 0x8b ? gunzip(whole) : whole;
}

/** Two bytes or more, unless the source has fewer: pipes may give a byte at a time. */
async function firstBytes(source: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let begin: Uint8Array = new Uint8Array(0);
  while (begin.length < 2) {
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

/** Unpacks no faster than the output is taken, so that a small file that unpacks to much does not fill the memory. */
function gunzip(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const packed = Readable.from(source, { objectMode: true, highWaterMark: 1 });
  const unpacked = createGunzip({ chunkSize: CHUNK_BYTES });
  // An error of either destroys the other, and whoever reads the output gets it.
  pipeline(packed, unpacked, () => undefined);
  return unpacked;
}
