import { Address, addressLength } from './address.js';
import { WartsError, type WartsErrorCode } from './errors.js';
import type { Cycle, List, Timeval } from './records/types.js';
import { FileTables } from './tables.js';

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** What scamper writes is never read twice: this is room for damaged lengths. */
const MAX_REREAD_BYTES = 64 * 1024;

/**
 * A bounded cursor over one record: every read is checked against the record's end, so no length or count in the
 * input can lead outside of it. Also holds the addresses that the record has introduced so far (warts(5),
 * "embedded addresses") and the tables of the file. Numbers are big-endian.
 */
export class Reader {
  readonly tables = new FileTables();
  /** Index of the record being read, counted from 0. */
  recordIndex = 0;
  pos = 0;
  private end = 0;
  private parts = 0;
  private reread = 0;
  /** The whole buffer that the record lies in: positions count from its beginning. */
  private bytes: Uint8Array = new Uint8Array(0);
  private view: DataView = new DataView(this.bytes.buffer);
  /** Byte of the input minus position in the buffer. */
  private inputOffset = 0;
  private addresses: Address[] = [];

  constructor(private readonly maxParts: number) {}

  /** Begin a record whose body is the first `length` of `bytes`; the first is byte `offset` of the input. */
  begin(bytes: Uint8Array, length: number, offset: number): void {
    if (bytes.buffer !== this.view.buffer) {
      this.bytes = new Uint8Array(bytes.buffer);
      this.view = new DataView(bytes.buffer);
    }
    this.pos = bytes.byteOffset;
    this.end = this.pos + length;
    this.inputOffset = offset - this.pos;
    this.parts = 0;
    this.reread = 0;
    if (this.addresses.length > 0) this.addresses = [];
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

  /** Text that ends with a NUL byte. */
  text(): string {
    const start = this.pos;
    const nul = this.bytes.indexOf(0, start);
    if (nul < 0 || nul >= this.end) this.fail('malformed', 'text without its end');
    this.pos = nul + 1;
    return UTF8.decode(this.bytes.subarray(start, nul));
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

  /** An address whose length its type gives. */
  addressOfType(): Address {
    const type = this.u8();
    const length = addressLength(type);
    if (length === undefined) this.fail('malformed', `address of type ${type}`);
    const at = this.take(length);
    const view = this.view;
    switch (length) {
      case 4:
        return new Address(type, view.getInt32(at), 0, 0, 0);
      case 6:
        return new Address(type, view.getInt32(at), view.getUint16(at + 4) << 16, 0, 0);
      case 8:
        return new Address(type, view.getInt32(at), view.getInt32(at + 4), 0, 0);
      default:
        return new Address(
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
 * Reads parameter `id` into `target`; false if it does not know the id, and then nothing was read.
 */
export type ParameterReader<T> = (reader: Reader, target: T, id: number) => boolean;

/**
 * Read a parameter block (warts(5), "flags and parameters"): flag bytes of 7 bits, least significant first, then the
 * block's length and the parameters in the order of their ids. The length only says where reading goes on, which is
 * how ids of later versions of scamper are skipped.
 */
export function readParameters<T>(reader: Reader, target: T, read: ParameterReader<T>): void {
  let flagsAt = reader.pos;
  let flags = reader.u8();
  if (flags === 0) return;
  while (flags & 0x80) flags = reader.u8();
  const length = reader.u16();
  const start = reader.pos;
  for (let base = 1; ; base += 7) {
    flags = reader.byteAt(flagsAt++);
    for (let bit = 0; bit < 7; bit++) {
      if (flags & (1 << bit) && !read(reader, target, base + bit)) {
        reader.seek(start + length);
        return;
      }
    }
    if ((flags & 0x80) === 0) break;
  }
  reader.seek(start + length);
}
