import { Broken } from '../../measuring/connection.js';

const LF = 0x0a;
const CR = 0x0d;
/** What of a line is looked at before it is whole. */
const START_BYTES = 5;

export interface Line {
  /** Without its end, a character for each byte. */
  text: string;
  endedByCrLf: boolean;
}

/** Takes lines out of bytes that come in pieces. They end in CR LF, or in LF alone (RFC 9112, section 2.2). */
export class LineReader {
  private pieces: Buffer[] = [];
  private bytes = 0;

  /** The first bytes of a line that is not whole yet, or of the one that was taken last. */
  start: Buffer = Buffer.alloc(0);

  /** @param mostBytes what all lines until the next restart() may have, ends included */
  constructor(private readonly mostBytes: number) {}

  /** @returns the line, if these bytes end one, and how many of them belong to it. @throws Broken where there are too many */
  take(bytes: Buffer): { line: Line | null; taken: number } {
    const end = bytes.indexOf(LF);
    const taken = end === -1 ? bytes.length : end + 1;
    this.bytes += taken;
    if (this.pieces.length === 0) this.start = Buffer.alloc(0);
    if (this.start.length < START_BYTES)
      this.start = Buffer.concat([this.start, bytes.subarray(0, taken)]).subarray(0, START_BYTES);
    if (this.bytes > this.mostBytes) throw new Broken('HPE_HEADER_OVERFLOW');
    this.pieces.push(bytes.subarray(0, taken));
    if (end === -1) return { line: null, taken };
    const whole = Buffer.concat(this.pieces);
    this.pieces = [];
    const endedByCrLf = whole.at(-2) === CR;
    return {
      line: { text: whole.toString('latin1', 0, whole.length - (endedByCrLf ? 2 : 1)), endedByCrLf },
      taken,
    };
  }

  /** Begins to count anew. @returns the bytes of all lines since the last time */
  restart(): number {
    const { bytes } = this;
    this.bytes = 0;
    return bytes;
  }
}
