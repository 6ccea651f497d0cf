import { IPV4, type Address } from '../address.js';

/** ASCII text that is written many times: its bytes in words of four, the first byte lowest. */
export interface Ascii {
  readonly words: Int32Array;
  readonly length: number;
}

/** Text that stands in the code as what `JsonWriter.put` takes. */
export function ascii(text: string): Ascii {
  const words = new Int32Array(Math.ceil(text.length / 4));
  for (let i = 0; i < text.length; i++) {
    words[i >> 2] = (words[i >> 2] ?? 0) | (text.charCodeAt(i) << (8 * (i & 3)));
  }
  return { words, length: text.length };
}

/** The same of each text of a table. */
export function asciiOf<Key extends string>(texts: Readonly<Record<Key, string>>): Record<Key, Ascii> {
  const entries = Object.entries<string>(texts).map(([key, text]) => [key, ascii(text)]);
  return Object.fromEntries(entries) as Record<Key, Ascii>;
}

/** The names that numbers have, as JSON strings; a number without a name is written as a string as well. */
export class Names {
  private readonly known: (Ascii | undefined)[] = [];

  constructor(private readonly names: readonly (string | undefined)[]) {}

  of(value: number): Ascii {
    return (this.known[value] ??= ascii(`"${this.names[value] ?? value}"`));
  }
}

const wordsOf = (count: number, text: (n: number) => string): Int32Array =>
  Int32Array.from({ length: count }, (_, n) => ascii(text(n)).words[0] ?? 0);

/** Numbers below 1000 in one word each: as they are, with zeros in front, and with a point before these. */
const PLAIN = wordsOf(1000, String);
const PADDED = wordsOf(1000, (n) => String(n).padStart(3, '0'));
const FRACTION = wordsOf(1000, (n) => '.' + String(n).padStart(3, '0'));
/** The parts of an IPv4 address with the dot behind them. */
const DOTTED = wordsOf(256, (n) => `${n}.`);

const START_BYTES = 96 * 1024;
/** What one long record took is given back. */
const KEPT_BYTES = 1024 * 1024;
/** Words are written whole: up to three bytes behind the text, which what follows overwrites. */
const SLACK = 4;
const SHORT_TEXT = 256;
const MAX_DIGITS = 10;
const MAX_DOTTED_QUAD = 15;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Writes text as UTF-8 bytes into one buffer. Joining strings for each key and number takes several times as long, and
 * leaves as much garbage as there is text.
 */
export class JsonWriter {
  private bytes = new Uint8Array(START_BYTES);
  private view = new DataView(this.bytes.buffer);
  private end = 0;

  get length(): number {
    return this.end;
  }

  /** What was written, until more is. */
  taken(): Uint8Array {
    return this.bytes.subarray(0, this.end);
  }

  toString(): string {
    return DECODER.decode(this.taken());
  }

  clear(): void {
    this.end = 0;
    if (this.bytes.length > KEPT_BYTES) this.resize(START_BYTES);
  }

  /** Sees to it that `count` more bytes have room; returns where they go. */
  private reserve(count: number): number {
    const at = this.end;
    if (at + count + SLACK > this.bytes.length) this.resize(2 * (at + count + SLACK));
    return at;
  }

  private resize(size: number): void {
    const bytes = new Uint8Array(size);
    bytes.set(this.bytes.subarray(0, this.end));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  put(text: Ascii): void {
    this.end = this.putAt(this.reserve(text.length), text);
  }

  /** What is put at a place with room ends at the place that is returned. */
  private putAt(start: number, { words, length }: Ascii): number {
    const { view } = this;
    let at = start;
    for (let i = 0; i < words.length; i++, at += 4) view.setInt32(at, words[i] ?? 0, true);
    return start + length;
  }

  raw(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
    this.end = at + bytes.length;
  }

  /** Any text; it is not quoted. */
  text(text: string): void {
    if (text.length > SHORT_TEXT || !this.putAscii(text)) {
      this.raw(ENCODER.encode(text));
    }
  }

  /** Short text, by itself faster than a call of the encoder; false, and nothing written, if it is not ASCII. */
  private putAscii(text: string): boolean {
    const { length } = text;
    const at = this.reserve(length);
    const { bytes } = this;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[at + i] = code;
    }
    this.end = at + length;
    return true;
  }

  /** A whole number below 2^32 behind its key. */
  number(key: Ascii, value: number): void {
    const at = this.putAt(this.reserve(key.length + MAX_DIGITS), key);
    this.end = this.digitsAt(at, value >>> 0);
  }

  private digitsAt(at: number, value: number): number {
    if (value < 1000) return this.shortAt(at, value);
    if (value >= 1_000_000) {
      const millions = (value / 1_000_000) >>> 0;
      const rest = value - 1_000_000 * millions;
      const thousands = (rest / 1000) >>> 0;
      const next = this.paddedAt(this.digitsAt(at, millions), thousands);
      return this.paddedAt(next, rest - 1000 * thousands);
    }
    const thousands = (value / 1000) >>> 0;
    return this.paddedAt(this.shortAt(at, thousands), value - 1000 * thousands);
  }

  private shortAt(at: number, value: number): number {
    this.view.setInt32(at, PLAIN[value] ?? 0, true);
    return at + (value < 10 ? 1 : value < 100 ? 2 : 3);
  }

  private paddedAt(at: number, value: number): number {
    this.view.setInt32(at, PADDED[value] ?? 0, true);
    return at + 3;
  }

  /** Microseconds as milliseconds with exactly three decimals: 5 is `0.005`. */
  milliseconds(key: Ascii, us: number): void {
    const at = this.putAt(this.reserve(key.length + MAX_DIGITS + 4), key);
    const whole = ((us >>> 0) / 1000) >>> 0;
    const point = this.digitsAt(at, whole);
    this.view.setInt32(point, FRACTION[us - 1000 * whole] ?? 0, true);
    this.end = point + 4;
  }

  /** A time behind `key`, which ends where the seconds begin, with `between` up to the microseconds. */
  time(key: Ascii, sec: number, between: Ascii, usec: number): void {
    this.number(key, sec);
    this.number(between, usec);
    this.put(CLOSED);
  }

  /** An address behind a key that ends with a quotation mark, and the other mark. */
  address(key: Ascii, address: Address): void {
    if (address.type === IPV4) {
      const at = this.putAt(this.reserve(key.length + MAX_DOTTED_QUAD), key);
      this.end = this.dottedQuadAt(at, address.word0);
    } else {
      this.put(key);
      this.text(address.toString());
    }
    this.put(QUOTE);
  }

  private dottedQuadAt(start: number, word: number): number {
    let at = start;
    for (let shift = 24; shift > 0; shift -= 8) {
      const part = (word >>> shift) & 255;
      this.view.setInt32(at, DOTTED[part] ?? 0, true);
      at += part < 10 ? 2 : part < 100 ? 3 : 4;
    }
    return this.shortAt(at, word & 255);
  }
}

const CLOSED = ascii('}');
const QUOTE = ascii('"');
