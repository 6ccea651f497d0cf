/** Takes fields of TLS (RFC 8446, section 3) off the front of bytes. */
export class Reader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get isEmpty(): boolean {
    return this.at >= this.bytes.length;
  }

  /** @throws RangeError where there are fewer bytes than that, as all methods do */
  uint(length: 1 | 2 | 3): number {
    const value = this.bytes.readUIntBE(this.at, length);
    this.at += length;
    return value;
  }

  take(length: number): Buffer {
    if (this.at + length > this.bytes.length) throw new RangeError('the bytes end before the field');
    const taken = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return taken;
  }

  /** A vector: its length, in so many bytes, and what it has. */
  vector(lengthBytes: 1 | 2 | 3): Buffer {
    return this.take(this.uint(lengthBytes));
  }
}
