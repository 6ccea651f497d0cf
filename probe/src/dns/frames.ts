const LENGTH_BYTES = 2;

/** Cuts the bytes of a TCP connection into messages (RFC 1035, section 4.2.2), each byte of which is copied once. */
export class Frames {
  private readonly length = Buffer.alloc(LENGTH_BYTES);
  private lengthFilled = 0;
  private message: Buffer | null = null;
  private filled = 0;

  /** @returns the messages that are complete now; a message may have no bytes at all */
  *take(chunk: Buffer): Generator<Buffer, void> {
    let at = 0;
    while (at < chunk.length) {
      if (this.message === null) at += this.fillLength(chunk, at);
      else at += this.fillMessage(this.message, chunk, at);
      if (this.message?.length === this.filled) {
        const message = this.message;
        this.message = null;
        this.lengthFilled = 0;
        yield message;
      }
    }
  }

  private fillLength(chunk: Buffer, at: number): number {
    const copied = chunk.copy(this.length, this.lengthFilled, at);
    this.lengthFilled += copied;
    if (this.lengthFilled === LENGTH_BYTES) {
      this.message = Buffer.alloc(this.length.readUInt16BE(0));
      this.filled = 0;
    }
    return copied;
  }

  private fillMessage(message: Buffer, chunk: Buffer, at: number): number {
    const copied = chunk.copy(message, this.filled, at);
    this.filled += copied;
    return copied;
  }
}
