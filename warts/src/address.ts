/** Address types of warts(5): the byte before an address's bytes. @internal */
export const IPV4 = 1;
/** @internal */
export const IPV6 = 2;
/** @internal */
export const ETHERNET = 3;
/** @internal */
export const FIREWIRE = 4;

/** How many bytes an address of each type has; undefined for a type that warts does not define. @internal */
export function addressLength(type: number): number | undefined {
  switch (type) {
    case IPV4:
      return 4;
    case IPV6:
      return 16;
    case ETHERNET:
      return 6;
    case FIREWIRE:
      return 8;
    default:
      return undefined;
  }
}

const DECIMAL = Array.from({ length: 256 }, (_, byte) => String(byte));
const DECIMAL_DOT = DECIMAL.map((text) => text + '.');

/**
 * An address of a probe, a reply or a router. Its bytes are kept as up to four signed 32-bit words in network order,
 * which costs no array per address; its text is made once, when first asked for.
 */
export class Address {
  #text: string | undefined = undefined;

  constructor(
    readonly type: number,
    readonly word0: number,
    readonly word1: number,
    readonly word2: number,
    readonly word3: number,
  ) {}

  get isIPv4(): boolean {
    return this.type === IPV4;
  }

  get isIPv6(): boolean {
    return this.type === IPV6;
  }

  /** As inet_ntop(3) writes it; Ethernet and FireWire as hexadecimal bytes joined by colons. */
  toString(): string {
    return (this.#text ??= this.write());
  }

  toJSON(): string {
    return this.toString();
  }

  private write(): string {
    if (this.type === IPV4) return dottedQuad(this.word0);
    if (this.type === IPV6) return colonHex(this);
    const digits = hexBytes(this.word0) + hexBytes(this.word1);
    const pairs = digits.match(/../g) ?? [];
    return pairs.slice(0, this.type === ETHERNET ? 6 : 8).join(':');
  }
}

/** 4096 addresses, by the highest bits of a hash. */
const SLOT_SHIFT = 32 - 12;
/** In the place of one that is not read yet. @internal */
export const NO_ADDRESS = new Address(0, 0, 0, 0, 0);
const KNOWN: Address[] = Array.from({ length: 2 ** (32 - SLOT_SHIFT) }, () => NO_ADDRESS);

/**
 * The address of these words. The same few stand in most records of a file: each is one object, and its text is made
 * once, while no other takes its slot of a small table.
 * @internal
 */
export function addressOf(type: number, word0: number, word1: number, word2: number, word3: number): Address {
  const mixed = Math.imul(
    word0 ^ Math.imul(word1, 31) ^ Math.imul(word2, 961) ^ Math.imul(word3, 29791),
    0x9e3779b1,
  );
  const slot = (mixed ^ type) >>> SLOT_SHIFT;
  const known = KNOWN[slot] ?? NO_ADDRESS;
  if (
    known.word3 === word3 &&
    known.word0 === word0 &&
    known.word1 === word1 &&
    known.word2 === word2 &&
    known.type === type
  ) {
    return known;
  }
  return (KNOWN[slot] = new Address(type, word0, word1, word2, word3));
}

/** Order of two addresses of one type by their bytes read as little-endian 32-bit words: the order scamper uses. */
export function compareAddresses(a: Address, b: Address): number {
  return (
    a.type - b.type ||
    swapBytes(a.word0) - swapBytes(b.word0) ||
    swapBytes(a.word1) - swapBytes(b.word1) ||
    swapBytes(a.word2) - swapBytes(b.word2) ||
    swapBytes(a.word3) - swapBytes(b.word3)
  );
}

/** The same for two of IPv6 read as 64-bit words: the order of scamper of 2026 on 64-bit machines. @internal */
export function compareAddresses64(a: Address, b: Address): number {
  if (!a.isIPv6 || !b.isIPv6) return compareAddresses(a, b);
  return (
    swapBytes(a.word1) - swapBytes(b.word1) ||
    swapBytes(a.word0) - swapBytes(b.word0) ||
    swapBytes(a.word3) - swapBytes(b.word3) ||
    swapBytes(a.word2) - swapBytes(b.word2)
  );
}

function swapBytes(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

function hexBytes(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

function dottedQuad(word: number): string {
  return (
    (DECIMAL_DOT[word >>> 24] ?? '') +
    (DECIMAL_DOT[(word >>> 16) & 255] ?? '') +
    (DECIMAL_DOT[(word >>> 8) & 255] ?? '') +
    (DECIMAL[word & 255] ?? '')
  );
}

/** The text form of an IPv6 address as glibc's inet_ntop writes it: the first longest run of zero groups is `::`. */
function colonHex(address: Address): string {
  const { word0, word1, word2, word3 } = address;
  const groups = [
    word0 >>> 16,
    word0 & 0xffff,
    word1 >>> 16,
    word1 & 0xffff,
    word2 >>> 16,
    word2 & 0xffff,
    word3 >>> 16,
    word3 & 0xffff,
  ];
  const run = longestZeroRun(groups);
  const embedsIPv4 = run.start === 0 && (run.length === 6 || (run.length === 5 && groups[5] === 0xffff));
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  if (embedsIPv4) return (run.length === 6 ? '::' : '::ffff:') + dottedQuad(address.word3);
  if (run.length < 2) return hex(groups);
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`;
}

function longestZeroRun(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  groups.forEach((group, index) => {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index + 1 - length, length };
  });
  return best;
}
