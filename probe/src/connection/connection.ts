import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import * as parser from 'socket.io-parser';
import { BoundedDecoder } from './bounded.decoder.js';
import type { Clock, Timer } from '../clock/clock.js';
import type { Link } from '../delivery/delivery.js';
import type { Log } from '../platform/log.js';
import {
  connectErrorSchema,
  type FailedItem,
  type Handshake,
  PROTOCOL,
  type ProbeToServer,
  reconnectSchema,
  type RequestError,
  type ResultItem,
  type ServerToProbe,
  type StatusReport,
  stopSchema,
  type SyncAnswer,
  syncSchema,
} from '../protocol/protocol.js';
import type { z } from 'zod';

/** What the connection hands on. A promise that fails makes the server send again at the next connection. */
export interface ConnectionEvents {
  connected(link: Link): void;
  disconnected(reason: string): void;
  sync(message: z.infer<typeof syncSchema>): Promise<SyncAnswer>;
  stop(operationId: string): Promise<void>;
  /** So many bytes were sent or received. */
  bytes(count: number): void;
}

export interface ConnectionSettings {
  /** http(s) or ws(s), with a path where the server stands behind one. */
  server: string;
  handshake: () => Handshake;
  /** Of TLS, in PEM: asked for each connection; undefined: those that node knows. */
  authorities: () => string[] | undefined;
}

const ACK_TIMEOUT_MS = 30_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
const JITTER = 0.5;
/** The longest message that is taken from a server, in bytes. */
const MOST_MESSAGE_BYTES = 16 * 1024 * 1024;
/** What a websocket frame adds. */
const FRAME_BYTES = 6;
/** A server's words are cut to this in our log. */
const LONGEST_DETAIL = 500;
/** A connection that lasted this long was a good one: the next loss is retried quickly. */
const STABLE_MS = 10_000;

/** The socket to the server, and its return after every loss. */
export class Connection implements Link {
  private readonly socket: Socket<ServerToProbe, ProbeToServer>;
  private timer: Timer | null = null;
  private attempts = 0;
  private connectedAt = 0;
  private closed = false;
  private isPaused = false;

  constructor(
    private readonly settings: ConnectionSettings,
    private readonly events: ConnectionEvents,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    const { origin, path } = splitServer(settings.server);
    // The type of the client lacks what it hands on to the websocket.
    const options: Partial<ManagerOptions & SocketOptions> & { maxPayload: number } = {
      path,
      maxPayload: MOST_MESSAGE_BYTES,
      parser: { ...parser, Decoder: BoundedDecoder },
      transports: ['websocket'],
      reconnection: false,
      autoConnect: false,
      forceNew: true,
      auth: (give) => {
        give(settings.handshake());
      },
    };
    this.socket = io(origin + PROTOCOL.namespace, options);
    this.listen();
  }

  get connected(): boolean {
    return this.socket.connected;
  }

  open(): void {
    const ca = this.settings.authorities();
    // The client reads its options for each connection.
    if (ca !== undefined) this.socket.io.opts.ca = ca;
    this.socket.connect();
  }

  /** Connects anew, to tell the server what has changed. */
  renew(): void {
    if (this.connected) this.socket.disconnect();
  }

  /** Goes away for a while, whatever the server says. @returns false when it is away for that reason already */
  pause(ms: number): boolean {
    if (this.isPaused || this.closed) return false;
    this.isPaused = true;
    this.timer?.cancel();
    this.timer = null;
    this.retry(ms);
    this.socket.disconnect();
    return true;
  }

  /** Ends a pause before its time. */
  resume(): void {
    if (!this.isPaused || this.closed) return;
    this.timer?.cancel();
    this.comeBack();
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
    this.socket.disconnect();
  }

  async request(event: 'results', items: ResultItem[]): Promise<unknown>;
  async request(event: 'failed', items: FailedItem[]): Promise<unknown>;
  async request(event: 'status', report: StatusReport): Promise<unknown>;
  async request(event: 'results' | 'failed' | 'status', payload: never): Promise<unknown> {
    return this.socket.timeout(ACK_TIMEOUT_MS).emitWithAck(event, payload) as Promise<unknown>;
  }

  private listen(): void {
    this.socket.on('connect', () => {
      this.connectedAt = this.clock.monotonic();
      this.events.connected(this);
    });
    this.socket.on('disconnect', (reason) => {
      if (this.clock.monotonic() - this.connectedAt > STABLE_MS) this.attempts = 0;
      this.events.disconnected(reason);
      this.retry(this.backoff());
    });
    this.socket.on('connect_error', (error) => {
      this.retry(Math.max(this.backoff(), this.explainRefusal(error)));
    });
    this.socket.io.on('open', () => {
      this.countBytes();
    });
    this.socket.on('sync', (message, ack) => {
      const read = syncSchema.safeParse(message);
      if (read.success) void answer(this.events.sync(read.data), ack, this.log);
      else reply(ack, unreadable(read.error));
    });
    this.socket.on('stop', (message, ack) => {
      const read = stopSchema.safeParse(message);
      if (read.success) {
        const stopping = this.events.stop(read.data.operation_id).then((): Record<string, never> => ({}));
        void answer(stopping, ack, this.log);
      } else reply(ack, unreadable(read.error));
    });
    this.socket.on('reconnect', (message, ack) => {
      const read = reconnectSchema.safeParse(message);
      if (!read.success) {
        reply(ack, unreadable(read.error));
        return;
      }
      reply(ack, {});
      const wait = read.data.after_ms;
      this.log.info({ after_ms: wait }, 'the server goes away for a while');
      this.retry(wait + Math.random() * Math.max(FIRST_RETRY_MS, wait * JITTER));
      this.socket.disconnect();
    });
  }

  private countBytes(): void {
    const count = ({ data }: { data?: unknown }): void => {
      this.events.bytes(FRAME_BYTES + sizeOf(data));
    };
    this.socket.io.engine.on('packetCreate', count).on('packet', count);
  }

  /** @returns the least wait before the next try, ms */
  private explainRefusal(error: Error & { data?: unknown }): number {
    const detail = error.message.slice(0, LONGEST_DETAIL);
    const refusal = connectErrorSchema.safeParse(error.data);
    const code = refusal.success
      ? refusal.data.code
      : error.message === 'Invalid token'
        ? 'invalid_token'
        : null;
    if (code === 'invalid_token') {
      this.log.error(
        { code },
        'The server does not accept this token: it is wrong, was revoked, or belongs to another server',
      );
      return PROTOCOL.invalidTokenRetryMs;
    }
    if (code === 'forbidden') {
      // it says what its host can do
      this.log.error({ code }, detail);
      return PROTOCOL.invalidTokenRetryMs;
    }
    if (code !== null) {
      this.log.error({ code, detail }, 'The server does not accept this version of the probe');
      return LONGEST_RETRY_MS;
    }
    this.log.warn({ detail }, 'the server cannot be reached');
    return 0;
  }

  private backoff(): number {
    const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.attempts, 10));
    this.attempts++;
    return wait * (1 + Math.random() * JITTER);
  }

  private retry(afterMs: number): void {
    // A wait that the server asked for is not cut short by the disconnection that follows it.
    if (this.closed || this.timer !== null) return;
    this.timer = this.clock.setTimer(() => {
      this.comeBack();
    }, afterMs);
  }

  private comeBack(): void {
    this.timer = null;
    this.isPaused = false;
    this.open();
  }
}

/** An acknowledgement is asked for by a function in its place; a server may send anything there. */
function reply<T>(ack: ((value: T) => void) | undefined, value: T): void {
  if (typeof ack === 'function') ack(value);
}

function sizeOf(data: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data);
  return data instanceof Uint8Array || data instanceof ArrayBuffer ? data.byteLength : 0;
}

async function answer<T>(
  work: Promise<T>,
  ack: ((value: T | RequestError) => void) | undefined,
  log: Log,
): Promise<void> {
  try {
    const value = await work;
    reply(ack, value);
  } catch (error) {
    log.error({ err: error }, 'a request of the server could not be carried out');
    reply(ack, { error: { code: 'internal', message: 'the probe could not write this down' } });
  }
}

function unreadable(error: z.ZodError): RequestError {
  const issue = error.issues[0];
  const field = issue?.path.join('.') ?? '';
  const message = issue?.message ?? 'cannot be read';
  return { error: { code: 'invalid_request', message, ...(field === '' ? {} : { field }) } };
}

/** A server may stand behind a path. */
export function splitServer(server: string): { origin: string; path: string } {
  const url = new URL(server);
  const prefix = url.pathname.replace(/\/+$/, '');
  return { origin: `${url.protocol}//${url.host}`, path: prefix + PROTOCOL.path };
}
