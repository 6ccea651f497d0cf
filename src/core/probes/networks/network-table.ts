import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** What is known of the network of an address. */
export interface Network {
  asn: number;
  /** CIDR, the longest that holds the address */
  prefix: string;
}

/** A line that is none: the sentence names its number. */
export class NetworkTableError extends Error {
  override readonly name = 'NetworkTableError';
}

/** More than the whole Internet has prefixes, several times over. */
const MOST_LINES = 5_000_000;
const MOST_ASN = 4_294_967_295;
const LONGEST_LINE = 400;

type Family = 4 | 6;

interface Prefix {
  /** first address of the network */
  from: bigint;
  to: bigint;
  length: number;
  asn: number;
}

/** Ranges that do not overlap, in order: of each where it begins, and whose it is. */
interface Ranges {
  begins: BigUint64Array;
  asns: Uint32Array;
  /** length of the prefix in bits; 0: nobody's */
  lengths: Uint8Array;
}

/** IPv6 is told apart by its first 64 bits: nobody announces less on the Internet. */
const BITS: Readonly<Record<Family, number>> = { 4: 32, 6: 64 };

/**
 * Autonomous systems by address, from a table of announced prefixes. It takes 13 bytes for each range: the Internet's
 * 1,200,000 prefixes about 30 MB.
 */
export class NetworkTable {
  private constructor(
    private readonly families: Readonly<Record<Family, Ranges>>,
    /** prefixes that were read */
    readonly size: number,
    /** of them those that are told nobody by: the default routes, and IPv6 beyond 64 bits */
    readonly leftOut: number,
  ) {}

  /**
   * @param lines `prefix ASN`, with blanks or tabs between them, and what follows is not read: the form of pyasn. Empty ones, and
   *   those that begin with ; or #, are skipped. Default routes and networks of IPv6 of more than 64 bits, which dumps of BGP have too,
   *   are left out and counted
   * @throws NetworkTableError that names the first line that is wrong
   */
  static async read(lines: AsyncIterable<string> | Iterable<string>): Promise<NetworkTable> {
    const prefixes: Record<Family, Prefix[]> = { 4: [], 6: [] };
    let number = 0;
    let [size, leftOut] = [0, 0];
    for await (const line of lines) {
      number += 1;
      if (number > MOST_LINES)
        throw new NetworkTableError(`line ${number}: a table has ${MOST_LINES} at the most`);
      if (/^\s*(?:[;#]|$)/.test(line)) continue;
      const read = readLine(line);
      if (typeof read === 'string') throw new NetworkTableError(`line ${number}: ${read}`);
      size += 1;
      const { length } = read.prefix;
      if (length === 0 || length > BITS[read.family]) leftOut += 1;
      else prefixes[read.family].push(read.prefix);
    }
    return new NetworkTable({ 4: rangesOf(prefixes[4], 4), 6: rangesOf(prefixes[6], 6) }, size, leftOut);
  }

  /** @returns undefined: it is no address, or nobody's */
  find(address: string): Network | undefined {
    if (!ipaddr.isValid(address)) return undefined;
    const parsed = ipaddr.process(address);
    const family = parsed.kind() === 'ipv4' ? 4 : 6;
    const { begins, asns, lengths } = this.families[family];
    const value = valueOf(parsed.toByteArray(), family);
    let [low, high] = [0, begins.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((begins[middle] ?? 0n) <= value) low = middle + 1;
      else high = middle;
    }
    const [asn = 0, length = 0] = [asns[low - 1], lengths[low - 1]];
    if (length === 0 || asn === 0) return undefined;
    const bytes = parsed
      .toByteArray()
      .map((byte, index) => byte & ~(0xff >> Math.min(8, Math.max(0, length - 8 * index))));
    return { asn, prefix: `${ipaddr.fromByteArray(bytes).toString()}/${length}` };
  }
}

function readLine(line: string): { family: Family; prefix: Prefix } | string {
  if (line.length > LONGEST_LINE) return `it is longer than ${LONGEST_LINE} characters`;
  const [network = '', system = ''] = line.trim().split(/\s+/);
  const [address = '', bits = ''] = network.split('/');
  const family = isIP(address);
  const length = /^\d{1,3}$/.test(bits) ? Number(bits) : NaN;
  if ((family !== 4 && family !== 6) || address.includes('%') || !(length <= (family === 4 ? 32 : 128)))
    return `${JSON.stringify(network.slice(0, 60))} is no network in CIDR notation`;
  const asn = /^\d{1,10}$/.test(system) ? Number(system) : NaN;
  if (!(asn <= MOST_ASN))
    return `${JSON.stringify(system.slice(0, 60))} is no number of an autonomous system`;
  const from = family === 4 ? valueOfIpv4(address) : valueOf(ipaddr.parse(address).toByteArray(), 6);
  const span = 1n << BigInt(Math.max(0, BITS[family] - length));
  if (from % span !== 0n) return `${JSON.stringify(network)} has bits beyond its length`;
  return { family, prefix: { from, to: from + span - 1n, length, asn } };
}

/** By hand, since a table has a million of them: it takes a tenth of the library's time. */
function valueOfIpv4(address: string): bigint {
  return BigInt(address.split('.').reduce((value, byte) => value * 256 + Number(byte), 0));
}

function valueOf(bytes: readonly number[], family: Family): bigint {
  const head = Buffer.from(bytes.slice(0, BITS[family] / 8));
  return family === 4 ? BigInt(head.readUInt32BE()) : head.readBigUInt64BE();
}

/** Flattens prefixes that lie in each other: the longest one counts. */
function rangesOf(prefixes: Prefix[], family: Family): Ranges {
  prefixes.sort((a, b) => (a.from === b.from ? a.length - b.length : a.from < b.from ? -1 : 1));
  const begins: bigint[] = [];
  const owners: (Prefix | undefined)[] = [];
  const begin = (at: bigint, owner: Prefix | undefined) => {
    if (begins.at(-1) === at) owners[owners.length - 1] = owner;
    else if (owners.at(-1) !== owner) {
      begins.push(at);
      owners.push(owner);
    }
  };
  const open: Prefix[] = [];
  const closeBefore = (at: bigint) => {
    for (let last = open.at(-1); last !== undefined && last.to < at; last = open.at(-1)) {
      open.pop();
      begin(last.to + 1n, open.at(-1));
    }
  };
  for (const prefix of prefixes) {
    closeBefore(prefix.from);
    begin(prefix.from, prefix);
    open.push(prefix);
  }
  closeBefore(1n << BigInt(BITS[family]));
  // what ends with the last address there is has no end that could be written
  const count = begins.at(-1) === 1n << BigInt(BITS[family]) ? begins.length - 1 : begins.length;
  return {
    begins: BigUint64Array.from(begins.slice(0, count)),
    asns: Uint32Array.from(owners.slice(0, count), (owner) => owner?.asn ?? 0),
    lengths: Uint8Array.from(owners.slice(0, count), (owner) => owner?.length ?? 0),
  };
}
