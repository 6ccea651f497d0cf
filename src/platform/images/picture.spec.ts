import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { deflateSync, crc32 } from 'node:zlib';
import { pictureOf } from './picture.js';

const RULE = { field: 'picture', side: 512 };
const red = { r: 200, g: 20, b: 20 };
const blank = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: red } });

/** One chunk of a PNG file (W3C PNG, section 5.3). */
function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

/** A PNG of a few kilobytes that says to be so large. */
function bomb(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(1_000_000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('a picture', () => {
  it('is made small and upright, of the same format, without what the file said beside', async () => {
    const exif = { IFD0: { Copyright: 'who took it', Orientation: '6' } };
    const sent = await blank(1200, 600).withExif(exif).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect((await sharp(sent).metadata()).exif).toBeDefined();
    const { type, bytes } = await pictureOf(sent, RULE);
    const kept = await sharp(bytes).metadata();
    expect(type).toBe('image/jpeg');
    // orientation 6 is a quarter turn (Exif 2.32, 4.6.4): what was wide is high
    expect(kept).toMatchObject({ format: 'jpeg', width: 256, height: 512 });
    expect([kept.exif, kept.icc, kept.xmp, kept.orientation]).toEqual(Array(4).fill(undefined));
  });

  it('keeps a PNG a PNG, and what is small as it is', async () => {
    const { type, bytes } = await pictureOf(await blank(64, 32).png().toBuffer(), RULE);
    expect(type).toBe('image/png');
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width: 64, height: 32 });
  });

  it('is not decoded where its dimensions are too large', async () => {
    for (const [width, height] of [
      [60_000, 60_000],
      [9_000, 10],
      [5_000, 4_000],
    ] as const)
      await expect(pictureOf(bomb(width, height), RULE)).rejects.toMatchObject({
        code: 'invalid_request',
        message: `picture must have at most 16000000 pixels and 8000 a side; this has ${width} x ${height}`,
      });
  });

  it('of dimensions that no decoder takes is told the bounds', async () => {
    await expect(pictureOf(bomb(2_000_000_000, 2_000_000_000), RULE)).rejects.toThrow(
      '16000000 pixels and 8000 a side at most',
    );
  });

  it('is a whole file of one of the two formats', async () => {
    const whole = await blank(300, 300).jpeg().toBuffer();
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('GIF89a'),
      svg,
      await blank(10, 10).webp().toBuffer(),
      whole.subarray(0, 200),
      whole.subarray(0, whole.length / 2),
      bomb(4_000, 4_000),
    ])
      await expect(pictureOf(bytes, RULE)).rejects.toMatchObject({
        code: 'invalid_request',
        violations: [{ field: 'picture' }],
      });
  });
});
