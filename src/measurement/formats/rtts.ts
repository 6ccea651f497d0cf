import { type Summary } from './summary.js';

/** Round-trip times that are kept of one result, 256 KB: beyond them those of whole entries are left out. */
export const MOST_RTTS = 65_536;
const BYTES = 4;
const MOST_US = 2 ** 32 - 1;

/** Round-trip times of an entry, in microseconds. */
export interface EntryRtts {
  /** of a ping: of each answer */
  answers?: Uint32Array;
  /** of an mtr, by TTL from 1: of each answer of the hop */
  hops?: Uint32Array[];
}

/**
 * @param byEntry of each entry of a summary its numbers: the times of a ping's answers in microseconds, or what hopNumbers gives
 * @returns them one after the other, 32 bits each, little-endian; undefined without any
 */
export function packRtts(byEntry: readonly (readonly number[])[]): Buffer | undefined {
  let count = 0;
  let entries = 0;
  for (const rtts of byEntry) {
    if (count + rtts.length > MOST_RTTS) break;
    count += rtts.length;
    entries += 1;
  }
  if (count === 0) return undefined;
  const packed = Buffer.allocUnsafe(count * BYTES);
  // a third of the time that Buffer.writeUInt32LE takes
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  let at = 0;
  for (const rtts of byEntry.slice(0, entries))
    for (const rtt of rtts) {
      view.setUint32(at, Math.min(MOST_US, rtt), true);
      at += BYTES;
    }
  return packed;
}

/**
 * @param hops by TTL from 1: the round-trip times of their answers in milliseconds
 * @returns for packRtts: of each hop how many times it has, then these in microseconds
 */
export function hopNumbers(hops: readonly { rtts: readonly number[] }[]): number[] {
  return hops.flatMap(({ rtts }) => [rtts.length, ...rtts.map((rtt) => Math.round(rtt * 1000))]);
}

/** @returns for each entry of a summary its round-trip times; without members: they are not known */
export function unpackRtts(packed: Uint8Array, summary: readonly Summary[]): EntryRtts[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  let at = 0;
  const take = (count: number): Uint32Array | undefined => {
    const from = at;
    if ((from + count) * BYTES > packed.byteLength) return undefined;
    at += count;
    // a tenth of the time that Uint32Array.from takes
    const taken = new Uint32Array(count);
    for (let index = 0; index < count; index += 1)
      taken[index] = view.getUint32((from + index) * BYTES, true);
    return taken;
  };
  return summary.map(({ type, received, duplicates, hops }) => {
    if (type === 'mtr' && Array.isArray(hops)) return takeHops(hops.length, take);
    if (type !== 'ping' || typeof received !== 'number') return {};
    // null: a probe that does not tell of duplicates has none among its times
    const answers = take(received + (typeof duplicates === 'number' ? duplicates : 0));
    return answers === undefined ? {} : { answers };
  });
}

function takeHops(count: number, take: (count: number) => Uint32Array | undefined): EntryRtts {
  const hops: Uint32Array[] = [];
  for (let ttl = 1; ttl <= count; ttl += 1) {
    const length = take(1)?.[0];
    const rtts = length === undefined ? undefined : take(length);
    if (rtts === undefined) return {};
    hops.push(rtts);
  }
  return { hops };
}
