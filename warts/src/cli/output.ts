import { ascii, JsonWriter } from '../json/json-writer.js';

/** Output is handed on in pieces of this many bytes. */
const PIECE = 64 * 1024;
const LINE_FEED = ascii('\n');

/** Lines or bytes on their way to standard output; waits for the reader at the other end rather than pile up. */
export class Output {
  readonly text = new JsonWriter();

  line(line: string): void {
    this.text.text(line);
    this.endLine();
  }

  endLine(): void {
    this.text.put(LINE_FEED);
  }

  raw(bytes: Uint8Array): void {
    this.text.raw(bytes);
  }

  get isFull(): boolean {
    return this.text.length >= PIECE;
  }

  /** Ends when what was written is out of the buffer, which is then used again. */
  async flush(): Promise<void> {
    if (this.text.length === 0) return;
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(this.text.taken(), (error) => {
        if (error == null) resolve();
        else reject(error);
      });
    });
    this.text.clear();
  }
}
