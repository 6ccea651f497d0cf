import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Server } from 'socket.io';
import { RawWebSocket } from '../support/raw-websocket.js';
import { until } from '../support/until.js';
import { atTheDoor, HandshakePacing } from '../../src/platform/sockets/handshake-pacing.js';

const PATH = '/socket.io/?EIO=4&transport=websocket';
/** As many as are let in at one time at first. */
const PLACES = 100;

/** The real thing: what node, Engine.IO and ws make of a handshake that has to wait. */
describe('HandshakePacing, real sockets', () => {
  let http: HttpServer;
  let io: Server;
  let pacing: HandshakePacing;
  let url: string;
  let holders: IncomingMessage[];
  let clients: RawWebSocket[];

  beforeEach(async () => {
    http = createServer();
    pacing = new HandshakePacing();
    pacing.watch(http);
    io = new Server(http, { allowRequest: pacing.allowRequest });
    holders = [];
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    url = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`;
    const full = new Promise<void>((resolve) => {
      io.engine.on('connection', ({ request }: { request: IncomingMessage }) => {
        if (holders.length === PLACES) return;
        atTheDoor(request);
        if (holders.push(request) === PLACES) resolve();
      });
    });
    clients = await Promise.all(Array.from({ length: PLACES }, () => RawWebSocket.open(url, PATH)));
    await full;
  });
  afterEach(async () => {
    pacing.clear();
    // they would not answer a good-bye
    for (const client of clients) client.destroy();
    await io.close();
  });

  const leaveAll = () => {
    for (const holder of holders) atTheDoor(holder).leave();
  };
  const isWaiting = (count: number) => until(`${count} to wait`, () => pacing.waiting === count);

  it('opens the websocket of one who has waited, which works as any other', async () => {
    const opening = RawWebSocket.open(url, PATH);
    await isWaiting(1);
    leaveAll();
    const socket = await opening;
    await until('the handshake', () => socket.messages.some((text) => text.startsWith('0{')));
    socket.send('40');
    await until('the namespace', () => socket.messages.some((text) => text.startsWith('40{')));
    socket.destroy();
  });

  it('lets one in by polling who has waited', async () => {
    const polling = fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    await isWaiting(1);
    leaveAll();
    expect(await (await polling).text()).toMatch(/^0\{"sid"/);
  });

  it.each([
    ['websocket', PATH],
    ['polling', '/socket.io/?EIO=4&transport=polling'],
  ])('knows that one has hung up who was waiting: %s', async (transport, path) => {
    const giveUp = new AbortController();
    const headers =
      transport === 'websocket'
        ? {
            connection: 'Upgrade',
            upgrade: 'websocket',
            'sec-websocket-version': '13',
            'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
          }
        : {};
    const asked = openAndEnd(url, path, headers, giveUp.signal);
    await isWaiting(1);
    giveUp.abort();
    await isWaiting(0);
    await asked;
    const before = io.engine.clientsCount;
    leaveAll();
    const another = await RawWebSocket.open(url, PATH);
    expect(io.engine.clientsCount).toBe(before + 1);
    another.destroy();
  });

  it('hangs up on those who wait when the server goes away', async () => {
    const opening = RawWebSocket.open(url, PATH);
    await isWaiting(1);
    pacing.clear();
    await expect(opening).rejects.toThrow(/hang up|ECONNRESET/);
  });
});

/** Sends a request, and ends the connection in order (a FIN) when the signal says so. */
async function openAndEnd(
  url: string,
  path: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const lines = Object.entries({ host: hostname, ...headers }).map(([name, value]) => `${name}: ${value}`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  signal.addEventListener('abort', () => socket.end());
  socket.resume();
  await once(socket, 'close');
}
