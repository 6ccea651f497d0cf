import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

/** The first is the one that is taken where the client likes several alike. */
export const CODINGS = ['br', 'gzip'] as const;
export type Coding = (typeof CODINGS)[number];

const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);
/** The highest would take seconds of a large document. */
const BROTLI = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } };
const PACKERS: Record<Coding, (bytes: Buffer) => Promise<Buffer>> = {
  br: (bytes) => brotli(bytes, BROTLI),
  gzip: (bytes) => gzip(bytes),
};

/** A measurement as JSON text, made once for all who ask for it. */
export class BuiltDocument {
  readonly bytes: Buffer;
  /** weak: the same for the same content, however it is packed */
  readonly etag: string;
  private readonly packing = new Map<Coding, Promise<Buffer>>();

  /** @param isFinal it will not change any more */
  constructor(
    text: string,
    readonly isFinal: boolean,
  ) {
    this.bytes = Buffer.from(text);
    this.etag = `W/"${hash('sha256', this.bytes, 'base64url').slice(0, 24)}"`;
  }

  packed(coding: Coding): Promise<Buffer> {
    const before = this.packing.get(coding);
    if (before !== undefined) return before;
    const packed = PACKERS[coding](this.bytes);
    this.packing.set(coding, packed);
    return packed;
  }
}
