import { io, type Socket } from 'socket.io-client';
import { pingWarts } from '../bench/warts-sample.js';
import { until } from './until.js';

export interface WireOperation {
  operation_id: string;
  kind: string;
  params: Record<string, unknown>;
  schedule: Record<string, unknown>;
  cost_per_run: number;
}

export interface Sync {
  revision: number;
  full: boolean;
  part?: number;
  more?: boolean;
  operations: WireOperation[];
  stopped: string[];
}

export interface ItemAnswer {
  status: string;
  reason?: string;
  retry_after_ms?: number;
}

export interface BatchAnswer {
  items?: ItemAnswer[];
  error?: { code: string; message: string; field?: string };
}

export interface ProbeOptions {
  /** members of the handshake's `auth` that differ from a good one; undefined leaves one out */
  auth?: Record<string, unknown>;
  /** the longest message that it takes, in bytes */
  maxPayload?: number;
  /** of its HTTP request */
  headers?: Record<string, string>;
  /** what a sync is acknowledged with */
  answerSync?: (sync: Sync) => unknown;
}

/** A refused handshake: docs/protocol.md, "Transport and handshake". */
export class Refused extends Error {
  constructor(
    message: string,
    readonly data: { code: string; message: string } | undefined,
  ) {
    super(message);
  }
}

export const CLOCK = { offset_ms: 0.4, error_ms: 1.2, source: 'ntp', age_s: 8, stratum: 3 };

/** A probe by docs/protocol.md that measures nothing: it notes what it is told, and says what a test wants. */
export class NativeProbe {
  readonly syncs: Sync[] = [];
  readonly stops: { operation_id: string; reason: string }[] = [];
  readonly reconnects: { after_ms: number }[] = [];
  /** why the connection ended */
  ended: string | undefined;
  /** resolves when it does */
  readonly lost: Promise<void>;

  private constructor(
    private readonly socket: Socket,
    { answerSync = () => ({ refused: [] }) }: ProbeOptions,
  ) {
    socket.on('sync', (sync: Sync, acknowledge: (answer: unknown) => void) => {
      this.syncs.push(sync);
      acknowledge(answerSync(sync));
    });
    socket.on(
      'stop',
      (stop: { operation_id: string; reason: string }, acknowledge: (answer: unknown) => void) => {
        this.stops.push(stop);
        acknowledge({});
      },
    );
    socket.on('reconnect', (message: { after_ms: number }, acknowledge: (answer: unknown) => void) => {
      this.reconnects.push(message);
      acknowledge({});
    });
    this.lost = new Promise((resolve) => {
      socket.on('disconnect', (reason) => {
        this.ended = reason;
        resolve();
      });
    });
  }

  /** @throws Refused */
  static async connect(url: string, token: string, options: ProbeOptions = {}): Promise<NativeProbe> {
    const auth = {
      token,
      protocol: 2,
      version: '0.0.1-test',
      capabilities: { kinds: ['ping', 'traceroute', 'dns'], ipv4: true, ipv6: false },
      ...options.auth,
    };
    // the client's type lacks what it hands on to the websocket
    const more: object = options.maxPayload === undefined ? {} : { maxPayload: options.maxPayload };
    const socket = io(`${url}/probe`, {
      auth,
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      ...(options.headers && { extraHeaders: options.headers }),
      ...more,
    });
    const probe = new NativeProbe(socket, options);
    return new Promise((resolve, reject) => {
      socket.once('connect', () => {
        resolve(probe);
      });
      socket.once('connect_error', (error: Error & { data?: { code: string; message: string } }) => {
        socket.close();
        reject(new Refused(error.message, error.data));
      });
    });
  }

  /** The operation with this id, once a sync has brought it. */
  async told(operationId: string): Promise<WireOperation> {
    return until(`a sync with ${operationId}`, () =>
      this.syncs
        .flatMap(({ operations }) => operations)
        .find(({ operation_id }) => operation_id === operationId),
    );
  }

  async firstSync(): Promise<Sync> {
    return until('the first sync', () => this.syncs[0]);
  }

  async results(items: unknown): Promise<BatchAnswer> {
    return this.ask('results', items);
  }

  async failed(items: unknown): Promise<BatchAnswer> {
    return this.ask('failed', items);
  }

  async status(message: unknown): Promise<{
    server_time?: string;
    received_at?: string;
    clock?: { offset_ms: number | null; error_ms: number | null; source: string };
    error?: { code: string; field?: string };
  }> {
    return this.ask('status', message);
  }

  close(): void {
    this.socket.close();
  }

  private async ask<T>(event: string, message: unknown): Promise<T> {
    return (await this.socket.timeout(60_000).emitWithAck(event, message)) as T;
  }
}

/** A result of one DNS look-up; `scheduledAt` tells runs apart. */
export function dnsResult(operationId: string, scheduledAt: string, more: object = {}) {
  const query = {
    name: 'example.org',
    type: 'A',
    resolver: '192.0.2.53',
    port: 53,
    transport: 'udp',
    sent_at: scheduledAt,
    rtt_ms: 12.5,
    query: 'AAEBAAABAAAAAAAAB2V4YW1wbGUDb3JnAAABAAE=',
    response: 'AAGBgAABAAEAAAAAB2V4YW1wbGUDb3JnAAABAAHADAABAAEAAAA8AATAAAIB',
    error: null,
  };
  return {
    operation_id: operationId,
    scheduled_at: scheduledAt,
    started_at: scheduledAt,
    duration_ms: 14,
    clock: CLOCK,
    format: 'dns',
    content: Buffer.from(JSON.stringify({ version: 1, queries: [query] })),
    ...more,
  };
}

/** A result of one question to a time server. */
export function ntpResult(operationId: string, scheduledAt: string, stratum: number, more: object = {}) {
  const exchange = {
    ...{ destination: '192.0.2.1', address: '192.0.2.1', port: 123, resolve_ms: null },
    ...{ sent_at: scheduledAt, version: 4, leap: 0, stratum, precision: -20, root_delay_ms: 1 },
    ...{ root_dispersion_ms: 1, reference_id: '192.0.2.9', reference_time: scheduledAt },
    ...{ offset_ms: 0.5, error_ms: 3, delay_ms: 4, error: null },
  };
  const content = Buffer.from(JSON.stringify({ version: 1, exchanges: [exchange] }));
  return dnsResult(operationId, scheduledAt, { format: 'ntp', content, ...more });
}

/** A result of a ping, as scamper wrote it. */
export function pingResult(operationId: string, scheduledAt: string, more: object = {}) {
  return dnsResult(operationId, scheduledAt, { format: 'warts', content: pingWarts(), ...more });
}

export function failedRun(operationId: string, scheduledAt: string, more: object = {}) {
  return {
    operation_id: operationId,
    scheduled_at: scheduledAt,
    reason: 'timeout',
    detail: 'scamper was ended after 60 s',
    clock: CLOCK,
    ...more,
  };
}
