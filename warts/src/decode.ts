import { StreamDecoder, type DecodeLimits } from './decoder.js';
import { WartsError } from './errors.js';
import type { WartsRecord } from './record.js';

/** What a file holds, up to its end or to its first damage. */
export interface Decoded {
  records: WartsRecord[];
  error?: WartsError;
}

/** Chunks of a file: a stream of Node, of the web, or anything that can be iterated. */
export type ByteStream = AsyncIterable<Uint8Array> | WebStream;

/** A `ReadableStream`, which not all browsers can iterate. */
export interface WebStream {
  getReader(): {
    read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
    cancel(): Promise<void>;
  };
}

/**
 * Decode a whole warts file. Never throws: damage, or a limit that was reached, is returned as `error` beside the
 * records before it.
 */
export function decode(bytes: Uint8Array, limits?: DecodeLimits): Decoded;
/** The records of a stream: see `decodeStream`. */
export function decode(
  source: ByteStream,
  limits?: DecodeLimits,
): AsyncGenerator<WartsRecord, void, undefined>;
export function decode(
  source: Uint8Array | ByteStream,
  limits?: DecodeLimits,
): Decoded | AsyncGenerator<WartsRecord, void, undefined> {
  return source instanceof Uint8Array ? decodeBytes(source, limits) : decodeStream(source, limits);
}

function decodeBytes(bytes: Uint8Array, limits?: DecodeLimits): Decoded {
  const records: WartsRecord[] = [];
  const error = decodeEach(bytes, (record) => records.push(record), new StreamDecoder(limits));
  return error === undefined ? { records } : { records, error };
}

/** Hand each record of a whole file to `use`; returns what stopped it before the end. @internal */
export function decodeEach(
  bytes: Uint8Array,
  use: (record: WartsRecord) => void,
  decoder: StreamDecoder,
): WartsError | undefined {
  try {
    for (const record of decoder.push(bytes)) use(record);
    decoder.finish();
    return undefined;
  } catch (error) {
    if (error instanceof WartsError) return error;
    throw error;
  }
}

/**
 * Decode a warts file of any size from a stream of chunks of any size; memory does not grow with the file.
 * @throws {WartsError} at the first damage or at a limit, after the records before it.
 */
export async function* decodeStream(
  source: ByteStream,
  limits?: DecodeLimits,
): AsyncGenerator<WartsRecord, void, undefined> {
  const decoder = new StreamDecoder(limits);
  const chunks = Symbol.asyncIterator in source ? source : chunksOf(source);
  for await (const chunk of chunks) yield* decoder.push(chunk);
  decoder.finish();
}

async function* chunksOf(stream: WebStream): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (next.value !== undefined) yield next.value;
    }
  } finally {
    await reader.cancel();
  }
}
