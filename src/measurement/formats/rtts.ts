import { type Summary } from './summary.js';

/** Round-trip times that are kept of one result, 256 KB: beyond them those of whole entries are left out. */
export const MOST_RTTS = 65_536;
const BYTES = 4;
const MOST_US = 2 ** 32 - 1;

/**
 * @param byEntry of each entry of a summary the round-trip times of its answers, in microseconds
 * @returns them one after the other, 32 bits each, little-endian; undefined without any
 */
export function packRtts(byEntry: readonly (readonly number[])[]): Buffer | undefined {
  const kept: number[] = [];
  for (const rtts of byEntry) {
    if (kept.length + rtts.length > MOST_RTTS) break;
    kept.push(...rtts);
  }
  if (kept.length === 0) return undefined;
  const packed = Buffer.allocUnsafe(kept.length * BYTES);
  for (const [index, rtt] of kept.entries()) packed.writeUInt32LE(Math.min(MOST_US, rtt), index * BYTES);
  return packed;
}

/** @returns for each entry of a summary the round-trip times of its answers, in microseconds; undefined: they are not known */
export function unpackRtts(packed: Uint8Array, summary: readonly Summary[]): (Uint32Array | undefined)[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  let at = 0;
  return summary.map(({ type, received, duplicates }) => {
    if (type !== 'ping' || typeof received !== 'number') return undefined;
    // null: a probe that does not tell of duplicates has none among its times
    const [from, count] = [at, received + (typeof duplicates === 'number' ? duplicates : 0)];
    if ((from + count) * BYTES > packed.byteLength) return undefined;
    at += count;
    return Uint32Array.from({ length: count }, (_, index) => view.getUint32((from + index) * BYTES, true));
  });
}
