import { once } from 'node:events';

/** Output is handed on in pieces of this many characters or bytes. */
const PIECE = 64 * 1024;

/** Lines or bytes on their way to standard output; waits for the reader at the other end rather than pile up. */
export class Output {
  private text = '';
  private bytes: Uint8Array[] = [];
  private byteCount = 0;

  line(line: string): void {
    this.text += line + '\n';
  }

  raw(bytes: Uint8Array): void {
    this.bytes.push(bytes);
    this.byteCount += bytes.length;
  }

  get isFull(): boolean {
    return this.text.length + this.byteCount >= PIECE;
  }

  async flush(): Promise<void> {
    const piece = this.byteCount > 0 ? Buffer.concat(this.bytes) : this.text;
    if (piece.length === 0) return;
    this.text = '';
    this.bytes = [];
    this.byteCount = 0;
    if (!process.stdout.write(piece)) await once(process.stdout, 'drain');
  }
}
