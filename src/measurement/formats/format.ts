import { type Destination } from '@pladmed/protocol';
import { type Summary } from './summary.js';

/** Why a run is a failed one although it has brought something. */
export interface Failure {
  reason: string;
  detail: string;
}

export interface Digest {
  /** of each destination or query, at most MAX_SUMMARIES */
  summary: Summary[];
  /** of ping and mtr: of each answer of each entry, in order, its round-trip time, packed (rtts.ts) */
  rtts?: Buffer;
  /** what is wrong with the bytes; what came before it counts */
  error?: string;
  /** the bytes are whole, and show that no packet was sent to any destination */
  sentNothing?: boolean;
  /** what came says of all destinations that they could not be measured */
  failure?: Failure;
}

/** How an operation wants its results shown. */
export type Presentation = 'json' | 'dump' | 'text';

/** What a probe may send: how it is digested at ingest, and shown later. */
export interface Format {
  /**
   * The version of the rules by which `digest` makes summaries: one more with every change of them. Stored summaries of an
   * earlier version are derived anew in the background.
   */
  readonly rules: number;
  /** @param destinations what the probe said of them, where the format itself does not name them */
  digest(raw: Buffer, destinations?: readonly Destination[]): Promise<Digest> | Digest;
  /** Takes figures without a basis out of a summary that an earlier version has stored; what `digest` gives stays as it is. */
  amend?: (summary: Summary) => Summary;
  /**
   * @param limits without them it uses whatever the format allows
   * @returns JSON text in pieces, together an array of objects, or a string with text; damaged bytes give what came before the
   * damage
   * @throws LargePartError, LargeResultError while it is read, where a limit is reached
   */
  present(raw: Buffer, as: Presentation, limits?: ReadingLimits): AsyncIterable<string>;
  /**
   * The same text of a few bytes, without the turns of the event loop that a reading in pieces takes.
   * @returns undefined where they have to be read in pieces: they are many, unpack to much, or are damaged
   */
  presentAtOnce?: (raw: Buffer, as: Presentation) => string | undefined;
}

/** What the reading of a result may use. */
export interface ReadingLimits {
  /** Bytes of one part (a record of warts, a JSON document) that may be in memory. */
  part?: number;
  /** Bytes that the result may unpack to. */
  whole?: number;
}

/** A part of a result takes more memory than the reader has for it. */
export class LargePartError extends Error {
  override readonly name = 'LargePartError';
}

/** A result unpacks to more than the reader wants. */
export class LargeResultError extends Error {
  override readonly name = 'LargeResultError';
}

/** More destinations than this have no summary of their own; an operation has at most 1,000. */
export const MAX_SUMMARIES = 1000;
