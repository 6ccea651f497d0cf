import { constants, createGunzip, gunzipSync } from 'node:zlib';

/** What a result may grow to. 6.8 MB compressed was seen in the field. */
export const MAX_UNZIPPED_BYTES = 64 * 1024 * 1024;
/** Small ones are done at once: a stream costs more than the work. */
const SMALL_BYTES = 16 * 1024;
const SMALL_UNZIPPED_BYTES = 256 * 1024;
/** Large ones that are unpacked at once: 60 KB may become 64 MB, and a caller may send hundreds. */
const AT_ONCE = 2;

export interface Unzipped {
  bytes: Buffer;
  error?: string;
}

export function isGzip(raw: Buffer): boolean {
  return raw.length >= 2 && raw[0] === 0x1f && raw[1] === 0x8b;
}

/** Never throws: of damaged or over-large data, what came before the damage or the limit, and the reason. */
export async function gunzip(raw: Buffer): Promise<Unzipped> {
  if (raw.length <= SMALL_BYTES) {
    try {
      return { bytes: gunzipSync(raw, { maxOutputLength: SMALL_UNZIPPED_BYTES }) };
    } catch {
      // damaged, or it grows: the careful way tells how far it goes
    }
  }
  return inTurn(() => gunzipStreaming(raw));
}

let working = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (working < AT_ONCE) working += 1;
  // whoever is done hands its place on
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) working -= 1;
    // what was unpacked is used up in the turns before
    else setImmediate(next);
  }
}

function gunzipStreaming(raw: Buffer): Promise<Unzipped> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stream = createGunzip({ finishFlush: constants.Z_FINISH });
    const end = (error?: string) => {
      stream.destroy();
      resolve({ bytes: Buffer.concat(chunks), ...(error !== undefined && { error }) });
    };
    stream.on('data', (chunk: Buffer) => {
      const room = MAX_UNZIPPED_BYTES - size;
      chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      size += chunk.length;
      if (size > MAX_UNZIPPED_BYTES) end(`more than ${MAX_UNZIPPED_BYTES} bytes when unpacked`);
    });
    stream.on('end', () => {
      end();
    });
    stream.on('error', (error) => {
      end(`gzip: ${error.message}`);
    });
    stream.end(raw);
  });
}
