import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { LargeResultError } from './format.js';

/** What a result may grow to. 6.8 MB compressed was seen in the field. */
export const MAX_UNZIPPED_BYTES = 64 * 1024 * 1024;
/** Small ones are done at once: a stream costs more than the work. */
const SMALL_BYTES = 16 * 1024;
const SMALL_UNZIPPED_BYTES = 64 * 1024;
const CHUNK_BYTES = 16 * 1024;
/** The least that zlib unpacks to in one go. */
const LEAST_CHUNK_BYTES = 64;
/** How long a gzip file is unpacked stands in its last bytes (RFC 1952, section 2.3.1); of what was made of several, the last one. */
const LENGTH_BYTES = 4;

/** The bytes are damaged, or become too many: what was handed out before counts. */
export class UnzipError extends Error {
  override readonly name = 'UnzipError';
}

export function isGzip(raw: Buffer): boolean {
  return raw.length >= 2 && raw[0] === 0x1f && raw[1] === 0x8b;
}

/**
 * Unpacks as fast as it is read, and no faster: memory does not grow with what comes out.
 * @throws UnzipError behind what came before the damage, or behind MAX_UNZIPPED_BYTES
 */
export async function* gunzip(raw: Buffer): AsyncGenerator<Buffer, void> {
  const small = unzippedAtOnce(raw);
  if (small !== undefined) {
    yield small;
    return;
  }
  let left = MAX_UNZIPPED_BYTES;
  for await (const chunk of chunksOf(raw)) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left < 0) throw new UnzipError(`more than ${MAX_UNZIPPED_BYTES} bytes when unpacked`);
  }
}

/** @throws LargeResultError behind the bytes that were wanted */
export async function* upTo(most: number, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let left = most;
  for await (const chunk of chunks) {
    left -= chunk.length;
    if (left < 0) throw new LargeResultError(`more than ${most} bytes when unpacked`);
    yield chunk;
  }
}

/** @returns undefined where it is damaged, or unpacks to more than 64 KiB */
export function unzippedAtOnce(raw: Buffer): Buffer | undefined {
  if (raw.length > SMALL_BYTES) return undefined;
  try {
    return gunzipSync(raw, { maxOutputLength: SMALL_UNZIPPED_BYTES, chunkSize: chunkFor(raw) });
  } catch {
    // the careful way tells how far it goes
    return undefined;
  }
}

/** @returns room for all of it at once, if its last bytes tell the truth; if not, it is unpacked in several goes */
function chunkFor(raw: Buffer): number {
  const told = raw.length < LENGTH_BYTES ? 0 : raw.readUInt32LE(raw.length - LENGTH_BYTES) + 1;
  return Math.min(Math.max(told, LEAST_CHUNK_BYTES), CHUNK_BYTES);
}

async function* chunksOf(raw: Buffer): AsyncGenerator<Buffer, void> {
  // one chunk at a time: a stream that fails forgets what waits to be read
  const stream = createGunzip({
    finishFlush: constants.Z_FINISH,
    chunkSize: CHUNK_BYTES,
    readableHighWaterMark: 1,
  } as Parameters<typeof createGunzip>[0]);
  stream.end(raw);
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw new UnzipError(`gzip: ${(error as Error).message}`);
  } finally {
    stream.destroy();
  }
}
