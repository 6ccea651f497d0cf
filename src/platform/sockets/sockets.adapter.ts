import { type INestApplicationContext, Logger, type WsMessageHandler } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { type Server as HttpServer } from 'node:http';
import { type Socket as Connection } from 'node:net';
import { defer, type Observable } from 'rxjs';
import { type Server, type ServerOptions, type Socket } from 'socket.io';
import * as parser from 'socket.io-parser';
import { type HandshakePacing } from './handshake-pacing.js';
import { messageOf } from './messages.js';

/** A classic probe's result may have megabytes (6.8 MB compressed was seen); what is stored ends at 12 MB. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** A native batch carries the content of each of its items as an attachment of its own (docs/protocol.md). */
const MAX_ATTACHMENTS = 100;

export class BatchDecoder extends parser.Decoder {
  private attached = 0;

  constructor() {
    super({ maxAttachments: MAX_ATTACHMENTS });
  }

  /** Attachments wait for the last of their message, also of clients that nobody knows yet: together they are one message. */
  override add(part: unknown): void {
    if (typeof part === 'string') this.attached = 0;
    else this.attached += part instanceof Uint8Array ? part.byteLength : 0;
    if (this.attached > MAX_MESSAGE_BYTES) {
      throw new Error(`the attachments of a message have ${MAX_MESSAGE_BYTES} bytes at most`);
    }
    super.add(part);
  }
}

/** One Socket.IO server for all namespaces; of this process alone (docs/adr/0007). */
export class SocketsAdapter extends IoAdapter {
  private readonly messages = new Logger('sockets');

  constructor(
    app: INestApplicationContext,
    private readonly pacing: HandshakePacing,
  ) {
    super(app);
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    this.pacing.watch(this.httpServer as HttpServer);
    const server = super.createIOServer(port, {
      ...options,
      maxHttpBufferSize: MAX_MESSAGE_BYTES,
      allowRequest: this.pacing.allowRequest,
      parser: { ...parser, Decoder: BatchDecoder },
      // fielded clients send an Origin of their own making
      cors: { origin: true },
      // a refused handshake is closed by its namespace; whoever never asks for a namespace is closed by this
      connectTimeout: 10_000,
    } as ServerOptions);
    server.engine.on('flush', writeTogether);
    return server;
  }

  /** One listener for each message: Nest's own adapter makes a chain of streams of each, which every connected probe keeps. */
  override bindMessageHandlers(
    socket: Socket,
    handlers: WsMessageHandler[],
    transform: (answer: unknown) => Observable<unknown>,
  ): void {
    for (const handler of handlers)
      socket.on(handler.message, (...received: unknown[]) => {
        this.handle(socket, handler, transform, received);
      });
  }

  private handle(
    socket: Socket,
    { callback, isAckHandledManually }: WsMessageHandler,
    transform: (answer: unknown) => Observable<unknown>,
    received: readonly unknown[],
  ): void {
    const { content: data, acknowledge: ack } = messageOf(received);
    // what a handler throws is an error of the stream as well
    defer(() => transform(callback(data, ack))).subscribe({
      next: (answer) => {
        if (answer === undefined || answer === null || socket.disconnected) return;
        const { event, data: content } = answer as { event?: string; data?: unknown };
        if (event !== undefined && event !== '') socket.emit(event, content);
        else if (!isAckHandledManually) ack?.(answer);
      },
      error: (error: unknown) => {
        this.messages.error(error);
      },
    });
  }
}

/** What Engine.IO says of a socket that it writes to: a private member of ws, without which each packet is written alone. */
interface Flushed {
  transport: { socket?: { _socket?: Connection | null } };
}

/** Packets that wait for one socket, acknowledgements above all, leave by one write to the system in the place of one each. */
export function writeTogether({ transport }: Flushed, packets: readonly unknown[]): void {
  const connection = transport.socket?._socket;
  if (packets.length < 2 || !connection) return;
  connection.cork();
  process.nextTick(() => {
    connection.uncork();
  });
}
