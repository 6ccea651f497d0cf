import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { adviceForConnection, adviceForOutput, examine, type Finding } from '../src/commands/doctor.js';
import { readSettings } from '../src/config/config.js';
import { Authority } from './support/certificates.js';
import { FakeServer } from './support/fake.server.js';

// Each command is a process, and some checks wait for what does not come: a busy machine takes its time.
jest.setTimeout(120_000);

describe('doctor', () => {
  let folder: string;
  let server: Server;
  let status: number;
  const servers: { close: () => unknown }[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'probe-doctor-'));
    status = 200;
    server = createServer((_request, response) => {
      response.writeHead(status, { location: 'https://elsewhere.example/' }).end();
    });
    await listening(server);
  });
  afterEach(async () => {
    for (const each of servers.splice(0)) each.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function listening(one: Server): Promise<void> {
    servers.push(one);
    one.listen(0, '127.0.0.1');
    await once(one, 'listening');
  }

  const urlOf = (one: Server, scheme = 'http'): string =>
    `${scheme}://127.0.0.1:${(one.address() as AddressInfo).port}`;

  async function find(check: string, more: Record<string, unknown> = {}): Promise<Finding | undefined> {
    const settings = readSettings({ server: urlOf(server), token: 't', dataDir: folder, ...more }, {});
    return (await examine({ ...settings, ntpServer: '127.0.0.1', ntpPort: 9 })).find(
      (each) => each.check === check,
    );
  }

  /** A failed check says what is wrong, a colon, and what to do. */
  async function fails(check: string, advice: RegExp, more: Record<string, unknown> = {}): Promise<void> {
    const found = await find(check, more);
    expect(found).toMatchObject({ ok: false, detail: expect.stringMatching(advice) });
  }

  test('a server name without an address', async () => {
    await fails('server name', /nobody\.invalid has no address: correct --server/, {
      server: 'http://nobody.invalid',
    });
  });

  test('a port where nothing listens', async () => {
    const gone = createServer();
    await listening(gone);
    const url = urlOf(gone);
    gone.close();
    await fails('server and TLS', /ECONNREFUSED.*: nothing listens there: correct the port/, { server: url });
  });

  test('a server that is none of ours', async () => {
    status = 404;
    await fails('server and TLS', /answers 404: no Pladmed server is there; correct --server/);
    status = 301;
    await fails('server and TLS', /leads on to https:\/\/elsewhere.example\/: give --server/);
  });

  test('a certificate of an authority that nobody knows', async () => {
    const authority = await Authority.make();
    try {
      const secure = createTlsServer(await authority.issue(['IP:127.0.0.1']), (_request, response) =>
        response.end(),
      );
      await listening(secure);
      await fails('server and TLS', /NODE_EXTRA_CA_CERTS/, { server: urlOf(secure, 'https') });
      await fails('server and TLS', /speaks no TLS: http:/, { server: urlOf(server, 'https') });
    } finally {
      await authority.remove();
    }
  });

  test.each([
    ['CERT_HAS_EXPIRED', /the clock of this host is wrong/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /give --server the name/],
    ['ENETUNREACH', /routes/],
    ['UND_ERR_CONNECT_TIMEOUT', /firewall/],
  ])('%s', (code, advice) => {
    expect(adviceForConnection(Object.assign(new Error('no'), { code }))).toMatch(advice);
  });

  test('a proxy that passes no websocket on', async () => {
    await fails('websocket', /no websocket .*: a proxy .* must pass it on/);
    const real = await FakeServer.start();
    expect(await find('websocket', { server: real.url })).toMatchObject({ ok: true });
    await real.close();
  });

  test('no time server', async () => {
    const found = await find('time');
    expect(found).toMatchObject({ ok: false, optional: true, detail: expect.stringMatching(/open UDP 123/) });
  });

  test('a data folder that is none', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const settings = readSettings({ server: urlOf(server), token: 't', dataDir: folder }, {});
    const findings = await examine({ ...settings, dataDir: join(file, 'data') });
    expect(findings.find(({ check }) => check === 'disk')).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/cannot be written \(ENOTDIR\): choose another --data-dir/),
    });
  });

  describe('scamper', () => {
    const path = (): string => join(folder, 'scamper');
    async function program(text: string, mode = 0o755): Promise<void> {
      await writeFile(path(), text);
      await chmod(path(), mode);
    }

    test('that is missing', async () => {
      for (const check of ['scamper', 'raw sockets'])
        await fails(check, /is not there: apt-get install scamper, or --scamper/, { scamper: path() });
    });

    test('that may not be run', async () => {
      await program('#!/bin/sh\n', 0o644);
      await fails('scamper', /may not be run by this user: chmod a\+x/, { scamper: path() });
    });

    test('that is no scamper', async () => {
      await program('#!/bin/sh\nexit 3\n');
      await fails('scamper', /ends with code 3: is that scamper\?/, { scamper: path() });
    });

    test('of 2021, whose version is on standard error, and of 2026', async () => {
      for (const text of ['echo scamper version 20211212 >&2\nexit 255', 'echo scamper version 20260420']) {
        await program(`#!/bin/sh\n${text}\n`);
        const detail = `${path()} is there, version ${/\d{8}/.exec(text)?.[0] ?? ''}`;
        expect(await find('scamper', { scamper: path() })).toMatchObject({ ok: true, detail });
      }
    });

    test('that may not send', async () => {
      await program('#!/bin/sh\necho "could not open ICMP socket: Operation not permitted" >&2\nexit 255\n');
      await fails('raw sockets', /scamper may not send \(could not open ICMP socket.*\): \S+/, {
        scamper: path(),
      });
      await program('#!/bin/sh\necho "could not chroot to /var/none: No such file or directory" >&2\n');
      await fails('raw sockets', /install -d -m 0555 \/var\/none/, { scamper: path() });
      expect(adviceForOutput('something else')).toBeNull();
    });

    test('that may', async () => {
      await program('#!/bin/sh\nexit 0\n');
      expect(await find('raw sockets', { scamper: path() })).toMatchObject({
        ok: true,
        detail: expect.stringMatching(/^scamper may send \(.+\)$/),
      });
    });
  });

  test.each(['IPv4', 'IPv6'])('says whether there is an %s address, and goes on without', async (family) => {
    expect(await find(family)).toMatchObject({ optional: true });
  });
});
