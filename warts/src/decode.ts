import { StreamDecoder, type DecodeLimits } from './decoder.js';
import { WartsError } from './errors.js';
import type { WartsRecord } from './record.js';

/** What a file holds, up to its end or to its first damage. */
export interface Decoded {
  records: WartsRecord[];
  error?: WartsError;
}

/**
 * Decode a whole warts file. Never throws: damage, or a limit that was reached, is returned as `error` beside the
 * records before it.
 */
export function decode(bytes: Uint8Array, limits?: DecodeLimits): Decoded {
  const records: WartsRecord[] = [];
  const error = decodeEach(bytes, (record) => records.push(record), new StreamDecoder(limits));
  return error === undefined ? { records } : { records, error };
}

/** Hand each record of a whole file to `use`; returns what stopped it before the end. */
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
  source: AsyncIterable<Uint8Array>,
  limits?: DecodeLimits,
): AsyncGenerator<WartsRecord, void, undefined> {
  const decoder = new StreamDecoder(limits);
  for await (const chunk of source) yield* decoder.push(chunk);
  decoder.finish();
}
