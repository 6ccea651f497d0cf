import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import packet from 'dns-packet';

export type Behaviour = 'answer' | 'truncate' | 'spoof_first' | 'silent' | 'silent_once';

/** A DNS server on UDP and TCP of one port that answers every A question with 192.0.2.1. */
export class FakeDns {
  asked = 0;
  behaviour: Behaviour = 'answer';
  /** A question came in; the answer goes out afterwards. */
  onQuestion: () => void = () => undefined;

  private constructor(
    private readonly udp: Socket,
    private readonly tcp: Server,
  ) {}

  static async start(): Promise<FakeDns> {
    for (;;) {
      const udp = createSocket('udp4');
      await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
      const tcp = createServer();
      const server = new FakeDns(udp, tcp);
      const free = await new Promise<boolean>((resolve) => {
        tcp.once('error', () => {
          resolve(false);
        });
        tcp.listen(server.port, '127.0.0.1', () => {
          resolve(true);
        });
      });
      if (free) {
        server.serve();
        return server;
      }
      // The number is taken over TCP: the next one.
      udp.close();
    }
  }

  get port(): number {
    return this.udp.address().port;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.udp.close(resolve));
    await new Promise((resolve) => this.tcp.close(resolve));
  }

  private serve(): void {
    this.udp.on('message', (query, from) => {
      this.asked++;
      this.onQuestion();
      if (this.behaviour === 'silent' || (this.behaviour === 'silent_once' && this.asked === 1)) return;
      if (this.behaviour === 'spoof_first') {
        const wrongId = reply(query, false);
        wrongId.writeUInt16BE((query.readUInt16BE(0) + 1) & 0xffff, 0);
        this.udp.send(wrongId, from.port, from.address);
        const decoded = packet.decode(query);
        const otherName = packet.encode({
          ...decoded,
          type: 'response',
          questions: [{ name: 'evil.example', type: 'A' }],
        });
        this.udp.send(otherName, from.port, from.address);
      }
      this.udp.send(reply(query, this.behaviour === 'truncate'), from.port, from.address);
    });
    this.tcp.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        const answer = reply(data.subarray(2), false);
        const length = Buffer.alloc(2);
        length.writeUInt16BE(answer.length);
        // In two pieces, as a network may bring them.
        socket.write(Buffer.concat([length, answer.subarray(0, 5)]));
        socket.write(answer.subarray(5));
      });
    });
  }
}

function reply(query: Buffer, truncated: boolean): Buffer {
  const { id, questions } = packet.decode(query);
  const name = questions?.[0]?.name ?? '.';
  return packet.encode({
    type: 'response',
    ...(id === undefined ? {} : { id }),
    flags: truncated ? packet.TRUNCATED_RESPONSE : 0,
    questions: questions ?? [],
    answers: truncated ? [] : [{ type: 'A', name, ttl: 60, data: '192.0.2.1' }],
  });
}
