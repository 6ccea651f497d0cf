import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { decode, encode, type Answer } from 'dns-packet';
import { answerTo } from '../../../sntp/test/support/fake.ntp.js';
import type { Random } from '../../../test/chaos/random.js';
import type { KeyPair } from './certificates.js';

/** Cuts, doubles, flips, empties or replaces bytes; now and then leaves them as they are. */
export function mutated(random: Random, message: Uint8Array): Buffer {
  const bytes = Buffer.from(message);
  const noise = (): Buffer =>
    Buffer.from(Array.from({ length: random.whole(1, 600) }, () => random.whole(0, 255)));
  switch (
    random.weighted({ honest: 2, cut: 3, empty: 1, doubled: 1, noise: 2, flipped: 4, grown: 2, zeros: 1 })
  ) {
    case 'cut':
      return bytes.subarray(0, random.whole(0, bytes.length));
    case 'empty':
      return Buffer.alloc(0);
    case 'doubled':
      return Buffer.concat([bytes, bytes]);
    case 'noise':
      return noise();
    case 'flipped':
      for (let count = random.whole(1, 6); count > 0 && bytes.length > 0; count--)
        bytes[random.whole(0, bytes.length - 1)] = random.whole(0, 255);
      return bytes;
    case 'grown': {
      const at = random.whole(0, bytes.length);
      return Buffer.concat([bytes.subarray(0, at), noise(), bytes.subarray(at)]);
    }
    case 'zeros':
      return Buffer.alloc(random.whole(1, 40));
    default:
      return bytes;
  }
}

/** One exchange in so many is never answered: silence takes as long as its time-out. */
const SILENCE = 0.004;

/** Servers of every protocol that the probe speaks, on the loopback addresses, none of which keeps to it. */
export class HostilePeers {
  answered = 0;
  private readonly closing: (() => void)[] = [];
  private readonly open = new Set<Socket>();

  private constructor(
    private readonly random: Random,
    readonly ports: { dns: number; http: number; tls: number; ntp: number },
  ) {}

  /** @param pair for the TLS servers */
  static async start(random: Random, pair: KeyPair): Promise<HostilePeers> {
    const peers = new HostilePeers(random, { dns: 0, http: 0, tls: 0, ntp: 0 });
    const { ports } = peers;
    ports.dns = await peers.listen(createServer((socket) => void peers.overTcp(socket)));
    await peers.bind(ports.dns, (query) => [peers.mutate(dnsAnswer(query, random))]);
    ports.ntp = await peers.bind(0, (request) => {
      const now = Date.now() + random.whole(-2, 2);
      const answer = answerTo(request, { received: now, transmitted: now });
      return random.chance(0.1) ? [peers.mutate(answer), answer] : [peers.mutate(answer)];
    });
    ports.http = await peers.listen(
      createServer((socket) => {
        socket.once('data', () => {
          void peers.send(socket, peers.mutate(Buffer.from(random.pick(HTTP_ANSWERS), 'latin1')));
        });
      }),
    );
    ports.tls = await peers.listen(await peers.tlsRelay(pair));
    return peers;
  }

  close(): void {
    for (const close of this.closing) close();
    for (const socket of this.open) socket.destroy();
  }

  private mutate(message: Buffer): Buffer {
    this.answered++;
    return mutated(this.random, message);
  }

  /** Sends in pieces, and ends the connection in one of the ways in which connections end. */
  private async send(socket: Socket, bytes: Buffer): Promise<void> {
    if (this.random.chance(SILENCE)) return;
    for (let at = 0; at < bytes.length && !socket.destroyed;) {
      const size = this.random.pick([1, 2, 7, 100, 1400, bytes.length]);
      socket.write(bytes.subarray(at, at + size));
      at += size;
      await nextTurn();
    }
    const way = this.random.weighted({ end: 8, cut: 1, reset: 1 });
    if (way === 'reset') socket.resetAndDestroy();
    else if (way === 'cut') socket.destroy();
    else socket.end();
  }

  /** A TLS server behind a relay that mutates what it says. */
  private async tlsRelay(pair: KeyPair): Promise<Server> {
    const versions = ['TLSv1.2', 'TLSv1.3'] as const;
    const behind = await Promise.all(
      versions.map((version) => {
        const settings = { ...pair, minVersion: version, maxVersion: version };
        const server = createTlsServer({ ...settings, requestCert: version === 'TLSv1.3' }, (socket) => {
          socket.on('error', () => undefined);
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        });
        server.on('tlsClientError', () => undefined);
        return this.listen(server);
      }),
    );
    return createServer((near) => {
      const far = connect(this.random.pick(behind), '127.0.0.1');
      this.watch(far);
      near.pipe(far);
      far.on('data', (bytes) => {
        // Half of the time the handshake is left alone: what comes after it is mutated as well.
        if (this.random.chance(0.5)) near.write(bytes);
        else void this.send(near, this.mutate(bytes));
      });
      far.on('end', () => near.end());
      near.on('close', () => far.destroy());
    });
  }

  /** DNS over TCP: a length before each message, several messages to a transfer. */
  private async overTcp(socket: Socket): Promise<void> {
    const [first] = (await once(socket, 'data').catch(() => [])) as Buffer[];
    if (first === undefined || first.length < 3) return;
    const query = first.subarray(2);
    const frames = Array.from({ length: this.random.whole(1, 5) }, () => {
      const message = this.mutate(dnsAnswer(query, this.random));
      const length = Buffer.alloc(2);
      const lie = this.random.chance(0.1) ? this.random.whole(0, 65_535) : Math.min(65_535, message.length);
      length.writeUInt16BE(lie);
      return Buffer.concat([length, message]);
    });
    await this.send(socket, Buffer.concat(frames));
  }

  private async listen(server: Server): Promise<number> {
    server.on('connection', (socket: Socket) => {
      this.watch(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    this.closing.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  private watch(socket: Socket): void {
    this.open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.open.delete(socket));
  }

  private async bind(port: number, answer: (question: Buffer) => Buffer[]): Promise<number> {
    const socket: UdpSocket = createSocket('udp4');
    socket.on('message', (question, from) => {
      if (this.random.chance(SILENCE)) return;
      for (const each of answer(question)) socket.send(each, from.port, from.address, () => undefined);
    });
    await new Promise<void>((resolve) => socket.bind(port, '0.0.0.0', resolve));
    this.closing.push(() => socket.close());
    return socket.address().port;
  }
}

/** An answer to a query as an honest server would give it; a transfer's message begins with the SOA. */
function dnsAnswer(query: Buffer, random: Random): Buffer {
  const { id, questions = [] } = decode(query);
  const name = questions[0]?.name ?? 'example.org';
  const soa: Answer = {
    type: 'SOA',
    name,
    ttl: 60,
    data: {
      mname: 'ns.example.org',
      rname: 'hostmaster.example.org',
      serial: 1,
      refresh: 1,
      retry: 1,
      expire: 1,
      minimum: 1,
    },
  };
  const others: Answer[] = [
    { type: 'A', name, ttl: 60, data: '192.0.2.1' },
    { type: 'TXT', name, ttl: 60, data: ['text', 'x'.repeat(200)] },
    { type: 'CNAME', name, ttl: 60, data: 'www.example.org' },
  ];
  const answers = [soa, ...random.sample(others, random.whole(0, 3)), ...(random.chance(0.5) ? [soa] : [])];
  // Most answers are no errors: what follows them is read too.
  const flags = random.chance(0.75) ? 0 : random.whole(0, 15) | random.pick([0, 0x0200]);
  return encode({
    type: 'response',
    id: random.chance(0.9) ? id : random.whole(0, 65_535),
    flags,
    questions,
    answers,
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: 1232,
        extendedRcode: random.whole(0, 3),
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ],
  });
}

const HTTP_ANSWERS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nTrailer: z\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 301 Moved\r\nLocation: /\xc3\xa4\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nx',
  'HTTP/1.0 200 OK\n\nno length',
  'HTTP/1.1 99 Odd\r\n\r\n',
  'HTTP/1.1 200\r\nA : b\r\n folded\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
];
