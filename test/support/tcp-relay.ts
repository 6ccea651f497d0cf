import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface TcpRelay {
  url: string;
  stop(): Promise<void>;
}

/**
 * A way to a server that takes time: what arrives together goes on together, in its order.
 * @param delayMs of each piece, there and back; ms
 */
export async function startTcpRelay(
  url: string,
  delayMs: { there: () => number; back: () => number },
): Promise<TcpRelay> {
  const { hostname, port } = new URL(url);
  const open = new Set<Socket>();
  const server = createServer((front) => {
    const back = connect(Number(port), hostname);
    open.add(front).add(back);
    passOn(front, back, delayMs.there);
    passOn(back, front, delayMs.back);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function passOn(from: Socket, to: Socket, delayMs: () => number): void {
  let order = Promise.resolve();
  from.setNoDelay(true);
  from.on('data', (piece: Buffer) => {
    const wait = new Promise((resolve) => setTimeout(resolve, delayMs()));
    order = order.then(async () => {
      await wait;
      to.write(piece);
    });
  });
  from.on('error', () => to.destroy());
  from.on('close', () => {
    void order.then(() => to.destroy());
  });
}
