const MAGIC = 0xfd2fb528;
const FRAME_BEGIN_BYTES = 5;
const BLOCK_HEADER_BYTES = 3;
const RLE = 1;
/** What zstd itself takes unless it is told otherwise: `--long=27`. */
const MOST_WINDOW_BYTES = 128 * 1024 * 1024;

/** Whether a file begins as zstd does. */
export function isZstd(begin: Uint8Array): boolean {
  return Buffer.from(begin.subarray(0, 4)).equals(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]));
}

/**
 * Follows the frames of zstd data (RFC 8878, section 3.1) and refuses windows that would take too much memory: an unpacker
 * allocates what a header of six bytes asks for, up to 2 GB.
 */
export class ZstdFrames {
  private header: number[] = [];
  private skip = 0;
  private inFrame = false;
  private checksumBytes = 0;

  /** @throws RangeError where a frame of this chunk asks for too large a window */
  follow(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      const skipped = Math.min(this.skip, chunk.length - at);
      this.skip -= skipped;
      at += skipped;
      const byte = chunk[at++];
      if (byte === undefined) return;
      this.header.push(byte);
      if (this.inFrame) this.block();
      else this.frame();
    }
  }

  private block(): void {
    if (this.header.length < BLOCK_HEADER_BYTES) return;
    const bits = this.number(0, BLOCK_HEADER_BYTES);
    const isLast = (bits & 1) === 1;
    this.skip = ((bits >> 1) & 3) === RLE ? 1 : bits >> 3;
    if (isLast) this.skip += this.checksumBytes;
    this.inFrame = !isLast;
    this.header = [];
  }

  private frame(): void {
    if (this.header.length < FRAME_BEGIN_BYTES) return;
    if (this.number(0, 4) !== MAGIC) this.skippable();
    else this.standard(this.header[4] ?? 0);
  }

  private skippable(): void {
    if (this.header.length < 8) return;
    this.skip = this.number(4, 4);
    this.header = [];
  }

  private standard(descriptor: number): void {
    const isSingle = (descriptor & 0x20) !== 0;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
    const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
    const windowBytes = isSingle ? 0 : 1;
    if (this.header.length < FRAME_BEGIN_BYTES + windowBytes + dictionaryBytes + sizeBytes) return;
    const size = this.number(this.header.length - sizeBytes, sizeBytes);
    const window = isSingle ? size : windowOf(this.header[FRAME_BEGIN_BYTES] ?? 0);
    if (window > MOST_WINDOW_BYTES)
      throw new RangeError(`a window of ${window} bytes; ${MOST_WINDOW_BYTES} is the most that is taken`);
    this.checksumBytes = (descriptor & 4) === 0 ? 0 : 4;
    this.inFrame = true;
    this.header = [];
  }

  /** Little-endian. */
  private number(from: number, count: number): number {
    return this.header.slice(from, from + count).reduceRight((sum, byte) => sum * 256 + byte, 0);
  }
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
