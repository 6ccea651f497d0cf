import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface TlsProxy {
  url: string;
  /** Connections taken so far. */
  connections(): number;
  stop(): Promise<void>;
}

/**
 * TLS in front of a server, as fielded probes meet it; the certificate is made by openssl and vouched for by nobody.
 * @param url of the server behind it, which may be away for a while
 */
export async function startTlsProxy(url: string): Promise<TlsProxy> {
  const { hostname, port } = new URL(url);
  const open = new Set<Socket>();
  let count = 0;
  const server = createServer(await certificate(), (front) => {
    count += 1;
    const back = connect(Number(port), hostname);
    for (const [one, other] of [
      [front, back],
      [back, front],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `https://127.0.0.1:${String(address.port)}`,
    connections: () => count,
    stop: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function certificate(): Promise<{ key: Buffer; cert: Buffer }> {
  const folder = await mkdtemp(join(tmpdir(), 'pladmed-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const name = ['-subj', '/CN=127.0.0.1', '-days', '2', '-nodes'];
  try {
    await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert, ...name]);
    return { key: await readFile(key), cert: await readFile(cert) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
