import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';

const TEXT = 1;
const CLOSE = 8;
const LENGTH_OF_16_BITS = 126;

/**
 * A websocket that closes nothing by itself, as python-socketio: socket.io-client hangs up on a refusal, so it cannot show
 * who closed. Reads text frames below 64 KB, which is all that a handshake needs.
 */
export class RawWebSocket {
  readonly messages: string[] = [];
  /** The other side sent a close frame or ended the connection; this side did neither. */
  closed = false;
  private rest = Buffer.alloc(0);

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.rest = Buffer.concat([this.rest, chunk]);
      while (this.readFrame());
    });
    socket.on('close', () => (this.closed = true));
    socket.on('error', () => (this.closed = true));
  }

  /** @throws Error when the server does not switch protocols */
  static async open(url: string, path: string, headers: Record<string, string> = {}): Promise<RawWebSocket> {
    const upgrade = request(`${url}${path}`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
        ...headers,
      },
    });
    upgrade.end();
    upgrade.once('response', (response: IncomingMessage) =>
      upgrade.destroy(new Error(`HTTP ${String(response.statusCode)}`)),
    );
    const [, socket, head] = (await once(upgrade, 'upgrade')) as [IncomingMessage, Socket, Buffer];
    socket.unshift(head);
    return new RawWebSocket(socket);
  }

  /** @param text below 126 bytes */
  send(text: string): void {
    const mask = randomBytes(4);
    const payload = Buffer.from(text).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    this.socket.write(Buffer.concat([Buffer.from([0x80 | TEXT, 0x80 | payload.length]), mask, payload]));
  }

  destroy(): void {
    this.socket.destroy();
  }

  private readFrame(): boolean {
    if (this.rest.length < 2) return false;
    const short = this.rest.readUInt8(1) & 0x7f;
    const header = short === LENGTH_OF_16_BITS ? 4 : 2;
    if (this.rest.length < header) return false;
    const length = short === LENGTH_OF_16_BITS ? this.rest.readUInt16BE(2) : short;
    if (this.rest.length < header + length) return false;
    const opcode = this.rest.readUInt8(0) & 0x0f;
    if (opcode === TEXT) this.messages.push(this.rest.toString('utf8', header, header + length));
    if (opcode === CLOSE) this.closed = true;
    this.rest = this.rest.subarray(header + length);
    return true;
  }
}
