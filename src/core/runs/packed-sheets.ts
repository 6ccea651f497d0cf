import { type RunSheetEntity } from './run-sheet.schema.js';

/** Bits of runs in one list: the number of a word, its bits, the number of the next word, and so on. */
export type PackedBits = Int32Array;

/** A run sheet as the account of runs reads it: an operation of a month has thousands of them. */
export interface PackedSheet extends Pick<RunSheetEntity, 'sheet' | 'stored'> {
  /** hexadecimal */
  probe: string;
  came: PackedBits;
  /** by the reason that the probe gave */
  failed: readonly (readonly [reason: string, bits: PackedBits])[];
}

/** Types of elements (bsonspec.org, version 1.1). */
const DOUBLE = 0x01;
const DOCUMENT = 0x03;
const OBJECT_ID = 0x07;
const INT32 = 0x10;
const INT64 = 0x12;
const SIZES = new Map([
  [DOUBLE, 8],
  [OBJECT_ID, 12],
  [INT32, 4],
  [INT64, 8],
]);
/** Type, a name of one character with its end, and the number. */
const LEAST_WORD_BYTES = 7;
const ZERO = 48;

/**
 * Reads run sheets as MongoDB sends them. The driver makes an object of each with a member for each word, which takes longer than all
 * that is counted in them.
 * @param documents BSON, with or without `_id` and `operation`
 * @throws Error for what is no run sheet
 */
export function packedSheets(documents: readonly Buffer[]): PackedSheet[] {
  const bytes = documents.reduce((sum, { length }) => sum + length, 0);
  const reader = new SheetReader(new Int32Array(2 * Math.ceil(bytes / LEAST_WORD_BYTES)));
  return documents.map((document) => reader.read(document));
}

class SheetReader {
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  private used = 0;

  /** @param words room for the words of all sheets */
  constructor(private readonly words: Int32Array) {}

  read(document: Buffer): PackedSheet {
    this.bytes = document;
    this.at = 0;
    const sheet = { probe: '', sheet: 0, stored: 0, came: this.words.subarray(0, 0) };
    const failed: [string, PackedBits][] = [];
    for (const [type, name] of this.elements()) {
      if (name === 'probe' && type === OBJECT_ID)
        sheet.probe = this.bytes.toString('hex', this.at, this.at + 12);
      if (name === 'sheet') sheet.sheet = this.number(type);
      if (name === 'stored') sheet.stored = this.number(type);
      if (name === 'came') sheet.came = this.bits();
      else if (name === 'failed')
        for (const [, reason] of this.elements()) failed.push([reason, this.bits()]);
      else this.at += this.sizeOf(type);
    }
    return { ...sheet, failed };
  }

  /** The elements of the document that begins here; who takes one goes on to its end. */
  private *elements(): Generator<[type: number, name: string], void> {
    this.at += 4;
    for (let type = this.bytes[this.at]; type !== 0; type = this.bytes[this.at]) {
      const end = this.bytes.indexOf(0, this.at + 1);
      if (type === undefined || end < 0) throw new Error('a run sheet ends early');
      const name = this.bytes.toString('utf8', this.at + 1, end);
      this.at = end + 1;
      yield [type, name];
    }
    this.at += 1;
  }

  /** The words of the document that begins here. */
  private bits(): PackedBits {
    const { bytes, words } = this;
    const begin = this.used;
    let at = this.at + 4;
    let type = bytes[at];
    for (; type === INT32 || type === DOUBLE || type === INT64; type = bytes[at]) {
      let word = 0;
      for (at += 1; (bytes[at] ?? 0) !== 0; at += 1) word = word * 10 + (bytes[at] ?? 0) - ZERO;
      at += 1;
      words[this.used] = word;
      // by hand: there are a hundred thousand of them
      words[this.used + 1] =
        type === DOUBLE
          ? bytes.readDoubleLE(at)
          : (bytes[at] ?? 0) |
            ((bytes[at + 1] ?? 0) << 8) |
            ((bytes[at + 2] ?? 0) << 16) |
            ((bytes[at + 3] ?? 0) << 24);
      this.used += 2;
      at += type === INT32 ? 4 : 8;
    }
    if (type !== 0) throw new Error(`a word of a run sheet is of type ${String(type)}`);
    this.at = at + 1;
    return words.subarray(begin, this.used);
  }

  private number(type: number): number {
    if (type === DOUBLE) return this.bytes.readDoubleLE(this.at);
    return type === INT64 ? Number(this.bytes.readBigInt64LE(this.at)) : this.bytes.readInt32LE(this.at);
  }

  private sizeOf(type: number): number {
    const size = type === DOCUMENT ? this.bytes.readInt32LE(this.at) : SIZES.get(type);
    if (size === undefined) throw new Error(`a member of a run sheet is of type ${type}`);
    return size;
  }
}
