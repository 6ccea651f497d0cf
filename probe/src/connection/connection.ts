import { io, type Socket } from 'socket.io-client';
import type { Clock, Timer } from '../clock/clock.js';
import type { Link } from '../delivery/delivery.js';
import type { Log } from '../log.js';
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
} from '../protocol.js';
import type { z } from 'zod';

/** What the connection hands on. A promise that fails makes the server send again at the next connection. */
export interface ConnectionEvents {
  connected(link: Link): void;
  disconnected(reason: string): void;
  sync(message: z.infer<typeof syncSchema>): Promise<SyncAnswer>;
  stop(operationId: string): Promise<void>;
}

export interface ConnectionSettings {
  /** http(s) or ws(s), with a path where the server stands behind one. */
  server: string;
  handshake: () => Handshake;
}

const ACK_TIMEOUT_MS = 30_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
const JITTER = 0.5;
/** A connection that lasted this long was a good one: the next loss is retried quickly. */
const STABLE_MS = 10_000;

/** The socket to the server, and its return after every loss. */
export class Connection implements Link {
  private readonly socket: Socket<ServerToProbe, ProbeToServer>;
  private timer: Timer | null = null;
  private attempts = 0;
  private connectedAt = 0;
  private closed = false;

  constructor(
    settings: ConnectionSettings,
    private readonly events: ConnectionEvents,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    const { origin, path } = splitServer(settings.server);
    this.socket = io(origin + PROTOCOL.namespace, {
      path,
      transports: ['websocket'],
      reconnection: false,
      autoConnect: false,
      auth: (give) => {
        give(settings.handshake());
      },
    });
    this.listen();
  }

  get connected(): boolean {
    return this.socket.connected;
  }

  open(): void {
    this.socket.connect();
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
    this.socket.on('sync', (message, ack) => {
      const read = syncSchema.safeParse(message);
      if (read.success) void answer(this.events.sync(read.data), ack, this.log);
      else ack?.(unreadable(read.error));
    });
    this.socket.on('stop', (message, ack) => {
      const read = stopSchema.safeParse(message);
      if (read.success) {
        void answer(
          this.events.stop(read.data.operation_id).then((): Record<string, never> => ({})),
          ack,
          this.log,
        );
      } else ack?.(unreadable(read.error));
    });
    this.socket.on('reconnect', (message, ack) => {
      const read = reconnectSchema.safeParse(message);
      if (!read.success) {
        ack?.(unreadable(read.error));
        return;
      }
      ack?.({});
      const wait = read.data.after_ms;
      this.log.info({ after_ms: wait }, 'the server goes away for a while');
      this.retry(wait + Math.random() * Math.max(FIRST_RETRY_MS, wait * JITTER));
      this.socket.disconnect();
    });
  }

  /** @returns the least wait before the next try, ms */
  private explainRefusal(error: Error & { data?: unknown }): number {
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
    if (code !== null) {
      this.log.error({ code, detail: error.message }, 'The server does not accept this version of the probe');
      return LONGEST_RETRY_MS;
    }
    this.log.warn({ detail: error.message }, 'the server cannot be reached');
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
      this.timer = null;
      this.socket.connect();
    }, afterMs);
  }
}

async function answer<T>(
  work: Promise<T>,
  ack: ((value: T | RequestError) => void) | undefined,
  log: Log,
): Promise<void> {
  try {
    const value = await work;
    ack?.(value);
  } catch (error) {
    log.error({ err: error }, 'a request of the server could not be carried out');
    ack?.({ error: { code: 'internal', message: 'the probe could not write this down' } });
  }
}

function unreadable(error: z.ZodError): RequestError {
  const issue = error.issues[0];
  const field = issue?.path.join('.') ?? '';
  const message = issue?.message ?? 'cannot be read';
  return { error: { code: 'bad_request', message, ...(field === '' ? {} : { field }) } };
}

/** A server may stand behind a path. */
export function splitServer(server: string): { origin: string; path: string } {
  const url = new URL(server);
  const prefix = url.pathname.replace(/\/+$/, '');
  return { origin: `${url.protocol}//${url.host}`, path: prefix + PROTOCOL.path };
}
