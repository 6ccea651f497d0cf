/**
 * Writes warts: any record with any parameters, in any order of well- and ill-formedness that a test asks for.
 * Deliberately knows nothing of the decoder.
 */
export type Bytes = readonly number[];

/** A parameter: its id and its encoded value. */
export type Parameter = readonly [id: number, value: Bytes];

export const u8 = (n: number): Bytes => [n & 255];
export const u16 = (n: number): Bytes => [(n >>> 8) & 255, n & 255];
export const u32 = (n: number): Bytes => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
export const time = (sec: number, usec: number): Bytes => [...u32(sec), ...u32(usec)];
export const text = (value: string): Bytes => [...new TextEncoder().encode(value), 0];
export const latin1 = (value: string): Bytes => Array.from(value, (char) => char.charCodeAt(0));

/** An address in full: type 1 IPv4, 2 IPv6, 3 Ethernet, 4 FireWire by its length. */
export function address(bytes: Bytes): Bytes {
  const type = { 4: 1, 16: 2, 6: 3, 8: 4 }[bytes.length] ?? 0;
  return [bytes.length, type, ...bytes];
}

/** A reference to the address that was the `index`th in full, from 0, of the same record. */
export const reference = (index: number): Bytes => [0, ...u32(index)];

export const ipv4 = (quad: string): Bytes => address(quad.split('.').map(Number));

/** Flags, length and values of parameters, which are put in the order of their ids. */
export function parameters(list: readonly Parameter[], length?: number): Bytes {
  if (list.length === 0) return [0];
  const sorted = [...list].sort((a, b) => a[0] - b[0]);
  const flags = Array.from({ length: Math.ceil((sorted.at(-1)?.[0] ?? 1) / 7) }, () => 0);
  for (const [id] of sorted) flags[Math.floor((id - 1) / 7)]! |= 1 << ((id - 1) % 7);
  const linked = flags.map((byte, i) => (i < flags.length - 1 ? byte | 0x80 : byte));
  const values = sorted.flatMap(([, value]) => value);
  return [...linked, ...u16(length ?? values.length), ...values];
}

export function record(type: number, body: Bytes): Bytes {
  return [...u16(0x1205), ...u16(type), ...u32(body.length), ...body];
}

export const list = (number: number, id: number, name: string, params: readonly Parameter[] = []): Bytes =>
  record(1, [...u32(number), ...u32(id), ...text(name), ...parameters(params)]);

export const cycleStart = (
  number: number,
  listNumber: number,
  id: number,
  params: readonly Parameter[] = [],
): Bytes =>
  record(2, [...u32(number), ...u32(listNumber), ...u32(id), ...u32(1_700_000_000), ...parameters(params)]);

export const cycleStop = (number: number): Bytes => record(4, [...u32(number), ...u32(1_700_000_100), 0]);

/** A record whose body is a parameter block, then anything. */
export const withParameters = (type: number, params: readonly Parameter[], rest: Bytes = []): Bytes =>
  record(type, [...parameters(params), ...rest]);

/** A count and as many parts. */
export const counted = (parts: readonly Bytes[]): Bytes => [...u16(parts.length), ...parts.flat()];
