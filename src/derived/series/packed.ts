const CONTINUES = 128;
const BYTE = 256n;

/** Writes whole numbers in as few bytes as they need: seven bits in each, the lowest first (LEB128). */
export class PackWriter {
  private bytes = Buffer.allocUnsafe(4096);
  private at = 0;

  /** @param value a whole number from 0 on */
  count(value: number): void {
    this.reserve(10);
    let left = value;
    while (left >= CONTINUES) {
      this.bytes[this.at] = (left % CONTINUES) + CONTINUES;
      this.at += 1;
      left = Math.floor(left / CONTINUES);
    }
    this.bytes[this.at] = left;
    this.at += 1;
  }

  /** @param value a whole number */
  signed(value: number): void {
    this.count(value < 0 ? 1 : 0);
    this.count(Math.abs(value));
  }

  /** @param value from 0 on, below 2^2040 */
  large(value: bigint): void {
    const bytes: number[] = [];
    for (let left = value; left > 0n; left /= BYTE) bytes.push(Number(left % BYTE));
    this.reserve(bytes.length + 1);
    this.bytes[this.at] = bytes.length;
    this.bytes.set(bytes, this.at + 1);
    this.at += bytes.length + 1;
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.count(length);
    this.reserve(length);
    this.at += this.bytes.write(value, this.at);
  }

  /** @returns a copy of what was written since the last time */
  take(): Buffer {
    const taken = Buffer.from(this.bytes.subarray(0, this.at));
    this.at = 0;
    return taken;
  }

  private reserve(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const wider = Buffer.allocUnsafe(2 * (this.at + more));
    this.bytes.copy(wider, 0, 0, this.at);
    this.bytes = wider;
  }
}

/** Reads what PackWriter wrote, in the same order. */
export class PackReader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  count(): number {
    let value = 0;
    let unit = 1;
    for (;;) {
      const byte = this.bytes[this.at] ?? 0;
      this.at += 1;
      if (byte < CONTINUES) return value + byte * unit;
      value += (byte - CONTINUES) * unit;
      unit *= CONTINUES;
    }
  }

  signed(): number {
    const isNegative = this.count() === 1;
    const size = this.count();
    return isNegative ? -size : size;
  }

  large(): bigint {
    const length = this.bytes[this.at] ?? 0;
    let value = 0n;
    for (let place = this.at + length; place > this.at; place -= 1)
      value = value * BYTE + BigInt(this.bytes[place] ?? 0);
    this.at += length + 1;
    return value;
  }

  skipLarge(): void {
    this.at += (this.bytes[this.at] ?? 0) + 1;
  }

  text(): string {
    const length = this.count();
    const from = this.at;
    this.at += length;
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + from, length).toString();
  }
}
