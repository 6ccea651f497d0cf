import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { FileError } from './file-error.js';
import { unpacked } from './unpack.js';

const MOST = 1024 ** 3;

async function* chunks(bytes: Uint8Array, size = 4096): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function read(
  bytes: Uint8Array,
  most = MOST,
  size?: number,
): Promise<{ length: number; sha256: string }> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of unpacked(chunks(bytes, size), most)) {
    length += chunk.length;
    hash.update(chunk);
  }
  return { length, sha256: hash.digest('hex') };
}

const sum = (bytes: Uint8Array) => ({
  length: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

/** What a tool of the system makes, where it is there. */
function packedBy(tool: string, args: string[], input: Buffer): Buffer | undefined {
  try {
    return execFileSync(tool, [...args, '-c'], { input, maxBuffer: MOST, stdio: ['pipe', 'pipe', 'ignore'] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

describe('unpacked()', () => {
  const content = Buffer.concat([randomBytes(20_000), Buffer.alloc(30_000, 'pladmed '), randomBytes(7)]);

  it('hands on what is not packed, however it comes', async () => {
    for (const size of [1, 7, 4096])
      expect(await read(content.subarray(0, 5000), MOST, size)).toEqual(sum(content.subarray(0, 5000)));
  });

  it('unpacks all members, byte by byte or at once', async () => {
    const two = Buffer.concat([gzipSync(content), gzipSync(content)]);
    expect(await read(two)).toEqual(sum(Buffer.concat([content, content])));
    expect(await read(two, MOST, 101)).toEqual(sum(Buffer.concat([content, content])));
  });

  it.each([
    ['bzip2', ['-9']],
    ['xz', ['-6']],
    ['zstd', ['-3', '--long=27']],
  ])('unpacks what %s packs, and what is joined of it', async (tool, args) => {
    const packed = packedBy(tool, args, content);
    if (packed === undefined) return;
    expect(await read(packed)).toEqual(sum(content));
    expect(await read(Buffer.concat([packed, packed]))).toEqual(sum(Buffer.concat([content, content])));
    await expect(read(packed.subarray(0, packed.length - 20))).rejects.toThrow(FileError);
  });

  it('ends at what a file may unpack to, and at what no honest file does', async () => {
    const zeros = gzipSync(Buffer.alloc(100 * 1024 * 1024));
    await expect(read(zeros, 1024 * 1024)).rejects.toThrow('unpacks to more than 1048576 bytes');
    await expect(read(zeros)).rejects.toThrow('more than 250 times its bytes');
  });

  it('refuses a window of zstd that would take the memory of the server, in any frame', async () => {
    // RFC 8878, section 3.1.1.1.2: exponent 20 of the window descriptor is 1 GiB
    const window = (descriptor: number) =>
      Buffer.from([
        0x28,
        0xb5,
        0x2f,
        0xfd,
        0x00,
        descriptor,
        ...[0x03, 0x00, 0x02, 0x41],
        ...Array<number>(20).fill(0),
      ]);
    await expect(read(window(20 << 3))).rejects.toThrow('a window of 1073741824 bytes');
    const whole = packedBy('zstd', [], content.subarray(0, 1000));
    if (whole !== undefined)
      await expect(read(Buffer.concat([whole, window(20 << 3)]))).rejects.toThrow(
        'a window of 1073741824 bytes',
      );
  });

  it('tells damage of the file from a fault of the disk', async () => {
    await expect(read(gzipSync(content).subarray(0, 1000))).rejects.toThrow(FileError);
    const broken = new Error('EIO: i/o error, read');
    const failing = (async function* () {
      yield gzipSync(content).subarray(0, 1000);
      await Promise.reject(broken);
    })();
    const all = async () => {
      for await (const _chunk of unpacked(failing, MOST));
    };
    await expect(all()).rejects.toBe(broken);
    await expect(read(new Uint8Array(0))).rejects.toThrow('the file is empty');
  });
});
