import { once } from 'node:events';
import { type Writable } from 'node:stream';
import picocolors from 'picocolors';
import { jsonLine } from './safe.js';

type Stream = Writable & { isTTY?: boolean; columns?: number };
export type Colours = ReturnType<typeof picocolors.createColors>;

/** Where a command writes: data on one stream, what is said about them on the other. */
export class Terminal {
  readonly colours: Colours;
  private status = '';

  constructor(
    readonly out: Stream,
    private readonly err: Stream,
    colour: { force: boolean; none: boolean },
  ) {
    this.colours = picocolors.createColors(!colour.none && (colour.force || out.isTTY === true));
  }

  get isInteractive(): boolean {
    return this.out.isTTY === true;
  }

  get width(): number {
    return this.out.columns ?? 100;
  }

  /** Writes lines of data, as fast as they are taken. */
  async print(...lines: string[]): Promise<void> {
    this.clear();
    await this.write(lines.map((line) => `${line}\n`).join(''));
    this.show();
  }

  async json(value: unknown): Promise<void> {
    await this.print(jsonLine(value));
  }

  async write(data: string | Uint8Array): Promise<void> {
    if (!this.out.write(data)) await once(this.out, 'drain');
  }

  /** A line about the data. */
  say(...lines: string[]): void {
    this.clear();
    this.err.write(lines.map((line) => `${line}\n`).join(''));
    this.show();
  }

  /** A line that stays the last one and changes; seen by people only. Empty: none. */
  progress(text: string): void {
    if (this.err.isTTY !== true) return;
    this.clear();
    this.status = text.slice(0, Math.max(0, (this.err.columns ?? 80) - 1));
    this.show();
  }

  private clear(): void {
    if (this.status !== '') this.err.write('\r\u001b[2K');
  }

  private show(): void {
    if (this.status !== '') this.err.write(this.status);
  }
}
