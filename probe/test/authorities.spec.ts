import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Authority } from './support/certificates.js';
import { FakeServer } from './support/fake.server.js';
import { operation } from './support/operations.js';
import { Site } from './support/site.js';

const root = join(import.meta.dirname, '..', '..');
const LIMIT_MS = 120_000;

describe('a probe whose authorities are in a file that changes', () => {
  let authority: Authority;
  let server: FakeServer;
  /** TLS before the server. */
  let front: Site;
  let folder: string;
  let file: string;
  let child: ChildProcess;
  let log = '';

  beforeAll(async () => {
    execFileSync(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-b',
      join(root, 'probe'),
    ]);
    folder = await realpath(await mkdtemp(join(tmpdir(), 'probe-authorities-')));
    file = join(folder, 'extra.pem');
    [authority, server] = await Promise.all([Authority.make(), FakeServer.start()]);
    front = await Site.tls(await authority.issue(['IP:127.0.0.1']), (near) => {
      const far = connect(server.port, '127.0.0.1');
      for (const socket of [near, far]) socket.on('error', () => undefined);
      far.on('close', () => near.destroy());
      near.on('close', () => far.destroy());
      near.pipe(far).pipe(near);
    });
  });
  afterAll(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await front.close();
    await server.close();
    await authority.remove();
    await rm(folder, { recursive: true, force: true });
  });

  /** What the probe makes of the certificate of `front`. */
  async function authorized(kind: 'http' | 'tls'): Promise<unknown> {
    const of = {
      http: { urls: [`https://127.0.0.1:${front.port}/`], timeout_s: 5 },
      tls: { ips: ['127.0.0.1'], port: front.port },
    };
    const asked = operation({ kind, params: of[kind] });
    const key = `${asked.operation_id} ${asked.schedule.type === 'once' ? asked.schedule.at : ''}`;
    await server.assign(asked);
    await server.until(() => server.results.has(key) || server.failures.has(key));
    const { requests, handshakes } = JSON.parse(String(server.results.get(key)?.content)) as {
      requests?: { tls: { authorized: boolean } }[];
      handshakes?: { authorized: boolean }[];
    };
    return requests?.[0]?.tls.authorized ?? handshakes?.[0]?.authorized;
  }

  test(
    'finds its server when the right one is written, and judges each run by those of that moment',
    async () => {
      const stranger = await Authority.make();
      await writeFile(file, await stranger.certificate());
      await stranger.remove();
      child = spawn(process.execPath, [join(root, 'probe/dist/cli.js'), 'run'], {
        env: {
          PATH: process.env['PATH'],
          NODE_EXTRA_CA_CERTS: file,
          PLADMED_SERVER: `https://127.0.0.1:${front.port}`,
          PLADMED_TOKEN: 'a.b.c',
          PLADMED_DATA_DIR: join(folder, 'data'),
          PLADMED_ALLOW: '127.0.0.0/8',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const refused = new Promise<void>((resolve) => {
        for (const stream of [child.stdout, child.stderr])
          stream?.on('data', (chunk: Buffer) => {
            log += chunk.toString();
            if (log.includes('the server cannot be reached')) resolve();
          });
      });
      await refused;
      expect(server.connected).toBe(false);

      await writeFile(file, await authority.certificate());
      await server.until(() => server.connected);
      expect([await authorized('tls'), await authorized('http')]).toEqual([true, true]);

      // The connection that is open stays.
      await writeFile(file, '');
      expect([await authorized('tls'), await authorized('http')]).toEqual([false, false]);
      await writeFile(file, await authority.certificate());
      expect(await authorized('tls')).toBe(true);
    },
    LIMIT_MS,
  );
});
