import ipaddr from 'ipaddr.js';

/** A network as a pair that is compared as text: the family, and the first and last address in hexadecimal. */
export interface AddressRange {
  from: string;
  to: string;
}

/**
 * @param network in CIDR notation
 * @returns undefined: it is none, or has bits beyond its length, such as 192.0.2.1/24
 */
export function rangeOf(network: string): AddressRange | undefined {
  if (!/^[0-9a-f.:]+\/\d{1,3}$/i.test(network) || !ipaddr.isValidCIDR(network)) return undefined;
  const [address, length] = ipaddr.parseCIDR(network);
  const bytes = address.toByteArray();
  const last = bytes.map((byte, index) => byte | (0xff >> Math.min(8, Math.max(0, length - 8 * index))));
  const first = bytes.map((byte, index) => byte & ~(0xff >> Math.min(8, Math.max(0, length - 8 * index))));
  if (first.some((byte, index) => byte !== bytes[index])) return undefined;
  return { from: keyOf(first), to: keyOf(last) };
}

/** @param network that rangeOf() knows @returns the same as RFC 5952 writes it */
export function canonicalNetwork(network: string): string {
  const [address, length] = ipaddr.parseCIDR(network);
  return `${address.toString()}/${length}`;
}

/** @returns as rangeOf() has it; undefined: it is no address */
export function addressKey(address: string): string | undefined {
  return ipaddr.isValid(address) ? keyOf(ipaddr.process(address).toByteArray()) : undefined;
}

function keyOf(bytes: readonly number[]): string {
  return (bytes.length === 4 ? '4' : '6') + Buffer.from(bytes).toString('hex');
}
