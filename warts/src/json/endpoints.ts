import type { Address } from '../address.js';
import type { Ascii, JsonWriter } from './json-writer.js';

type Key = 'src' | 'dst' | 'rtr';

/** Who measured, what was measured, and the router that was used. */
export function writeEndpoints(
  out: JsonWriter,
  key: Readonly<Record<Key, Ascii>>,
  { src, dst, rtr }: { src?: Address | undefined; dst: Address; rtr?: Address | undefined },
): void {
  if (src !== undefined) out.address(key.src, src);
  out.address(key.dst, dst);
  if (rtr !== undefined) out.address(key.rtr, rtr);
}
