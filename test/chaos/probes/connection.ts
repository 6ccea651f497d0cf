import { io, type Socket } from 'socket.io-client';
import {
  type Operation,
  operationSchema,
  PROTOCOL,
  type RequestError,
} from '../../../probe/src/protocol/protocol.js';
import { KIND_NAMES } from '../../../src/measurement/kinds/index.js';
import { type ItemAnswer } from '../../support/native-probe.js';

/** A handshake that takes longer is given up: the network may have swallowed it. */
const HANDSHAKE_MS = 8_000;
const ANSWER_MS = 15_000;

export interface SyncMessage {
  revision: number;
  full: boolean;
  operations: Operation[];
  stopped: string[];
}

/** What comes from the server, over which connection; what is returned acknowledges it, undefined does not. */
export interface Listener {
  opened(over: Connection): void;
  sync(message: SyncMessage, over: Connection): object | undefined;
  stop(operation: string, over: Connection): object | undefined;
  reconnect(afterMs: number, over: Connection): void;
}

export class RefusedHandshake extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(`${code}: ${message}`);
  }
}

export type BatchAnswer = { items: ItemAnswer[] } | RequestError;

/** One connection of a native probe. */
export class Connection {
  isLost = false;
  /** resolves when it is */
  readonly lost: Promise<void>;
  private revision = 0;
  /** what it broke of docs/protocol.md */
  readonly complaints: string[] = [];

  private constructor(
    private readonly socket: Socket,
    listener: Listener,
  ) {
    this.lost = new Promise((resolve) => {
      socket.once('disconnect', () => {
        this.isLost = true;
        resolve();
      });
    });
    socket.on('sync', (message: SyncMessage, acknowledge: (answer: object) => void) => {
      this.check(message);
      const answer = listener.sync(message, this);
      if (answer !== undefined) acknowledge(answer);
    });
    socket.on('stop', (message: { operation_id: string }, acknowledge: (answer: object) => void) => {
      const answer = listener.stop(message.operation_id, this);
      if (answer !== undefined) acknowledge(answer);
    });
    socket.on('reconnect', (message: { after_ms: number }, acknowledge: (answer: object) => void) => {
      acknowledge({});
      listener.reconnect(message.after_ms, this);
    });
  }

  /** @throws RefusedHandshake, or another error when nobody answered */
  static async open(door: string, token: string, listener: Listener): Promise<Connection> {
    const socket = io(`${door}${PROTOCOL.namespace}`, {
      auth: {
        token,
        protocol: PROTOCOL.version,
        version: 'chaos',
        capabilities: {
          kinds: KIND_NAMES,
          ipv4: true,
          ipv6: false,
        },
      },
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      timeout: HANDSHAKE_MS,
    });
    const connection = new Connection(socket, listener);
    try {
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => {
          reject(new Error('nobody answered the handshake'));
        }, HANDSHAKE_MS);
        socket.once('connect', () => {
          clearTimeout(late);
          // now, since the first sync may come with the same packet
          listener.opened(connection);
          resolve();
        });
        socket.once('connect_error', (error: Error & { data?: { code: string } }) => {
          clearTimeout(late);
          const code = error.data?.code;
          reject(code === undefined ? error : new RefusedHandshake(code, error.message));
        });
        socket.once('disconnect', (reason) => {
          clearTimeout(late);
          reject(new Error(reason));
        });
      });
    } catch (error) {
      socket.disconnect();
      throw error;
    }
    return connection;
  }

  /** @returns undefined when no answer came */
  async ask<Answer = BatchAnswer>(event: string, message: unknown): Promise<Answer | undefined> {
    try {
      return (await this.socket.timeout(ANSWER_MS).emitWithAck(event, message)) as Answer;
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.socket.disconnect();
  }

  private check({ revision, full, operations }: SyncMessage): void {
    if (this.revision === 0 && !full) this.complaints.push('the first sync of a connection is not full');
    if (revision <= this.revision) this.complaints.push(`revision ${revision} after ${this.revision}`);
    this.revision = revision;
    const bad = operations.find((operation) => !operationSchema.safeParse(operation).success);
    if (bad !== undefined) this.complaints.push(`an operation that cannot be read: ${JSON.stringify(bad)}`);
  }
}
