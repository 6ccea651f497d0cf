import { once } from 'node:events';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import { createServer as createTls, type TlsOptions, type TLSSocket } from 'node:tls';

/** A server of a test on this host, which counts its connections. */
export class Site {
  connections = 0;
  private readonly open = new Set<Socket>();

  private constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.open.delete(socket);
      });
    });
  }

  static async http(listener: RequestListener): Promise<Site> {
    return Site.listen(createHttp(listener));
  }

  static async https(options: TlsOptions, listener: RequestListener): Promise<Site> {
    const server = createHttps(options, listener);
    server.on('tlsClientError', () => undefined);
    return Site.listen(server);
  }

  /** TLS, and nothing within it. */
  static async tls(options: TlsOptions, serve: (socket: TLSSocket) => void = () => undefined): Promise<Site> {
    const server = createTls(options, (socket) => {
      socket.on('error', () => undefined);
      serve(socket);
    });
    server.on('tlsClientError', () => undefined);
    return Site.listen(server);
  }

  /** Bytes as the test writes them. */
  static async raw(serve: (socket: Socket) => void, host = '127.0.0.1'): Promise<Site> {
    return Site.listen(createTcp(serve), host);
  }

  /** Waits for a request over a raw connection, then answers. */
  static async answering(answer: (socket: Socket) => void): Promise<Site> {
    return Site.raw((socket) => {
      socket.once('data', () => {
        answer(socket);
      });
    });
  }

  private static async listen(server: Server, host = '127.0.0.1'): Promise<Site> {
    const site = new Site(server);
    server.listen(0, host);
    await once(server, 'listening');
    return site;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when the other side has closed, or reset, every connection. */
  async left(): Promise<void> {
    await Promise.all(
      [...this.open].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
    );
  }

  async close(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Writes the same again and again, as fast as it is taken. */
export function writeForEver(socket: Socket, chunk: string | Buffer): void {
  const write = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', write);
  write();
}
