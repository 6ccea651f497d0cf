import { LRUCache } from 'lru-cache';
import { createHash } from 'node:crypto';
import { type SeriesState } from './rules/series.js';

/**
 * What is kept of one probe and operation: in one document, or in several where there are many destinations. Plain data, which is
 * stored as JSON text.
 */
export interface ProbeState {
  /** when something came last, a failed run too: milliseconds since 1970, by `received_at`. In the first document alone */
  heard?: number;
  /** documents, from the first result that has figures on. In the first document alone */
  parts?: number;
  /** by the hash of the destination */
  series?: Record<string, SeriesState>;
}

/** Destinations that have one document together. */
const DESTINATIONS_A_PART = 8;
/** Of a hash: 16 hexadecimal digits, so that a thousand destinations are a thousand. */
const HASH_DIGITS = 16;

/** Probes measure the same destinations again and again. */
const hashes = new LRUCache<string, string>({ max: 10_000 });

export function partsFor(destinations: number): number {
  return Math.max(1, Math.ceil(destinations / DESTINATIONS_A_PART));
}

export function hashOf(destination: string): string {
  const known = hashes.get(destination);
  if (known !== undefined) return known;
  const hash = createHash('sha256').update(destination).digest('hex').slice(0, HASH_DIGITS);
  hashes.set(destination, hash);
  return hash;
}

/** @returns in which document a destination is */
export function partOf(hash: string, parts: number): number {
  return parts === 1 ? 0 : Number.parseInt(hash.slice(0, 8), 16) % parts;
}
