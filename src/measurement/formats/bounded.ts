import { type Summary } from './summary.js';

/** With 12 MiB of raw bytes, and the list of destinations, it has to fit into a document of MongoDB (16 MiB). */
export const MAX_SUMMARY_BYTES = 3 * 1024 * 1024;
/** What BSON has for a value besides its name and itself. */
const VALUE_BYTES = 8;
const NUMBER_BYTES = 8;

export interface Bounded {
  summary: Summary[];
  /** roughly, as it is stored */
  bytes: number;
  /** entries that had no room */
  leftOut: number;
}

/** @param most bytes @returns the entries from the first one on that have room */
export function bounded(summary: Summary[], most = MAX_SUMMARY_BYTES): Bounded {
  let bytes = 0;
  for (let index = 0; index < summary.length; index += 1) {
    const weight = weightOf(summary[index]);
    if (bytes + weight > most)
      return { summary: summary.slice(0, index), bytes, leftOut: summary.length - index };
    bytes += weight;
  }
  return { summary, bytes, leftOut: 0 };
}

/** @returns bytes of a value as BSON has it, a few more rather than less */
function weightOf(value: unknown): number {
  if (typeof value === 'string') return VALUE_BYTES + Buffer.byteLength(value);
  if (value === null || typeof value !== 'object') return NUMBER_BYTES;
  let bytes = VALUE_BYTES;
  const members = value as Record<string, unknown>;
  for (const name of Object.keys(members)) bytes += VALUE_BYTES + name.length + weightOf(members[name]);
  return bytes;
}
