import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, encode } from 'dns-packet';
import { freePort } from './server.js';
import { until } from './until.js';

const FILES = new URL('../../nginx/', import.meta.url).pathname;

/** @returns why nginx cannot be started here; undefined when it can */
export function whyNoNginx(): string | undefined {
  return spawnSync('which', ['nginx']).status === 0 ? undefined : 'nginx is not installed';
}

/** A name server that says what a test wants, as docker's does for containers. */
class Names {
  private constructor(
    private readonly socket: Socket,
    readonly port: number,
  ) {}

  static async start(names: Record<string, string[]>): Promise<Names> {
    const socket = createSocket('udp4');
    socket.on('message', (message, from) => {
      const { id = 0, questions = [] } = decode(message);
      const answers = questions.flatMap(({ name, type }) =>
        (type === 'A' ? (names[name] ?? []) : []).map((data) => ({ type: 'A' as const, name, ttl: 1, data })),
      );
      socket.send(encode({ type: 'response', id, questions, answers }), from.port, from.address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new Names(socket, socket.address().port);
  }

  stop(): void {
    this.socket.close();
  }
}

/** The stack's own front door: the files of `nginx/`, with other folders, ports and another name server. */
export class Nginx {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly names: Names,
  ) {}

  /** @param addresses by name, for those in BACKEND and UPSTREAMS */
  static async start(env: Record<string, string>, addresses: Record<string, string[]>): Promise<Nginx> {
    const folder = await mkdtemp(join(tmpdir(), 'pladmed-nginx-'));
    const names = await Names.start(addresses);
    const [port, inside] = [await freePort(), await freePort()];
    await cp(FILES, folder, { recursive: true });
    for (const file of ['nginx.conf', 'locations.conf', 'start.sh']) {
      const text = await readFile(join(folder, file), 'utf8');
      await writeFile(
        join(folder, file),
        text
          .replaceAll('/etc/nginx/pladmed', folder)
          .replaceAll('/tmp/nginx', join(folder, 'made'))
          .replaceAll('listen 80 ', `listen 127.0.0.1:${port} `)
          .replaceAll('listen 8080 ', `listen 127.0.0.1:${inside} `)
          .replace('resolver 127.0.0.11 valid=5s', `resolver 127.0.0.1:${names.port} valid=1s`)
          .replace(/^user .*$/m, '')
          .replace('worker_processes auto', 'worker_processes 1')
          .replace('exec nginx', `exec nginx -c ${join(folder, 'nginx.conf')}`),
      );
    }
    const child = spawn('bash', [join(folder, 'start.sh')], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    const nginx = new Nginx(`http://127.0.0.1:${port}`, child, folder, names);
    await until('nginx to answer', async () => {
      if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
      return fetch(`${nginx.url}/nginx-health`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
    return nginx;
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
    this.names.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
