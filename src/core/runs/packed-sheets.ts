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
const NAMES = {
  probe: Buffer.from('probe'),
  sheet: Buffer.from('sheet'),
  stored: Buffer.from('stored'),
  came: Buffer.from('came'),
  failed: Buffer.from('failed'),
};
const NO_BITS: PackedBits = new Int32Array(0);
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
  /** of the element whose value is at `at` */
  private type = 0;
  private name = 0;
  private used = 0;

  /** @param words room for the words of all sheets */
  constructor(private readonly words: Int32Array) {}

  read(document: Buffer): PackedSheet {
    this.bytes = document;
    this.at = 4;
    const read = { probe: '', sheet: 0, stored: 0, came: NO_BITS };
    const failed: [string, PackedBits][] = [];
    while (this.next()) {
      if (this.isNamed(NAMES.came)) read.came = this.bits();
      else if (this.isNamed(NAMES.failed)) this.reasons(failed);
      else {
        if (this.isNamed(NAMES.probe) && this.type === OBJECT_ID)
          read.probe = this.bytes.toString('hex', this.at, this.at + 12);
        else if (this.isNamed(NAMES.sheet)) read.sheet = this.number();
        else if (this.isNamed(NAMES.stored)) read.stored = this.number();
        this.at += this.size();
      }
    }
    const { probe, sheet, stored, came } = read;
    return { probe, sheet, stored, came, failed };
  }

  private reasons(failed: [string, PackedBits][]): void {
    this.at += 4;
    while (this.next()) failed.push([this.bytes.toString('utf8', this.name, this.at - 1), this.bits()]);
  }

  /** Goes to the value of the next element of a document. @returns false at its end */
  private next(): boolean {
    const { bytes } = this;
    const type = bytes[this.at];
    if (type === undefined) throw new Error('a run sheet ends early');
    this.at += 1;
    if (type === 0) return false;
    this.type = type;
    this.name = this.at;
    let end = this.at;
    while (bytes[end] !== 0) {
      if (bytes[end] === undefined) throw new Error('a run sheet ends early');
      end += 1;
    }
    this.at = end + 1;
    return true;
  }

  /** A text of each name takes longer than to compare it. */
  private isNamed(name: Buffer): boolean {
    if (this.at - 1 - this.name !== name.length) return false;
    for (let place = 0; place < name.length; place += 1) {
      if (this.bytes[this.name + place] !== name[place]) return false;
    }
    return true;
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

  private number(): number {
    if (this.type === DOUBLE) return this.bytes.readDoubleLE(this.at);
    return this.type === INT64 ? Number(this.bytes.readBigInt64LE(this.at)) : this.bytes.readInt32LE(this.at);
  }

  private size(): number {
    const size = this.type === DOCUMENT ? this.bytes.readInt32LE(this.at) : SIZES.get(this.type);
    if (size === undefined) throw new Error(`a member of a run sheet is of type ${this.type}`);
    return size;
  }
}
