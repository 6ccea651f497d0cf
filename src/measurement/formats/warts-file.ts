import { CopyError, RecordCopier, StreamDecoder } from '@pladmed/warts';
import { isGzip, unzippedAtOnce } from './gunzip.js';
import { damageOf, recordsOf, VIEW_LIMITS } from './warts.format.js';

/** Bytes that are handed on at once. */
const ENOUGH = 32 * 1024;

/** What is in the file, and what is not. */
interface Counts {
  results: number;
  records: number;
  /** records of a type that nobody knows */
  unknown: number;
  /** results that are damaged: what comes before the damage is in the file */
  damaged: number;
  /** failed runs, which brought no bytes */
  failed: number;
}

/**
 * One warts file of what many results brought: their records in order, as they are but for the numbers of lists and cycles.
 * Its last record is a list that no other names, `pladmed`, whose description says what is in the file: without it the file
 * is not whole.
 */
export class WartsFile {
  private copier = new RecordCopier();
  private counts: Counts = { results: 0, records: 0, unknown: 0, damaged: 0, failed: 0 };

  addFailedRun(): void {
    this.counts.failed += 1;
  }

  /**
   * Adds a result. Nothing is added before it was read to its end: whoever stops may begin again, and gets the same bytes.
   * @param raw what a probe sent, gzipped or not
   */
  async *add(raw: Buffer): AsyncGenerator<Buffer, void> {
    const copier = this.copier.fork();
    const counts = { ...this.counts };
    const decoder = new StreamDecoder(VIEW_LIMITS);
    const kept = new Pieces();
    try {
      for await (const records of recordsOf(raw, decoder))
        for (const record of records) {
          const bytes = copier.copy(record, decoder);
          countIn(counts, bytes);
          const enough = kept.add(bytes);
          if (enough !== undefined) yield enough;
        }
    } catch (error) {
      if (!(error instanceof CopyError)) damageOf(error);
      counts.damaged += 1;
    }
    const rest = kept.take();
    if (rest !== undefined) yield rest;
    copier.endFile();
    counts.results += 1;
    this.copier = copier;
    this.counts = counts;
  }

  /** The last record. */
  end(): Buffer {
    const { results, records, unknown, damaged, failed } = this.counts;
    const text =
      `complete: ${records} records of ${results} results; ${damaged} of these results are damaged and end early, ` +
      `${unknown} records of unknown types are left out, ${failed} failed runs have none`;
    return Buffer.from(this.copier.note('pladmed', text));
  }
}

/** @param bytes of a record: none for a list that is there already, undefined for a record of an unknown type */
function countIn(counts: Counts, bytes: Uint8Array | undefined): void {
  if (bytes === undefined) counts.unknown += 1;
  else if (bytes.length > 0) counts.records += 1;
}

/** @returns what a probe sent without gzip, where that is not large; undefined: it may be */
export function smallWarts(raw: Buffer): Buffer | undefined {
  return isGzip(raw) ? unzippedAtOnce(raw) : raw;
}

class Pieces {
  private pieces: Uint8Array[] = [];
  private bytes = 0;

  /** @returns what is handed on now, if there is enough */
  add(piece: Uint8Array | undefined): Buffer | undefined {
    if (piece === undefined || piece.length === 0) return undefined;
    this.pieces.push(piece);
    this.bytes += piece.length;
    return this.bytes >= ENOUGH ? this.take() : undefined;
  }

  /** @returns undefined where there is nothing */
  take(): Buffer | undefined {
    if (this.bytes === 0) return undefined;
    const all = Buffer.concat(this.pieces);
    this.pieces = [];
    this.bytes = 0;
    return all;
  }
}
