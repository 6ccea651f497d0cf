import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { reset } from './reset.js';

/** Seen from who connects: `up` to the server behind the proxy, `down` back from it. */
export type Way = 'up' | 'down';

/** What is wrong with the network. */
export interface Toxic {
  /** each piece comes so much later */
  delayMs?: number;
  /** and up to this more; pieces never overtake each other */
  jitterMs?: number;
  bytesPerS?: number;
  /** what is sent this way is kept, and comes when the impairment ends: loss that TCP makes good */
  hold?: Way | 'both';
  /** what is sent this way is gone, and nobody is told: half-open. Such a connection is reset when the impairment ends */
  swallow?: Way | 'both';
}

export interface Impairment {
  end(): void;
}

/** Pieces of a trickle in a second. */
const PIECES_PER_S = 20;
/** Beyond this nothing more is read from the sender. */
const MOST_QUEUED_BYTES = 1024 * 1024;

/** One direction of one connection. */
class Stream {
  swallowed = 0;
  private readonly queue: { piece: Buffer; due: number }[] = [];
  private queuedBytes = 0;
  private lastDue = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly way: Way,
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly toxics: ReadonlySet<Toxic>,
    private readonly random: () => number,
  ) {
    from.on('data', (chunk: Buffer) => {
      this.take(chunk);
    });
    to.on('drain', () => {
      this.release();
    });
  }

  /** Hands on what is due, and the end after all of it; looks again when the next piece is due. */
  release(): void {
    clearTimeout(this.timer);
    if (this.has('hold')) return;
    while (!this.to.writableNeedDrain) {
      const [first] = this.queue;
      if (first === undefined) {
        this.passEnd();
        break;
      }
      const wait = first.due - performance.now();
      if (wait > 0) {
        this.timer = setTimeout(() => {
          this.release();
        }, wait);
        break;
      }
      this.queue.shift();
      this.queuedBytes -= first.piece.length;
      this.to.write(first.piece);
    }
    if (this.queuedBytes < MOST_QUEUED_BYTES) this.from.resume();
  }

  drop(): void {
    clearTimeout(this.timer);
    this.queue.length = 0;
  }

  /** An end is lost like everything else while the network swallows. */
  private passEnd(): void {
    if (this.has('swallow') || this.to.destroyed) return;
    if (this.from.readableEnded) this.to.end();
    else if (this.from.destroyed) reset(this.to);
  }

  private has(kind: 'hold' | 'swallow'): boolean {
    return [...this.toxics].some(({ [kind]: ways }) => ways === this.way || ways === 'both');
  }

  private take(chunk: Buffer): void {
    if (this.has('swallow')) {
      this.swallowed += chunk.length;
      return;
    }
    const { delayMs, bytesPerS } = this.burden();
    const most = bytesPerS === Infinity ? chunk.length : Math.max(1, Math.ceil(bytesPerS / PIECES_PER_S));
    for (let from = 0; from < chunk.length; from += most) {
      const piece = chunk.subarray(from, from + most);
      const pouring = bytesPerS === Infinity ? 0 : (piece.length / bytesPerS) * 1000;
      this.lastDue = Math.max(this.lastDue + pouring, performance.now() + delayMs);
      this.queue.push({ piece, due: this.lastDue });
    }
    this.queuedBytes += chunk.length;
    if (this.queuedBytes > MOST_QUEUED_BYTES) this.from.pause();
    this.release();
  }

  private burden(): { delayMs: number; bytesPerS: number } {
    let [delay, rate] = [0, Infinity];
    for (const { delayMs = 0, jitterMs = 0, bytesPerS = Infinity } of this.toxics) {
      delay += delayMs + jitterMs * this.random();
      rate = Math.min(rate, bytesPerS);
    }
    return { delayMs: delay, bytesPerS: rate };
  }
}

class Connection {
  readonly toxics = new Set<Toxic>();
  private readonly streams: Stream[];

  constructor(
    private readonly front: Socket,
    private readonly back: Socket,
    random: () => number,
    onEnd: () => void,
  ) {
    this.streams = [
      new Stream('up', front, back, this.toxics, random),
      new Stream('down', back, front, this.toxics, random),
    ];
    for (const socket of [front, back]) {
      socket.setNoDelay(true);
      // the other side learns of it after what was sent before, if the network lets it
      socket.on('end', () => {
        this.release();
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.release();
        if (front.destroyed && back.destroyed) onEnd();
      });
    }
  }

  get swallowed(): number {
    return this.streams.reduce((sum, { swallowed }) => sum + swallowed, 0);
  }

  reset(): void {
    for (const stream of this.streams) stream.drop();
    reset(this.front);
    reset(this.back);
  }

  release(): void {
    for (const stream of this.streams) stream.release();
  }
}

/** A TCP proxy whose network can be bad: for all connections, or for a share of them. */
export class ToxicProxy {
  /** Connections so far. */
  connections = 0;
  /** Reset by us: cut, refused, or half-open at the end of an impairment. */
  resets = 0;
  swallowedBytes = 0;
  private refusing = 0;
  private readonly open = new Set<Connection>();
  private readonly standing = new Map<Toxic, number>();

  private constructor(
    private readonly listening: Server,
    readonly port: number,
    private readonly target: number,
    private readonly random: () => number,
  ) {
    listening.on('connection', (front) => {
      this.accept(front);
    });
  }

  /**
   * @param target port of 127.0.0.1 behind it; who listens there may be away for a while
   * @param random chance: which connections an impairment of a share meets, and jitter
   */
  static async start(target: number, random: () => number = Math.random): Promise<ToxicProxy> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new ToxicProxy(server, address.port, target, random);
  }

  get openConnections(): number {
    return this.open.size;
  }

  /** Resets connections that stand. @param share of them, from 0 to 1 */
  cut(share = 1): void {
    for (const connection of this.some(share)) this.reset(connection);
  }

  /** New connections are reset at once. */
  refuse(): Impairment {
    this.refusing += 1;
    return this.once(() => {
      this.refusing -= 1;
    });
  }

  /** @param share of the connections that stand, and the chance of each new one while it lasts, from 0 to 1 */
  impair(toxic: Toxic, share = 1): Impairment {
    this.standing.set(toxic, share);
    for (const connection of this.some(share)) connection.toxics.add(toxic);
    return this.once(() => {
      this.standing.delete(toxic);
      for (const connection of [...this.open]) {
        if (!connection.toxics.delete(toxic)) continue;
        if (connection.swallowed > 0) this.reset(connection);
        else connection.release();
      }
    });
  }

  async stop(): Promise<void> {
    const closed = once(this.listening, 'close');
    this.listening.close();
    for (const connection of [...this.open]) connection.reset();
    await closed;
  }

  private accept(front: Socket): void {
    this.connections += 1;
    if (this.refusing > 0) {
      this.resets += 1;
      reset(front);
      return;
    }
    const back = connect({ port: this.target, host: '127.0.0.1', allowHalfOpen: true });
    const connection = new Connection(front, back, this.random, () => {
      if (!this.open.delete(connection)) return;
      this.swallowedBytes += connection.swallowed;
    });
    this.open.add(connection);
    for (const [toxic, share] of this.standing) if (this.random() < share) connection.toxics.add(toxic);
  }

  private reset(connection: Connection): void {
    this.resets += 1;
    connection.reset();
  }

  private some(share: number): Connection[] {
    return [...this.open].filter(() => this.random() < share);
  }

  private once(end: () => void): Impairment {
    let ended = false;
    return {
      end: () => {
        if (ended) return;
        ended = true;
        end();
      },
    };
  }
}
