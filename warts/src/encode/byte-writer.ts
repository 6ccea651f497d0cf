import type { Address } from '../address.js';
import { addressLength } from '../address.js';
import type { Timeval } from '../records/types.js';

/** A value that a record of warts has no room for. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError';
}

const TEXT = new TextEncoder();
const MAX_PARAMETER_BYTES = 0xffff;
/** Interfaces whose names have numbers, in one record. */
const MAX_NUMBERED_INTERFACES = 254;

/** Writes the parts of one record, and returns itself; numbers are big-endian. Knows the addresses and interfaces that it has had. @internal */
export class ByteWriter {
  private bytes = new Uint8Array(512);
  private view = new DataView(this.bytes.buffer);
  private length = 0;
  private readonly addresses = new Map<string, number>();
  private readonly interfaces = new Map<string, number>();

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  get position(): number {
    return this.length;
  }

  u8(value: number): this {
    const at = this.room(1);
    this.view.setUint8(at, checked(value, 0xff));
    return this;
  }

  u16(value: number): this {
    const at = this.room(2);
    this.view.setUint16(at, checked(value, 0xffff));
    return this;
  }

  u32(value: number): this {
    const at = this.room(4);
    this.view.setUint32(at, checked(value, 0xffffffff));
    return this;
  }

  time({ sec, usec }: Timeval): this {
    this.u32(sec);
    this.u32(usec);
    return this;
  }

  raw(value: Uint8Array): this {
    const at = this.room(value.length);
    this.bytes.set(value, at);
    return this;
  }

  /** Text and its NUL byte. */
  text(value: string): this {
    if (value.includes('\0')) throw new EncodeError('text with a NUL byte');
    this.raw(TEXT.encode(value));
    this.u8(0);
    return this;
  }

  /** An address in full the first time, then as a reference to it. */
  address(address: Address): this {
    const key = `${address.type} ${address.toString()}`;
    const known = this.addresses.get(key);
    if (known === undefined) {
      this.addresses.set(key, this.addresses.size);
      return this.fullAddress(address);
    }
    return this.u8(0).u32(known);
  }

  fullAddress(address: Address): this {
    const length = addressLength(address.type);
    if (length === undefined) throw new EncodeError(`address of type ${address.type}`);
    this.u8(length);
    this.u8(address.type);
    const end = this.length + length;
    for (const word of [address.word0, address.word1, address.word2, address.word3]) {
      if (this.length >= end) break;
      const at = this.room(4);
      this.view.setInt32(at, word);
    }
    this.length = end;
    return this;
  }

  /** The name of an interface with a number the first time, then its number alone. */
  interfaceName(name: string): this {
    const known = this.interfaces.get(name);
    if (known !== undefined) return this.u8(known);
    const number = this.interfaces.size < MAX_NUMBERED_INTERFACES ? this.interfaces.size + 1 : 0;
    if (number > 0) this.interfaces.set(name, number);
    return this.u8(number).text(name);
  }

  /** Flags and parameters (warts(5)): those that are undefined are left out. */
  parameters(list: readonly Parameter[]): void {
    const ids = list.filter((entry) => entry !== undefined).map(([id]) => id);
    this.flags(ids);
    if (ids.length === 0) return;
    const lengthAt = this.room(2);
    for (const entry of list) {
      if (entry !== undefined) entry[1]();
    }
    const length = this.length - lengthAt - 2;
    if (length > MAX_PARAMETER_BYTES) throw new EncodeError(`parameters of ${length} bytes`);
    this.view.setUint16(lengthAt, length);
  }

  /** Seven flags in each byte, least significant first; the highest bit says that another byte follows. */
  private flags(ids: readonly number[]): void {
    const last = ids.at(-1) ?? 1;
    for (let first = 1; first <= last; first += 7) {
      let flags = first + 7 <= last ? 0x80 : 0;
      for (const id of ids) if (id >= first && id < first + 7) flags |= 1 << (id - first);
      this.u8(flags);
    }
  }

  /** Put a number where room was left for it. */
  patchU16(at: number, value: number): void {
    this.view.setUint16(at, value);
  }

  private room(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const next = new Uint8Array(2 * this.length);
      next.set(this.bytes);
      this.bytes = next;
      this.view = new DataView(next.buffer);
    }
    return at;
  }
}

/** A number of a parameter and what writes its value; in ascending order of numbers. */
export type Parameter = readonly [id: number, write: () => void] | undefined;

/** A parameter that is there only if `isThere`. */
export function parameter(id: number, isThere: boolean, write: () => void): Parameter {
  return isThere ? [id, write] : undefined;
}

function checked(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new EncodeError(`${value} where a whole number from 0 to ${max} must stand`);
  }
  return value;
}
