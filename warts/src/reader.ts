import { addressLength, addressOf, type Address } from './address.js';
import { WartsError, type WartsErrorCode } from './errors.js';
import { NO_BYTES, NO_VIEW, type ByteQueue } from './queue.js';
import type { Cycle, List, Timeval } from './records/types.js';
import { FileTables } from './tables.js';

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });
/** The characters of ASCII, and the length up to which a text of them is put together faster than `TextDecoder` begins. */
const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
const SHORT_TEXT_BYTES = 24;

/** Parameters that no reader knows: later versions of scamper write more of them. */
export interface UnknownParameters {
  /** Their numbers, in order; a known one behind an unknown one is among them, for nobody knows where it begins. */
  ids: number[];
  /** All of their values, one behind the other. */
  bytes: Uint8Array;
  /** Byte of the input at which `bytes` begins. */
  offset: number;
}

/** What scamper writes is never read twice: this is room for damaged lengths. */
const MAX_REREAD_BYTES = 64 * 1024;

/**
 * A bounded cursor over one record: every read is checked against the record's end, so no length or count in the
 * input can lead outside of it. Also holds the addresses that the record has introduced so far (warts(5),
 * "embedded addresses") and the tables of the file. Numbers are big-endian.
 * @internal
 */
export class Reader {
  readonly tables = new FileTables();
  /** Index of the record being read, counted from 0. */
  recordIndex = 0;
  pos = 0;
  private start = 0;
  private end = 0;
  private parts = 0;
  private reread = 0;
  /** What the record lies in: positions count from its beginning. */
  private bytes: Uint8Array = NO_BYTES;
  private view: DataView = NO_VIEW;
  /** Byte of the input minus position in the buffer. */
  private inputOffset = 0;
  private addresses: Address[] = [];
  private interfaceNames: string[] = [];
  private unknown: UnknownParameters[] = [];
  /** The block that was begun last: where its flags are, which parameters it has, where it ends. */
  private blockAt = 0;
  private blockHas = 0;
  private blockIsLong = false;
  private blockEnd = 0;

  constructor(private readonly maxParts: number) {}

  /** Begin a record whose body is the first `length` bytes of a queue; the first is byte `offset` of the input. */
  begin(queue: ByteQueue, length: number, offset: number): void {
    this.bytes = queue.bytes;
    this.view = queue.view;
    this.start = queue.position;
    this.end = this.start + length;
    this.inputOffset = offset - this.start;
    this.restart();
  }

  /** Begin the record again: as if nothing of it was read. */
  restart(): void {
    this.pos = this.start;
    this.parts = 0;
    this.reread = 0;
    if (this.addresses.length > 0) this.addresses = [];
    if (this.interfaceNames.length > 0) this.interfaceNames = [];
    if (this.unknown.length > 0) this.unknown = [];
  }

  get remaining(): number {
    return this.end - this.pos;
  }

  fail(code: WartsErrorCode, detail: string): never {
    throw new WartsError(code, detail, this.recordIndex, this.inputOffset + Math.min(this.pos, this.end));
  }

  /**
   * Move to `pos`, which may lie beyond the record: the next read fails then. It may also lie before what was read,
   * if a length says less than its parts took; were that without bounds, a small file could be read for hours.
   */
  seek(pos: number): void {
    if (pos < this.pos) this.countReread(this.pos - pos);
    this.pos = pos;
  }

  private countReread(count: number): void {
    this.reread += count;
    if (this.reread > MAX_REREAD_BYTES) {
      this.fail('limit', `lengths that let more than ${MAX_REREAD_BYTES} bytes of a record be read again`);
    }
  }

  /** Call for each reply, hop, probe or other part: bounds what a few bytes of input can allocate. */
  countParts(count = 1): void {
    this.parts += count;
    if (this.parts > this.maxParts) this.fail('limit', `more than ${this.maxParts} parts in a record`);
  }

  /**
   * Begin a parameter block (see `readParameters`) that is read without a callback: one of the parts that records have
   * hundreds of. Returns bit `id - 1` for each parameter that is there, of the first 28.
   */
  beginBlock(): number {
    const flagsAt = this.pos;
    let flags = this.u8();
    let has = flags & 0x7f;
    let isLong = false;
    for (let shift = 7; flags & 0x80; shift += 7) {
      flags = this.u8();
      if (shift < 28) has |= (flags & 0x7f) << shift;
      else isLong ||= (flags & 0x7f) !== 0;
    }
    // A single flag byte without a flag is all of its block.
    const length = this.pos === flagsAt + 1 && flags === 0 ? 0 : this.u16();
    this.blockAt = flagsAt;
    this.blockHas = has;
    this.blockIsLong = isLong;
    this.blockEnd = this.pos + length;
    return has;
  }

  /** End the block that was begun last; parameters beyond `last` are passed over. */
  endBlock(last: number): void {
    if (this.blockHas >>> last === 0 && !this.blockIsLong) {
      this.seek(this.blockEnd);
      return;
    }
    const byte = Math.floor(last / 7);
    this.passOver(idsFrom(this, this.blockAt + byte, 7 * byte + 1, last % 7), this.blockEnd);
  }

  /** What the record has had so far that no reader knows; undefined if there is nothing. */
  get unknownParameters(): UnknownParameters[] | undefined {
    return this.unknown.length > 0 ? this.unknown : undefined;
  }

  /** Pass over parameters, up to `end`; what lies beyond the record is damage that the next read finds. */
  passOver(ids: number[], end: number): void {
    this.countParts(1 + (ids.length >> 2));
    const offset = this.inputOffset + this.pos;
    this.unknown.push({
      ids,
      bytes: this.bytes.slice(this.pos, Math.max(this.pos, Math.min(end, this.end))),
      offset,
    });
    this.seek(end);
  }

  private take(count: number): number {
    const at = this.pos;
    if (at + count > this.end)
      this.fail('malformed', `${count} bytes wanted, the record has ${this.end - at} left`);
    this.pos = at + count;
    return at;
  }

  /** The byte at `pos`, which was read before. */
  byteAt(pos: number): number {
    return this.view.getUint8(pos);
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  /** Check once that `count` bytes are left, which `u8If`, `u16If` and `u32If` then read without looking again. */
  expect(count: number): void {
    if (this.pos + count > this.end) this.take(count);
  }

  /** The next byte, of those that `expect` was told of, if `has` is not 0, or 0; so are those below. */
  u8If(has: number): number {
    return has === 0 ? 0 : this.view.getUint8(this.pos++);
  }

  u16If(has: number): number {
    if (has === 0) return 0;
    this.pos += 2;
    return this.view.getUint16(this.pos - 2);
  }

  u32If(has: number): number {
    if (has === 0) return 0;
    this.pos += 4;
    return this.view.getUint32(this.pos - 4);
  }

  u16(): number {
    return this.view.getUint16(this.take(2));
  }

  u32(): number {
    return this.view.getUint32(this.take(4));
  }

  i32(): number {
    return this.view.getInt32(this.take(4));
  }

  timeval(): Timeval {
    const at = this.take(8);
    return { sec: this.view.getUint32(at), usec: this.view.getUint32(at + 4) };
  }

  /** A copy of the next `length` bytes: what is decoded does not keep the input alive. */
  copy(length: number): Uint8Array {
    const at = this.take(length);
    return this.bytes.slice(at, at + length);
  }

  /** Pass over bytes of the record. */
  skip(count: number): void {
    this.take(count);
  }

  /** Text that ends with a NUL byte. */
  text(): string {
    const start = this.pos;
    const short = this.shortText(start, Math.min(this.end, start + SHORT_TEXT_BYTES));
    if (short !== undefined) return short;
    const nul = this.bytes.indexOf(0, start);
    if (nul < 0 || nul >= this.end) this.fail('malformed', 'text without its end');
    this.pos = nul + 1;
    return UTF8.decode(this.bytes.subarray(start, nul));
  }

  /** The text at `start` if it is of ASCII and its NUL byte lies before `end`. */
  private shortText(start: number, end: number): string | undefined {
    let text = '';
    for (let at = start; at < end; at++) {
      const code = this.view.getUint8(at);
      if (code === 0) {
        this.pos = at + 1;
        return text;
      }
      const character = ASCII[code];
      if (character === undefined) return undefined;
      text += character;
    }
    return undefined;
  }

  /** An address, in full or as a reference to one that this record gave before. */
  address(): Address {
    const length = this.u8();
    if (length > 0) {
      const address = this.addressBody(length);
      this.countParts();
      this.addresses.push(address);
      return address;
    }
    const index = this.u32();
    const known = this.addresses[index];
    if (known === undefined)
      this.fail('reference', `address ${index} of ${this.addresses.length} in this record`);
    return known;
  }

  /** An address in full that later references of the record do not count. */
  unnumberedAddress(): Address {
    const length = this.u8();
    if (length === 0) this.fail('malformed', 'reference where an address in full must stand');
    return this.addressBody(length);
  }

  /**
   * A type and bytes. The type says how many bytes are the address, the length only where reading goes on: the two
   * agree in what scamper writes, and scamper's reader does not compare them.
   */
  private addressBody(length: number): Address {
    const address = this.addressOfType();
    this.pos += length - (addressLength(address.type) ?? 0);
    return address;
  }

  /** The name of an interface (since scamper 20240503): its number in this record, and a new one itself. */
  interfaceName(): string {
    const number = this.u8();
    const known = this.interfaceNames.length;
    if (number === 0) return this.text();
    if (number > known + 1) this.fail('reference', `interface ${number} of ${known} in this record`);
    const name = number > known ? this.text() : this.interfaceNames[number - 1];
    if (name === undefined) this.fail('reference', `interface ${number} of ${known} in this record`);
    if (number > known) this.interfaceNames.push(name);
    return name;
  }

  /** An address whose length its type gives. */
  addressOfType(): Address {
    const type = this.u8();
    const length = addressLength(type);
    if (length === undefined) this.fail('malformed', `address of type ${type}`);
    const at = this.take(length);
    const view = this.view;
    switch (length) {
      case 4:
        return addressOf(type, view.getInt32(at), 0, 0, 0);
      case 6:
        return addressOf(type, view.getInt32(at), view.getUint16(at + 4) << 16, 0, 0);
      case 8:
        return addressOf(type, view.getInt32(at), view.getInt32(at + 4), 0, 0);
      default:
        return addressOf(
          type,
          view.getInt32(at),
          view.getInt32(at + 4),
          view.getInt32(at + 8),
          view.getInt32(at + 12),
        );
    }
  }

  /** The number of an address that an address record (type 5) gave; 0 is none. */
  globalAddress(): Address | undefined {
    return this.lookUp(this.tables.addresses, 'address');
  }

  list(): List | undefined {
    return this.lookUp(this.tables.lists, 'list');
  }

  cycle(): Cycle | undefined {
    return this.lookUp(this.tables.cycles, 'cycle');
  }

  private lookUp<T>(table: readonly (T | undefined)[], kind: string): T | undefined {
    const number = this.u32();
    if (number === 0) return undefined;
    const known = table[number - 1];
    if (known === undefined) this.fail('reference', `${kind} ${number} is not defined`);
    return known;
  }
}

/**
 * How many bytes parameters take whose sizes are fixed: an entry for each set of them, bit `i` of its index standing
 * for `sizes[i]`.
 * @internal
 */
export function bytesOfSets(sizes: readonly number[]): Uint8Array {
  const table = new Uint8Array(2 ** sizes.length);
  for (let set = 1; set < table.length; set++) {
    const lowest = 31 - Math.clz32(set & -set);
    table[set] = (table[set & (set - 1)] ?? 0) + (sizes[lowest] ?? 0);
  }
  return table;
}

/**
 * Reads parameter `id` into `target`; false if it does not know the id, and then nothing was read.
 * @internal
 */
export type ParameterReader<T> = (reader: Reader, target: T, id: number) => boolean;

/**
 * Read a parameter block (warts(5), "flags and parameters"): flag bytes of 7 bits, least significant first, then the
 * block's length and the parameters in the order of their ids. The length only says where reading goes on, which is
 * how ids of later versions of scamper are skipped.
 * @internal
 */
export function readParameters<T>(reader: Reader, target: T, read: ParameterReader<T>): void {
  let flagsAt = reader.pos;
  let flags = reader.u8();
  if (flags === 0) return;
  while (flags & 0x80) flags = reader.u8();
  const length = reader.u16();
  const end = reader.pos + length;
  for (let base = 1; ; base += 7) {
    flags = reader.byteAt(flagsAt++);
    for (let left = flags & 0x7f; left !== 0; left &= left - 1) {
      const bit = 31 - Math.clz32(left & -left);
      if (!read(reader, target, base + bit)) {
        reader.passOver(idsFrom(reader, flagsAt - 1, base, bit), end);
        return;
      }
    }
    if ((flags & 0x80) === 0) break;
  }
  reader.seek(end);
}

/** The ids whose flags are set from a bit of a flag byte on, which is that of id `base`. */
function idsFrom(reader: Reader, at: number, base: number, bit: number): number[] {
  const ids: number[] = [];
  for (let flagsAt = at, first = base, from = bit; ; flagsAt++, first += 7, from = 0) {
    const flags = reader.byteAt(flagsAt);
    for (let each = from; each < 7; each++) if (flags & (1 << each)) ids.push(first + each);
    if ((flags & 0x80) === 0) return ids;
  }
}
