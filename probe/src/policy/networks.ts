import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type Network = [Address, number];

/**
 * Networks that no measurement may touch unless the host allows it: the host's own, and what is not the public Internet.
 * Sources: the IANA special-purpose address registries (RFC 6890) and the metadata addresses of the large clouds.
 */
const DENIED_BY_DEFAULT: readonly (readonly [string, string])[] = [
  ['0.0.0.0/8', 'this host'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'shared address space'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.169.254/32', 'metadata'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'protocol assignments'],
  ['192.0.2.0/24', 'documentation'],
  ['192.88.99.0/24', '6to4 relay'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'benchmarking'],
  ['198.51.100.0/24', 'documentation'],
  ['203.0.113.0/24', 'documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
  ['168.63.129.16/32', 'metadata'],
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['fd00:ec2::254/128', 'metadata'],
  ['fc00::/7', 'private'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'site-local'],
  ['ff00::/8', 'multicast'],
  ['100::/64', 'discard'],
  ['100:0:0:1::/64', 'dummy'],
  ['64:ff9b:1::/48', 'local translation'],
  ['2001:db8::/32', 'documentation'],
  ['3fff::/20', 'documentation'],
  ['5f00::/16', 'segment routing'],
  ['2001::/23', 'protocol assignments'],
];

export interface NamedNetwork {
  network: Network;
  /** As the host wrote it, or what it is. */
  name: string;
}

export const deniedByDefault: readonly NamedNetwork[] = DENIED_BY_DEFAULT.map(([cidr, what]) => ({
  network: ipaddr.parseCIDR(cidr),
  name: `${what} (${cidr})`,
}));

/** Of ::ffff:0:0/96, in bits: what follows is the IPv4 address. */
const MAPPED_BITS = 96;

/**
 * An address in its plain form (RFC 5952); an IPv4-mapped one (::ffff:192.0.2.1) is the IPv4 address, since that is where the
 * host's sockets send.
 */
export function canonical(text: string): string {
  return ipaddr.process(text).toString();
}

/**
 * Reads `10.0.0.0/8`, `2001:db8::/32` or one address; networks of IPv4-mapped addresses are those of IPv4.
 * @throws Error with a sentence
 */
export function parseNetwork(text: string): Network {
  try {
    const [address, bits] = text.includes('/')
      ? ipaddr.parseCIDR(text)
      : ([ipaddr.parse(text), null] as const);
    if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && (bits ?? 128) >= MAPPED_BITS)
      return [address.toIPv4Address(), (bits ?? 128) - MAPPED_BITS];
    return [address, bits ?? (address.kind() === 'ipv4' ? 32 : 128)];
  } catch {
    throw new Error(`${text} is no network (like 192.0.2.0/24 or 2001:db8::/32)`);
  }
}

export function contains([base, bits]: Network, address: Address): boolean {
  if (base.kind() === 'ipv4') return address.kind() === 'ipv4' && (address as ipaddr.IPv4).match(base, bits);
  return address.kind() === 'ipv6' && (address as ipaddr.IPv6).match(base, bits);
}

/**
 * An address and every IPv4 address that it carries within (mapped, compatible, 6to4, NAT64, Teredo): a packet to the outer
 * one can end at the inner one, so each must be allowed.
 */
export function withEmbedded(text: string): Address[] {
  const address = ipaddr.parse(text);
  if (address.kind() === 'ipv4') return [address];
  const bytes = address.toByteArray();
  const inner = embeddedOffsets(bytes).map((offset) => new ipaddr.IPv4(bytes.slice(offset, offset + 4)));
  const teredo = startsWith(bytes, [0x20, 0x01, 0, 0])
    ? [new ipaddr.IPv4(bytes.slice(12).map((byte) => byte ^ 0xff))]
    : [];
  return [address, ...inner, ...teredo];
}

function embeddedOffsets(bytes: number[]): number[] {
  const offsets: number[] = [];
  const zeros = bytes.slice(0, 10).every((byte) => byte === 0);
  const isUnspecifiedOrLoopback = bytes.slice(0, 15).every((byte) => byte === 0) && (bytes[15] ?? 0) <= 1;
  const mapped = zeros && bytes[10] === 0xff && bytes[11] === 0xff;
  const compatible = zeros && bytes[10] === 0 && bytes[11] === 0 && !isUnspecifiedOrLoopback;
  const translated = bytes.slice(0, 8).every((byte) => byte === 0) && bytes[8] === 0xff && bytes[9] === 0xff;
  if (mapped || compatible || translated) offsets.push(12);
  if (startsWith(bytes, [0x20, 0x02])) offsets.push(2);
  if (startsWith(bytes, [0, 0x64, 0xff, 0x9b])) offsets.push(12);
  return offsets;
}

function startsWith(bytes: number[], prefix: number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}
