import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { reset } from '../support/reset.js';
import { ToxicProxy } from '../support/toxic-proxy.js';
import { until } from '../support/until.js';

/** The proxy that the tests of faults rest on: a fault that is none would prove nothing. */
describe('ToxicProxy', () => {
  let behind: Server;
  let proxy: ToxicProxy;
  /** what the server behind has, and its side of each connection */
  let arrived: string;
  let backs: Socket[];

  beforeEach(async () => {
    [arrived, backs] = ['', []];
    behind = createServer((socket) => {
      backs.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        arrived += data.toString();
        socket.write(data.toString().toUpperCase());
      });
    });
    behind.listen(0, '127.0.0.1');
    await once(behind, 'listening');
    proxy = await ToxicProxy.start((behind.address() as AddressInfo).port);
  });

  afterEach(async () => {
    await proxy.stop();
    behind.close();
  });

  class Client {
    said = '';
    ended: string | undefined;
    readonly socket = connect(proxy.port, '127.0.0.1');

    constructor() {
      this.socket.on('data', (data) => (this.said += data.toString()));
      this.socket.on('error', (error: NodeJS.ErrnoException) => (this.ended = error.code));
      this.socket.on('end', () => (this.ended ??= 'end'));
    }

    async ask(text: string): Promise<void> {
      this.socket.write(text);
      await until(`the answer to ${text}`, () => this.said.endsWith(text.toUpperCase()));
    }

    async end(): Promise<string> {
      return until('the end', () => this.ended);
    }
  }

  it('closes a connection whose end is on its way: one that stayed open would keep the process', async () => {
    const { socket } = new Client();
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    socket.end();
    reset(socket);
    await closed;
  });

  it('passes what is sent, both ways, and the end of it', async () => {
    const client = new Client();
    await client.ask('a'.repeat(3_000_000));
    client.socket.end();
    expect(await client.end()).toBe('end');
    await until('no connection left', () => proxy.openConnections === 0);
    expect(arrived).toHaveLength(3_000_000);
  });

  it('resets connections that stand, on both sides', async () => {
    const client = new Client();
    await client.ask('hello');
    const gone = closed(backs[0]!);
    proxy.cut();
    expect(await client.end()).toBe('ECONNRESET');
    await gone;
    await new Client().ask('again');
  });

  it('resets new connections while it refuses, and no others', async () => {
    const client = new Client();
    await client.ask('hello');
    const refusing = proxy.refuse();
    expect(await new Client().end()).toBe('ECONNRESET');
    await client.ask('still here');
    refusing.end();
    refusing.end();
    await new Client().ask('again');
  });

  it('delays', async () => {
    const client = new Client();
    proxy.impair({ delayMs: 100, jitterMs: 20 });
    const asked = performance.now();
    await client.ask('hello');
    expect(performance.now() - asked).toBeGreaterThanOrEqual(199);
  });

  it('lets bytes trickle, in their order', async () => {
    const client = new Client();
    proxy.impair({ bytesPerS: 2_000 });
    const asked = performance.now();
    await client.ask(Array.from({ length: 100 }, (_, index) => `${index},`).join(''));
    expect(performance.now() - asked).toBeGreaterThanOrEqual(100);
  });

  it('keeps one way back, and gives it when that ends', async () => {
    const client = new Client();
    const loss = proxy.impair({ hold: 'down' });
    client.socket.write('hello');
    await until('the question', () => arrived === 'hello');
    await until('the next question', () => {
      client.socket.write('.');
      return arrived.length > 10;
    });
    expect(client.said).toBe('');
    loss.end();
    await until('the answers', () => client.said.startsWith('HELLO.') && client.said.length > 10);
  });

  it('swallows without a word, also the end, and resets then', async () => {
    const client = new Client();
    await client.ask('hello');
    const hole = proxy.impair({ swallow: 'both' });
    client.socket.write('lost');
    client.socket.end();
    await once(client.socket, 'finish');
    new Client().socket.write('lost too');
    expect([arrived, backs[0]?.readableEnded]).toEqual(['hello', false]);
    const gone = closed(backs[0]!);
    await until('what was swallowed', () => proxy.openConnections === 2);
    hole.end();
    await gone;
    await until('no connection left', () => proxy.openConnections === 0);
    expect(arrived).toBe('hello');
    expect(proxy.swallowedBytes).toBeGreaterThanOrEqual(4);
  });

  it('meets a share of the connections', async () => {
    const clients = Array.from({ length: 40 }, () => new Client());
    await Promise.all(clients.map((client) => client.ask('hello')));
    proxy.cut(0.5);
    await until('some ends', () => clients.some(({ ended }) => ended !== undefined));
    await until('the others', () => proxy.openConnections < 40);
    const left = clients.filter(({ ended }) => ended === undefined);
    await Promise.all(left.map((client) => client.ask('still here')));
    expect(left.length).toBeGreaterThan(0);
    expect(proxy.resets).toBe(40 - proxy.openConnections);
  });
});

/** Not `once`, which fails where the end is an error. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => {
      resolve();
    });
  });
}
