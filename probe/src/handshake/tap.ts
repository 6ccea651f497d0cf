import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A server's part of a handshake; OpenSSL takes 100 KB of certificates at most. */
const MAX_TAKEN_BYTES = 256 * 1024;

/** Passes the bytes of a connection on in both directions, and keeps those that came first for whoever reads the handshake. */
export class Tap extends Duplex {
  private pieces: Buffer[] = [];
  private left = MAX_TAKEN_BYTES;

  constructor(private readonly socket: Socket) {
    super();
    socket.on('data', (chunk: Buffer) => {
      this.keep(chunk);
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
    socket.pause();
    // An error that nobody listens for ends the process; whoever reads hears of it, too.
    this.on('error', () => undefined);
  }

  /** @returns what was kept; from now on nothing more is */
  releaseKept(): Buffer {
    const taken = Buffer.concat(this.pieces);
    this.pieces = [];
    this.left = 0;
    return taken;
  }

  private keep(chunk: Buffer): void {
    if (this.left === 0) return;
    const kept = chunk.subarray(0, this.left);
    this.left -= kept.length;
    this.pieces.push(kept);
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }
}
