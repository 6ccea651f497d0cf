import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type IncomingMessage, type Server } from 'node:http';
import { type Socket } from 'node:net';
import { setTimeout as rest } from 'node:timers/promises';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { ENV } from '../../../config/config.module.js';
import { type Env } from '../../../config/env.js';
import { DomainError } from '../../../platform/errors/domain.error.js';
import { addressOf, clientOf } from '../../../platform/http/client-address.js';
import { type Members } from '../../../measurement/atlas/common.js';
import { Outbox } from './outbox.js';
import { keyOf, readMessage, readParameters } from './request.js';
import { Subscriptions } from './subscriptions.js';

const PATH = /^\/stream\/?(?:\?|$)/;
const MAX_MESSAGE_BYTES = 64 * 1024;
const MOST_SUBSCRIPTIONS = 100;
const MOST_OF_ADDRESS = 200;
const MOST_CONNECTIONS = 5_000;
/** Dead peers are found by TCP: the server sends no control frames of its own. */
const KEEP_ALIVE_MS = 60_000;
/** What waits for a client has so long to go out when the server ends, and its good-bye so long to come. */
const FAREWELL_MS = 2_000;
const GOING_AWAY = 1001;
const TOO_SLOW = 1008;

/** One client of the stream. */
interface Client {
  socket: WebSocket;
  outbox: Outbox;
  /** by their parameters: what ends them */
  subscriptions: Map<string, AbortController>;
}

/** The result stream of Atlas: a plain WebSocket on the server's own port. */
@Injectable()
export class AtlasStream implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('atlas');
  private readonly sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  private readonly clients = new Set<Client>();
  private readonly byAddress = new Map<string, number>();
  private isEnding = false;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly streams: Subscriptions,
    @Inject(ENV) private readonly env: Pick<Env, 'trustProxy'>,
  ) {}

  onApplicationBootstrap(): void {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      if (PATH.test(request.url ?? '')) this.letIn(request, socket, head);
    });
  }

  /** Says good-bye behind what waits. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isEnding = true;
    const farewells = [...this.clients].map(async ({ socket, outbox, subscriptions }) => {
      for (const ending of subscriptions.values()) ending.abort();
      await Promise.race([outbox.drained(), rest(FAREWELL_MS)]);
      const closed = new Promise<void>((resolve) => {
        socket.once('close', () => {
          resolve();
        });
      });
      socket.close(GOING_AWAY, 'The server is shutting down');
      await Promise.race([closed, rest(FAREWELL_MS)]);
      socket.terminate();
    });
    await Promise.all(farewells);
  }

  private letIn(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const route = { peer: socket.remoteAddress, forwardedFor: request.headers['x-forwarded-for'] };
    const address = clientOf(addressOf(route, this.env.trustProxy));
    const count = this.byAddress.get(address) ?? 0;
    if (this.isEnding || count >= MOST_OF_ADDRESS || this.clients.size >= MOST_CONNECTIONS) {
      socket.end(
        'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      );
      return;
    }
    // each message leaves at once: two in one record would be read as one
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.sockets.handleUpgrade(request, socket, head, (client) => {
      this.byAddress.set(address, count + 1);
      client.once('close', () => {
        const left = (this.byAddress.get(address) ?? 1) - 1;
        if (left <= 0) this.byAddress.delete(address);
        else this.byAddress.set(address, left);
      });
      this.serve(client);
    });
  }

  private serve(socket: WebSocket): void {
    const outbox = new Outbox(socket, () => {
      this.logger.warn('cut off a client of the stream that takes nothing');
      socket.close(TOO_SLOW, 'Too slow');
      socket.terminate();
    });
    const client: Client = { socket, outbox, subscriptions: new Map() };
    this.clients.add(client);
    socket.on('error', () => {
      // a frame that is none, or a connection that broke: `close` follows
    });
    socket.once('close', () => {
      this.clients.delete(client);
      for (const ending of client.subscriptions.values()) ending.abort();
    });
    socket.on('message', (data: RawData, isBinary: boolean) => {
      const text = isBinary || !Buffer.isBuffer(data) ? '' : data.toString('utf8');
      this.heard(client, text).catch((error: unknown) => {
        this.logger.error({ err: error }, 'a message of the stream could not be answered');
      });
    });
  }

  private async heard(client: Client, text: string): Promise<void> {
    const message = readMessage(text);
    if (typeof message === 'string') {
      await refuse(client, message);
      return;
    }
    const { event, parameters } = message;
    const key = keyOf(parameters);
    if (event === 'atlas_unsubscribe') {
      client.subscriptions.get(key)?.abort();
      client.subscriptions.delete(key);
      await client.outbox.send('atlas_unsubscribed', parameters);
      return;
    }
    await this.subscribe(client, key, parameters);
  }

  private async subscribe(client: Client, key: string, parameters: Members): Promise<void> {
    const wanted = readParameters(parameters);
    if (typeof wanted === 'string') {
      await refuse(client, wanted);
      return;
    }
    if (client.subscriptions.size >= MOST_SUBSCRIPTIONS && !client.subscriptions.has(key)) {
      await refuse(client, `A connection may have ${MOST_SUBSCRIPTIONS} subscriptions at most`);
      return;
    }
    client.subscriptions.get(key)?.abort();
    const ending = new AbortController();
    client.subscriptions.set(key, ending);
    const say = async (event: string, payload: unknown) => {
      if (!ending.signal.aborted) await client.outbox.send(event, payload);
    };
    try {
      await this.streams.run(wanted, parameters, say, ending.signal);
    } catch (error) {
      if (!(error instanceof DomainError)) this.logger.error({ err: error }, 'a subscription broke off');
      const detail =
        error instanceof DomainError ? error.message : 'The subscription broke off: subscribe again';
      if (!ending.signal.aborted) await refuse(client, detail);
    } finally {
      if (client.subscriptions.get(key) === ending) client.subscriptions.delete(key);
    }
  }
}

async function refuse({ outbox }: Client, detail: string): Promise<void> {
  await outbox.send('atlas_error', { detail });
}
