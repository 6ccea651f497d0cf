import type { Reader } from '../reader.js';

/** One object of an ICMP multi-part message (RFC 4884), such as an MPLS label stack (class 1, type 1; RFC 4950). */
export interface IcmpExtension {
  class: number;
  type: number;
  data: Uint8Array;
}

/** ICMP extensions of a reply: a total length in bytes, then objects, each of a length, a class, a type and data. @internal */
export function readIcmpExtensions(reader: Reader): IcmpExtension[] {
  const total = reader.u16();
  if (total === 0) reader.fail('malformed', 'ICMP extensions of no length');
  const end = reader.pos + total;
  const extensions: IcmpExtension[] = [];
  while (reader.pos < end) {
    const length = reader.u16();
    // A label of 4 bytes becomes many times as much text.
    reader.countParts(1 + (length >> 2));
    extensions.push({ class: reader.u8(), type: reader.u8(), data: reader.copy(length) });
  }
  if (reader.pos !== end) reader.fail('malformed', 'ICMP extensions longer than their total');
  return extensions;
}
