import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import * as parser from 'socket.io-parser';
import type { FailedItem, Operation, ResultItem, StatusReport } from '../../src/protocol/protocol.js';

export type Answer = { status: string; reason?: string; retry_after_ms?: number };

/** A batch carries a binary attachment for each result; the parser's own limit is 10. */
class Decoder extends parser.Decoder {
  constructor() {
    super({ maxAttachments: 100 });
  }
}

/** A server that speaks docs/protocol.md and keeps what it gets in memory. */
export class FakeServer {
  readonly results = new Map<string, ResultItem>();
  readonly failures = new Map<string, FailedItem>();
  readonly statuses: StatusReport[] = [];
  readonly handshakes: Record<string, unknown>[] = [];
  readonly batchSizes: number[] = [];
  operations: Operation[] = [];
  refusedBySync: { operation_id: string; reason: string }[] = [];
  duplicates = 0;
  /** Runs that came both as a result and as a failure. */
  contradictions: string[] = [];
  /** What an item is answered; null: no acknowledgement at all. */
  answer: (item: ResultItem | FailedItem) => Answer | null = () => ({ status: 'stored' });
  /** What a message is acknowledged with, made from the answers to its items. */
  acknowledgement: (answers: Answer[]) => unknown = (items) => ({ items });
  /** A message of results or failures was acknowledged. */
  onAcknowledged: () => void = () => undefined;
  /** The server's clock. */
  now: () => number = Date.now;
  /** Raised: handshakes are refused with this. */
  refusal: { code: string; message: string } | null = null;
  private socket: Socket | null = null;
  private readonly waiting: { test: () => boolean; resolve: () => void }[] = [];

  /** Why runs failed. A machine that is busy with something else misses runs of each second: these do not count. */
  get reasons(): Set<string> {
    const all = new Set([...this.failures.values()].map(({ reason }) => reason));
    all.delete('missed');
    return all;
  }

  private constructor(
    private readonly http: HttpServer,
    private readonly io: Server,
  ) {
    const probes = io.of('/probe');
    probes.use((socket, next) => {
      this.handshakes.push(socket.handshake.auth);
      if (this.refusal === null) {
        next();
        return;
      }
      next(Object.assign(new Error(this.refusal.message), { data: this.refusal }));
    });
    probes.on('connection', (socket) => {
      this.socket = socket;
      this.serve(socket);
    });
  }

  static async start(port = 0, options: object = { parser: { ...parser, Decoder } }): Promise<FakeServer> {
    const http = createServer();
    const io = new Server(http, { maxHttpBufferSize: 16 * 1024 * 1024, ...options });
    const server = new FakeServer(http, io);
    await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get connected(): boolean {
    return this.socket?.connected ?? false;
  }

  /** Tells the connected probe, and every one that connects later. */
  async assign(...operations: Operation[]): Promise<void> {
    this.operations.push(...operations);
    if (this.connected) await this.sync({ full: false, operations, stopped: [] });
  }

  async sync(message: {
    full: boolean;
    part?: number;
    more?: boolean;
    operations: unknown[];
    stopped: string[];
  }): Promise<unknown> {
    return this.socket?.timeout(60_000).emitWithAck('sync', { revision: 1, ...message });
  }

  async tell(event: string, message: unknown): Promise<unknown> {
    return this.socket?.timeout(5_000).emitWithAck(event, message);
  }

  /** Sends whatever it is, and wants no acknowledgement. */
  send(event: string, ...args: unknown[]): void {
    this.socket?.emit(event, ...args);
  }

  dropConnection(): void {
    this.socket?.conn.close();
  }

  /** Resolves when the test holds; looked at whenever something arrives. */
  until(test: () => boolean): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ test, resolve }));
  }

  /** Something happened that somebody may be waiting for. */
  changed(): void {
    for (const each of [...this.waiting]) {
      if (!each.test()) continue;
      this.waiting.splice(this.waiting.indexOf(each), 1);
      each.resolve();
    }
  }

  async close(): Promise<void> {
    await this.io.close();
  }

  private serve(socket: Socket): void {
    socket.on('disconnect', () => {
      this.changed();
    });
    socket.on('results', (items: ResultItem[], ack: (answer: unknown) => void) => {
      this.take(items, this.results, ack);
    });
    socket.on('failed', (items: FailedItem[], ack: (answer: unknown) => void) => {
      this.take(items, this.failures, ack);
    });
    socket.on('status', (report: StatusReport, ack: (answer: unknown) => void) => {
      this.statuses.push(report);
      ack({ server_time: new Date(this.now()).toISOString() });
      this.changed();
    });
    void socket
      .timeout(5_000)
      .emitWithAck('sync', { revision: 1, full: true, operations: this.operations, stopped: [] })
      .then(
        (answer: { refused?: { operation_id: string; reason: string }[] }) => {
          // None when the probe could not carry it out.
          this.refusedBySync.push(...(answer.refused ?? []));
          this.changed();
        },
        () => undefined,
      );
    this.changed();
  }

  private take<T extends ResultItem | FailedItem>(
    items: T[],
    into: Map<string, T>,
    ack: (answer: unknown) => void,
  ): void {
    this.batchSizes.push(items.length);
    const answers: Answer[] = [];
    for (const item of items) {
      const answer = this.answer(item);
      if (answer === null) return;
      const key = `${item.operation_id} ${item.scheduled_at}`;
      const known = this.results.has(key) || this.failures.has(key);
      if (answer.status === 'stored' && known) {
        this.duplicates++;
        if (!into.has(key)) this.contradictions.push(key);
      }
      if (answer.status === 'stored' && !known) into.set(key, item);
      answers.push(answer.status === 'stored' && known ? { status: 'duplicate' } : answer);
    }
    ack(this.acknowledgement(answers));
    this.onAcknowledged();
    this.changed();
  }
}
