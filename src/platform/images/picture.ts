import { DomainError } from '../errors/domain.error.js';
import { Turnstile, TurnstileFullError } from '../limits/turnstile.js';

export type PictureType = 'image/jpeg' | 'image/png';

export interface Picture {
  type: PictureType;
  bytes: Buffer;
}

/** What a picture is to its thing. */
export interface PictureRule {
  /** the member that a refusal names */
  field: string;
  /** width and height of what is kept, in pixels: at most */
  side: number;
}

/** Pixels of what is sent; a decoder needs 4 bytes for each. */
const MOST_PIXELS = 16_000_000;
const LONGEST_SIDE = 8_000;
const BOUNDS = `${MOST_PIXELS} pixels and ${LONGEST_SIDE} a side`;
const JPEG_QUALITY = 85;
const MOST_SECONDS = 10;
/** One at a time: the rest of the server has the other cores. */
const turnstile = new Turnstile(1, 20, 30_000);

const JPEG_BEGINS = Buffer.from([0xff, 0xd8, 0xff]);
const PNG_BEGINS = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * Makes a small picture of what somebody sent. It is decoded and encoded anew: nothing of the file is left but its pixels, upright.
 * @param bytes a JPEG or PNG file, whatever it calls itself; its dimensions are read and bounded before it is decoded
 * @returns of the same format, as wide and high as the rule says at the most
 * @throws DomainError invalid_request, busy
 */
export async function pictureOf(bytes: Buffer, rule: PictureRule): Promise<Picture> {
  const type = typeOf(bytes);
  if (type === undefined) throw refusal(rule, 'must be a JPEG or PNG file');
  try {
    return { type, bytes: await turnstile.pass(() => encodedAnew(bytes, type, rule)) };
  } catch (error) {
    if (error instanceof DomainError) throw error;
    if (error instanceof TurnstileFullError)
      throw new DomainError('busy', 'Too many pictures at once; try again shortly');
    throw refusal(rule, `must be a whole JPEG or PNG file of ${BOUNDS} at most; this one cannot be decoded`);
  }
}

async function encodedAnew(bytes: Buffer, type: PictureType, rule: PictureRule): Promise<Buffer> {
  const { side } = rule;
  // read when somebody sends one: most servers never need it
  const { default: sharp } = await import('sharp');
  sharp.cache(false);
  sharp.concurrency(1);
  // of the header alone, which costs the same whatever it says
  const { width, height } = await sharp(bytes, { limitInputPixels: false, pages: 1 }).metadata();
  if (Math.max(width, height) > LONGEST_SIDE || width * height > MOST_PIXELS)
    throw refusal(rule, `must have at most ${BOUNDS}; this has ${width} x ${height}`);
  const image = sharp(bytes, { failOn: 'error', limitInputPixels: MOST_PIXELS, pages: 1 });
  const small = image
    .timeout({ seconds: MOST_SECONDS })
    .autoOrient()
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true });
  const encoded = type === 'image/jpeg' ? small.jpeg({ quality: JPEG_QUALITY }) : small.png();
  return encoded.toBuffer();
}

function typeOf(bytes: Buffer): PictureType | undefined {
  if (bytes.subarray(0, JPEG_BEGINS.length).equals(JPEG_BEGINS)) return 'image/jpeg';
  if (bytes.subarray(0, PNG_BEGINS.length).equals(PNG_BEGINS)) return 'image/png';
  return undefined;
}

function refusal({ field }: PictureRule, message: string): DomainError {
  return DomainError.invalid({ field, message });
}
