import { createHash } from 'node:crypto';
import { ObjectId } from '../../platform/database/object-id.js';

const MOST_SECONDS = 0xffff_ffff;

/**
 * @param at the time that it shows, as ids do: 1970 to 2106
 * @param parts what it is made of: the same parts give the same id
 */
export function idFrom(at: Date, ...parts: (string | number | ObjectId)[]): ObjectId {
  const time = Buffer.alloc(4);
  time.writeUInt32BE(Math.min(Math.max(0, Math.floor(at.getTime() / 1000)), MOST_SECONDS));
  const hash = createHash('sha256')
    .update(JSON.stringify(parts.map(String)))
    .digest();
  return new ObjectId(Buffer.concat([time, hash.subarray(0, 8)]));
}
