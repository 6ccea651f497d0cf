import { type INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { type Server, type ServerOptions } from 'socket.io';
import * as parser from 'socket.io-parser';

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

/** One Socket.IO server for all namespaces. With Redis it is one with those of the other server processes. */
export class SocketsAdapter extends IoAdapter {
  private readonly clients: Redis[] = [];

  constructor(
    app: INestApplicationContext,
    private readonly redisUrl: string | undefined,
    private readonly onRedisError: (error: Error) => void,
  ) {
    super(app);
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const server = super.createIOServer(port, {
      ...options,
      maxHttpBufferSize: MAX_MESSAGE_BYTES,
      parser: { ...parser, Decoder: BatchDecoder },
      // fielded clients send an Origin of their own making
      cors: { origin: true },
      // a refused handshake is closed by its namespace; whoever never asks for a namespace is closed by this
      connectTimeout: 10_000,
    } as ServerOptions);
    if (this.redisUrl !== undefined) server.adapter(createAdapter(this.connect(), this.connect()));
    return server;
  }

  override async dispose(): Promise<void> {
    await super.dispose();
    for (const client of this.clients) client.disconnect();
  }

  private connect(): Redis {
    const client = new Redis(this.redisUrl ?? '', { maxRetriesPerRequest: null });
    client.on('error', this.onRedisError);
    this.clients.push(client);
    return client;
  }
}
