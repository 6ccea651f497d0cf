import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** What a server does with a connection once it has read a query. */
export type Script = (query: Buffer, socket: Socket) => void;

/** A server on the loopback over TCP that does with each connection what its script says. */
export class ScriptedDns {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    public script: Script,
  ) {
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('data', (data) => {
        this.script(data.subarray(2), socket);
      });
    });
  }

  static async start(script: Script = () => undefined): Promise<ScriptedDns> {
    const server = createServer();
    const scripted = new ScriptedDns(server, script);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return scripted;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** The same over UDP: answers a query with any datagrams. */
export class ScriptedUdp {
  private constructor(
    private readonly socket: UdpSocket,
    public answers: (query: Buffer) => readonly Buffer[],
  ) {
    socket.on('message', (query, from) => {
      for (const answer of this.answers(query)) socket.send(answer, from.port, from.address);
    });
  }

  static async start(answers: (query: Buffer) => readonly Buffer[] = () => []): Promise<ScriptedUdp> {
    const socket = createSocket('udp4');
    const scripted = new ScriptedUdp(socket, answers);
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return scripted;
  }

  get port(): number {
    return this.socket.address().port;
  }

  async close(): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }
}
