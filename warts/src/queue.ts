/** @internal */
export const NO_BYTES = new Uint8Array(0);
/** @internal */
export const NO_VIEW = new DataView(NO_BYTES.buffer);

/** Bytes that came and are not used up yet. A lone chunk is used where it stands; only leftovers are copied. @internal */
export class ByteQueue {
  private buffer: Uint8Array = NO_BYTES;
  private bufferView: DataView = NO_VIEW;
  private owned = false;
  private start = 0;
  private end = 0;

  get length(): number {
    return this.end - this.start;
  }

  push(chunk: Uint8Array): void {
    if (this.start === this.end) {
      this.use(chunk);
      this.owned = false;
      this.start = 0;
      this.end = chunk.length;
      return;
    }
    if (!this.owned || this.buffer.length - this.end < chunk.length) this.grow(chunk.length);
    this.buffer.set(chunk, this.end);
    this.end += chunk.length;
  }

  /** At least doubles, so that a long record in small chunks is not copied once per chunk. */
  private grow(extra: number): void {
    const live = this.length;
    const next = new Uint8Array(Math.max(2 * live, live + extra));
    next.set(this.buffer.subarray(this.start, this.end));
    this.use(next);
    this.owned = true;
    this.start = 0;
    this.end = live;
  }

  /** A `Buffer` is not used as it is: its `slice` is no copy. */
  private use({ buffer, byteOffset, byteLength }: Uint8Array): void {
    this.buffer = new Uint8Array(buffer, byteOffset, byteLength);
    this.bufferView = new DataView(buffer, byteOffset, byteLength);
  }

  /** In which the bytes lie, the first of them at `position`: records make no views of their own. */
  get bytes(): Uint8Array {
    return this.buffer;
  }

  get view(): DataView {
    return this.bufferView;
  }

  get position(): number {
    return this.start;
  }

  drop(count: number): void {
    this.start += count;
  }
}
