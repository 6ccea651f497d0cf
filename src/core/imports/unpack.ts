import { SIGNATURE_BYTES, unpackerOf } from '@pladmed/warts/unpack';
import { FileError } from './file-error.js';
import { isZstd, ZstdFrames } from './zstd-frames.js';

type Bytes = AsyncGenerator<Uint8Array, void, undefined>;

/** What a small file may unpack to, whatever it is. */
const FREE_BYTES = 64 * 1024 * 1024;
/** Results are packed to a tenth or a fortieth; what unpacks to more than this many times its bytes is no honest file. */
const MOST_TIMES = 250;

/**
 * Bytes of a file; where it is packed by gzip, bzip2, xz or zstd, as its first bytes tell, all members of it unpacked.
 * @param mostBytes to which it may unpack
 * @throws FileError where it is damaged, or unpacks to more
 */
export async function* unpacked(source: AsyncIterable<Uint8Array>, mostBytes: number): Bytes {
  let packedBytes = 0;
  let ofDisk: { error: unknown } | undefined;
  const counted = (async function* (): Bytes {
    try {
      for await (const chunk of source) {
        packedBytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      ofDisk = { error };
      throw error;
    }
  })();
  const { begin, whole } = await beginningOf(counted, SIGNATURE_BYTES);
  const unpack = unpackerOf(begin);
  if (unpack === undefined) {
    yield* whole;
    return;
  }
  let bytes = 0;
  for await (const chunk of asFileErrors(unpack(isZstd(begin) ? withFrames(whole) : whole), () => ofDisk)) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new FileError(`it unpacks to more than ${mostBytes} bytes`);
    if (bytes > FREE_BYTES + MOST_TIMES * packedBytes)
      throw new FileError(`it unpacks to more than ${MOST_TIMES} times its bytes`);
    yield chunk;
  }
}

/**
 * @param least so many first bytes are wanted; a shorter file gives what it has
 * @returns the first bytes of a file, and the whole file
 * @throws FileError where it is empty
 */
export async function beginningOf(
  source: AsyncIterable<Uint8Array>,
  least: number,
): Promise<{ begin: Uint8Array; whole: Bytes }> {
  const chunks = source[Symbol.asyncIterator]();
  let begin: Uint8Array = new Uint8Array(0);
  while (begin.length < least) {
    const next = await chunks.next();
    if (next.done === true) break;
    begin = begin.length === 0 ? next.value : Buffer.concat([begin, next.value]);
  }
  if (begin.length === 0) throw new FileError('the file is empty');
  return { begin, whole: joined(begin, chunks) };
}

async function* joined(first: Uint8Array, rest: AsyncIterator<Uint8Array>): Bytes {
  try {
    yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    // also where its reader leaves: the file is closed
    await rest.return?.(undefined);
  }
}

/** Looks at each frame before the unpacker allocates what it asks for. */
async function* withFrames(source: Bytes): Bytes {
  const frames = new ZstdFrames();
  for await (const chunk of source) {
    frames.follow(chunk);
    yield chunk;
  }
}

/** What a library throws is a fault of the file, but for what the disk has thrown. */
async function* asFileErrors(
  source: AsyncIterable<Uint8Array>,
  ofDisk: () => { error: unknown } | undefined,
): Bytes {
  try {
    yield* source;
  } catch (error) {
    const other = ofDisk();
    if (other !== undefined) throw other.error;
    throw new FileError(error instanceof Error ? error.message : String(error));
  }
}
