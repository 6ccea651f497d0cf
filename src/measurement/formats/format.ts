import { type Destination } from '@pladmed/protocol';
import { type Summary } from './summary.js';

export interface Digest {
  /** of each destination or query, at most MAX_SUMMARIES */
  summary: Summary[];
  /** what is wrong with the bytes; what came before it counts */
  error?: string;
  /** the bytes are whole, and show that no packet was sent to any destination */
  sentNothing?: boolean;
}

/** How an operation wants its results shown. */
export type Presentation = 'json' | 'dump' | 'text';

/** What a probe may send: how it is digested at ingest, and shown later. */
export interface Format {
  /** @param destinations what the probe said of them, where the format itself does not name them */
  digest(raw: Buffer, destinations?: readonly Destination[]): Promise<Digest> | Digest;
  /** Takes figures without a basis out of a summary that an earlier version has stored; what `digest` gives stays as it is. */
  amend?: (summary: Summary) => Summary;
  /**
   * @param mostAtOnce bytes that may be in memory for one part of it; without, whatever the format allows
   * @returns JSON text in pieces, together an array of objects, or a string with text; damaged bytes give what came before the
   * damage
   * @throws LargePartError while it is read, when a part is larger than `mostAtOnce`
   */
  present(raw: Buffer, as: Presentation, mostAtOnce?: number): AsyncIterable<string>;
}

/** A part of a result takes more memory than the reader has for it. */
export class LargePartError extends Error {
  override readonly name = 'LargePartError';
}

/** More destinations than this have no summary of their own; an operation has at most 1,000. */
export const MAX_SUMMARIES = 1000;
