import { KIND_FORMATS, type KindFormat, type KindName, KINDS } from './index.js';
import { type Destination } from '@pladmed/protocol';
import { bounded, MAX_SUMMARY_BYTES } from '../formats/bounded.js';
import { type Summary } from '../formats/summary.js';
import { type Digest, type Format } from '../formats/format.js';
import { globalpingFormat } from '../formats/globalping.format.js';
import { gzipFormat } from '../formats/gzip.format.js';
import { GLOBALPING_KINDS } from './globalping-words.js';

/**
 * What probes send: gzip is what classic ones make of dig's text, globalping what the server makes of the answers of Globalping's; the
 * others belong to the kinds.
 */
export type ResultFormat = 'gzip' | 'globalping' | KindFormat;

export const FORMATS: Readonly<Record<ResultFormat, Format>> = {
  gzip: gzipFormat,
  globalping: globalpingFormat,
  ...KIND_FORMATS,
};

export const RESULT_FORMATS = Object.keys(FORMATS) as ResultFormat[];

/**
 * @param namesRun whether the result says which run it is of: one that does not comes from a classic probe
 * @returns the format of a result, if it is one of its kind's
 */
export function formatOf(kind: KindName, format: string, namesRun: boolean): ResultFormat | undefined {
  const { formats, classicFormat } = KINDS[kind];
  // native probes cannot say it: their protocol knows the formats of kinds only
  if (format === 'globalping' && namesRun && GLOBALPING_KINDS.some((known) => known === kind)) return format;
  const isOne = namesRun ? Object.hasOwn(formats, format) : format === classicFormat;
  return isOne ? (format as ResultFormat) : undefined;
}

export type BoundedDigest = Digest & { summaryBytes: number };

/**
 * @returns what a result is stored with; a summary that is too long for that ends before its end, which `error` says. Of a small
 *   result it is there at once
 */
export function digestResult(
  format: ResultFormat,
  raw: Buffer,
  destinations?: readonly Destination[],
): BoundedDigest | Promise<BoundedDigest> {
  const digest = FORMATS[format].digest(raw, destinations);
  return digest instanceof Promise ? digest.then(withinBounds) : withinBounds(digest);
}

function withinBounds(digest: Digest): BoundedDigest {
  const { summary, bytes: summaryBytes, leftOut } = bounded(digest.summary);
  if (leftOut === 0) return { ...digest, summaryBytes };
  const cut = `summary: the last ${leftOut} of ${digest.summary.length} entries are left out: it has ${MAX_SUMMARY_BYTES} bytes at most`;
  const error = digest.error === undefined ? cut : `${digest.error}; ${cut}`;
  return { ...digest, summary, summaryBytes, error };
}

/** A stored summary by the rules of today. */
export function amended(summary: Summary[], format: ResultFormat | undefined): Summary[] {
  const amend = format && FORMATS[format].amend;
  return amend ? summary.map(amend) : summary;
}
