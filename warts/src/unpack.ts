import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Compressed input that is damaged, or whose library is missing. */
export class UnpackError extends Error {
  override readonly name = 'UnpackError';
}

type Bytes = AsyncGenerator<Uint8Array, void, undefined>;

const OUTPUT_BYTES = 64 * 1024;
/** The longest of the signatures. */
export const SIGNATURE_BYTES = 6;

/** How to unpack what begins with a signature, several members one after the other too. */
const FORMATS: readonly {
  signature: readonly number[];
  unpack: (source: Bytes) => AsyncIterable<Uint8Array>;
}[] = [
  { signature: [0x1f, 0x8b], unpack: gunzip },
  { signature: [0x42, 0x5a, 0x68], unpack: bunzip2 },
  { signature: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], unpack: unxz },
  { signature: [0x28, 0xb5, 0x2f, 0xfd], unpack: unzstd },
];

/** What unpacks input that begins with these bytes; undefined if it is not compressed. */
export function unpackerOf(begin: Uint8Array): ((source: Bytes) => AsyncIterable<Uint8Array>) | undefined {
  return FORMATS.find(({ signature }) => signature.every((byte, i) => begin[i] === byte))?.unpack;
}

/** Unpacks no faster than the output is taken, so that a small file that unpacks to much does not fill the memory. */
async function* gunzip(source: Bytes): Bytes {
  const packed = Readable.from(source, { objectMode: true, highWaterMark: 1 });
  const unpacked = createGunzip({ chunkSize: OUTPUT_BYTES });
  // An error of either destroys the other, and whoever reads the output gets it.
  pipeline(packed, unpacked, () => undefined);
  yield* guarded('gzip', unpacked as AsyncIterable<Uint8Array>);
}

/** What the optional libraries offer, as far as it is used. */
interface Xz {
  XzReadableStream: new (source: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>;
}
interface Zstd {
  Decompress: new (use: (bytes: Uint8Array) => void) => { push(bytes: Uint8Array, isLast?: boolean): void };
}
interface Bunzip {
  reader: { read(bits: number): number };
  streamCRC: number;
  _init_block(): boolean;
  _read_bunzip(): void;
  _start_bunzip(input: BunzipInput, output: BunzipOutput): void;
}
type BunzipClass = new (input: BunzipInput, output: BunzipOutput) => Bunzip;

async function* unxz(source: Bytes): Bytes {
  const { XzReadableStream } = await optional<Xz>('xz-decompress', 'xz');
  const stream = new XzReadableStream(ReadableStream.from(source));
  yield* guarded('xz', stream);
}

/** A block of four bytes unpacks to 128 KB: only so many are handed on at a time. */
const ZSTD_SLICE_BYTES = 512;

async function* unzstd(source: Bytes): Bytes {
  const { Decompress } = await optional<Zstd>('fzstd', 'zstd');
  yield* guarded('zstd', zstdBlocks(source, Decompress));
}

async function* zstdBlocks(source: Bytes, Decompress: Zstd['Decompress']): Bytes {
  let blocks: Uint8Array[] = [];
  const unpacker = new Decompress((bytes) => blocks.push(bytes));
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += ZSTD_SLICE_BYTES) {
      unpacker.push(chunk.subarray(at, at + ZSTD_SLICE_BYTES));
      if (blocks.length > 0) yield* blocks;
      blocks = [];
    }
  }
  unpacker.push(new Uint8Array(0), true);
  yield* blocks;
}

/** More than a block of bzip2 takes: 900,000 bytes that cannot be packed, and its tables. */
const BZIP2_BLOCK_BYTES = 1_200_000;

async function* bunzip2(source: Bytes): Bytes {
  const Bunzip = await optional<BunzipClass>('seek-bzip', 'bzip2');
  yield* guarded('bzip2', bzip2Blocks(source, Bunzip));
}

async function* bzip2Blocks(source: Bytes, Bunzip: BunzipClass): Bytes {
  const input = new BunzipInput();
  const output = new BunzipOutput();
  const more = async (): Promise<void> => {
    while (input.available < BZIP2_BLOCK_BYTES) {
      const next = await source.next();
      if (next.done === true) return;
      input.add(next.value);
    }
  };
  await more();
  const unpacker = new Bunzip(input, output);
  for (;;) {
    await more();
    if (unpacker._init_block()) {
      unpacker._read_bunzip();
      yield* output.take();
      continue;
    }
    if (unpacker.reader.read(32) >>> 0 !== unpacker.streamCRC) throw new Error('wrong checksum');
    if (input.available === 0) return;
    unpacker._start_bunzip(input, output);
  }
}

/** Bytes that a block is unpacked from. */
class BunzipInput {
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;

  get available(): number {
    return this.bytes.length - this.at;
  }

  add(chunk: Uint8Array): void {
    this.bytes = Buffer.concat([this.bytes.subarray(this.at), chunk]);
    this.at = 0;
  }

  readByte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new Error('it ends early');
    return byte;
  }

  read(into: Uint8Array, from: number, count: number): number {
    for (let i = 0; i < count; i++) into[from + i] = this.readByte();
    return count;
  }
}

/** What a block unpacks to: 45 MB at the most. */
class BunzipOutput {
  private pieces: Uint8Array[] = [];
  private piece = new Uint8Array(OUTPUT_BYTES);
  private used = 0;

  writeByte(byte: number): void {
    if (this.used === OUTPUT_BYTES) {
      this.pieces.push(this.piece);
      this.piece = new Uint8Array(OUTPUT_BYTES);
      this.used = 0;
    }
    this.piece[this.used++] = byte;
  }

  take(): Uint8Array[] {
    const all = [...this.pieces, this.piece.slice(0, this.used)];
    this.pieces = [];
    this.used = 0;
    return all;
  }
}

/** Errors of a library as one of ours. */
async function* guarded(format: string, source: AsyncIterable<Uint8Array>): Bytes {
  try {
    for await (const chunk of source) yield chunk;
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new UnpackError(`damaged ${format} data: ${detail}`);
  }
}

/** A library that the package does not bring: whoever needs it installs it. */
async function optional<T>(name: string, format: string): Promise<T> {
  try {
    const module = (await import(name)) as { default?: T } & T;
    return module.default ?? module;
  } catch {
    throw new UnpackError(`${format} data: npm install ${name}`);
  }
}
