import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Socket } from 'node:net';
import { Authority } from '../../../test/support/certificates.js';
import { runContext } from '../../../test/support/run.context.js';
import { Site, writeForEver } from '../../../test/support/site.js';
import type { HttpEntry } from './entry.js';
import { httpParams } from '@pladmed/protocol';
import { http } from './index.js';

type Context = Parameters<typeof runContext>[0];

const MIB = 1024 * 1024;

async function measure(params: object, context: Context = {}): Promise<HttpEntry[]> {
  const content = await http.measure(httpParams.schema.parse(params), runContext(context));
  return (JSON.parse(content.toString()) as { requests: HttpEntry[] }).requests;
}

async function ask(url: string, params: object = {}, context: Context = {}): Promise<HttpEntry> {
  const [entry] = await measure({ urls: [url], timeout_s: 60, ...params }, context);
  return entry!;
}

describe('http', () => {
  const sites: Site[] = [];
  const site = async (made: Promise<Site>): Promise<Site> => {
    const one = await made;
    sites.push(one);
    return one;
  };
  const answering = (answer: (socket: Socket) => void): Promise<Site> => site(Site.answering(answer));
  afterEach(async () => {
    await Promise.all(sites.splice(0).map((each) => each.close()));
  });

  test('says what came, and how long each phase took', async () => {
    const asked: unknown[] = [];
    const { url, port } = await site(
      Site.http((request, response) => {
        const { method, url: path, headers } = request;
        asked.push({ method, path, headers });
        response.setHeader('Set-Cookie', 'secret=1');
        response.setHeader('Content-Type', 'text/plain');
        response.setHeader('Server', 's'.repeat(1_000));
        response.end('a body');
      }),
    );
    const entry = await ask(`${url}/a%20path?and=a&query`);
    expect(entry).toEqual({
      url: `${url}/a%20path?and=a&query`,
      method: 'GET',
      address: '127.0.0.1',
      port,
      started_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      status: 200,
      http_version: '1.1',
      header_bytes: expect.any(Number),
      body_bytes: 6,
      truncated: false,
      timings: {
        resolve_ms: null,
        connect_ms: expect.any(Number),
        tls_ms: null,
        first_byte_ms: expect.any(Number),
        total_ms: expect.any(Number),
      },
      location: null,
      content_type: 'text/plain',
      content_length: 6,
      server: 's'.repeat(256),
      irregular: [],
      tls: null,
      error: null,
    });
    expect(asked).toEqual([
      {
        method: 'GET',
        path: '/a%20path?and=a&query',
        headers: {
          host: `127.0.0.1:${port}`,
          'user-agent': expect.stringMatching(
            /^Pladmed-Probe\/\d+\.\d+\.\d+ \(\+https:\/\/github\.com\/pladmed\/pladmed\)$/,
          ),
          accept: '*/*',
          'accept-encoding': 'identity',
          connection: 'close',
        },
      },
    ]);
  });

  test('counts the bytes of the header as they came', async () => {
    const header = 'HTTP/1.0 404 Not here\r\nX-One: 1\r\nx-two: zwei\r\n\r\n';
    const { url } = await answering((socket) => socket.end(`${header}body until the end`));
    expect(await ask(url)).toMatchObject({
      status: 404,
      http_version: '1.0',
      header_bytes: header.length,
      body_bytes: 18,
      content_length: null,
      error: null,
    });
  });

  test('the phases together are no longer than the whole', async () => {
    const { url } = await site(Site.http((_request, response) => response.end()));
    const byName = url.replace('127.0.0.1', 'site.example');
    const { timings } = await ask(byName, {}, { resolve: () => Promise.resolve(['127.0.0.1']) });
    const { resolve_ms, connect_ms, first_byte_ms, total_ms } = timings;
    for (const each of [resolve_ms, connect_ms, first_byte_ms]) expect(each).toBeGreaterThanOrEqual(0);
    expect(resolve_ms! + connect_ms! + first_byte_ms!).toBeLessThanOrEqual(total_ms + 0.002);
  });

  test('does not follow a redirect', async () => {
    let requests = 0;
    const { url } = await site(
      Site.http((_request, response) => {
        requests += 1;
        response.writeHead(302, { Location: '/elsewhere' }).end();
      }),
    );
    expect(await ask(url)).toMatchObject({ status: 302, location: '/elsewhere', error: null });
    expect(requests).toBe(1);
  });

  test('counts a body of 10 MB and keeps nothing of it', async () => {
    const { url } = await site(
      Site.http((_request, response) => response.end(Buffer.alloc(10_000_000, 'x'))),
    );
    const params = httpParams.schema.parse({ urls: [url], max_body_bytes: 10 * MIB });
    const content = await http.measure(params, runContext());
    expect(content.length).toBeLessThan(2_000);
    const { requests } = JSON.parse(content.toString()) as { requests: HttpEntry[] };
    expect(requests[0]).toMatchObject({ body_bytes: 10_000_000, truncated: false, error: null });
  });

  test('counts what a chunked body holds', async () => {
    const { url } = await answering((socket) =>
      socket.end(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n',
      ),
    );
    expect(await ask(url)).toMatchObject({ body_bytes: 5, truncated: false, error: null });
  });

  test.each([0, 1, 1_000_000])('leaves a body without end after %d bytes', async (max_body_bytes) => {
    const endless = await answering((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      writeForEver(socket, Buffer.alloc(65_536));
    });
    expect(await ask(endless.url, { max_body_bytes })).toMatchObject({
      status: 200,
      body_bytes: max_body_bytes,
      truncated: true,
      error: null,
    });
    await endless.left();
  });

  test('reads 64 MiB in a run, however many bodies there are', async () => {
    const { url } = await answering((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      writeForEver(socket, Buffer.alloc(65_536));
    });
    const entries = await measure({
      urls: Array.from({ length: 9 }, () => url),
      max_body_bytes: 10 * MIB,
      timeout_s: 60,
    });
    expect(entries.every(({ truncated }) => truncated)).toBe(true);
    expect(entries.reduce((sum, { body_bytes }) => sum + body_bytes!, 0)).toBe(64 * MIB);
  });

  test('HEAD has no body', async () => {
    const { url } = await site(
      Site.http((request, response) => {
        response.setHeader('Content-Length', 5_000);
        response.end(request.method === 'HEAD' ? undefined : 'x'.repeat(5_000));
      }),
    );
    expect(await ask(url, { method: 'HEAD' })).toMatchObject({
      method: 'HEAD',
      body_bytes: 0,
      content_length: 5_000,
      truncated: false,
      error: null,
    });
  });

  test.each(['/a/%2e%2e/b', '/a/../b', '//c', '/./', '?q=/../', "/x'{}|<>`^", ''])(
    'asks for %s as it is written (RFC 9112, section 3.2.1: origin-form)',
    async (target) => {
      const asked: unknown[] = [];
      const { url } = await site(
        Site.http((request, response) => {
          asked.push(request.url);
          response.end();
        }),
      );
      expect(await ask(`${url}${target}`)).toMatchObject({ url: `${url}${target}`, error: null });
      expect(asked).toEqual([target.startsWith('/') ? target : `/${target}`]);
    },
  );

  describe('an answer that a strict reader would refuse', () => {
    const whole = { http_version: '1.1', body_bytes: 5, truncated: false, error: null };
    const OK = 'HTTP/1.1 200 OK';

    test.each<[string, string, object]>([
      // RFC 9112, section 2.2: a recipient may take LF alone for a line's end.
      ['LF ends its lines', `${OK}\nContent-Length: 5\n\nhello`, { irregular: ['bare_lf'] }],
      [
        'LF ends the lines of its chunks',
        `${OK}\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n`,
        { irregular: ['bare_lf'] },
      ],
      // Section 5.2: a user agent takes a folded line for more of the value.
      [
        'a header is folded',
        `${OK}\r\nServer: a\r\n  b\r\n\tc\r\nContent-Length: 5\r\n\r\nhello`,
        { server: 'a b c', irregular: ['folded_header'] },
      ],
      [
        'its first header is folded',
        `${OK}\r\n  Server: a\r\nContent-Length: 5\r\n\r\nhello`,
        { server: null, irregular: ['leading_whitespace'] },
      ],
      // Section 5.1; curl and browsers take no notice of it.
      [
        'a header name has a space before its colon',
        `${OK}\r\nServer : a\r\nContent-Length: 5\r\n\r\nhello`,
        { server: 'a', irregular: ['bad_header_name'] },
      ],
      [
        'a header name has a space in it',
        `${OK}\r\nX Y: a\r\nContent-Length: 5\r\n\r\nhello`,
        { irregular: ['bad_header_name'] },
      ],
      [
        'a header has no colon',
        `${OK}\r\nnonsense\r\nContent-Length: 5\r\n\r\nhello`,
        { irregular: ['header_without_colon'] },
      ],
      // RFC 9110, section 5.5: each is replaced by a space.
      [
        'a header has control characters',
        `${OK}\r\nServer: a\0b\rc\r\nContent-Length: 5\r\n\r\nhello`,
        { server: 'a b c', irregular: ['control_character'] },
      ],
      // RFC 9112, section 6.3: Transfer-Encoding overrides.
      [
        'it has a length and chunks',
        `${OK}\r\nContent-Length: 900\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
        { content_length: 900, irregular: ['content_length_and_transfer_encoding'] },
      ],
      // RFC 9110, section 8.6: equal ones are one.
      [
        'it has its length twice',
        `${OK}\r\nContent-Length: 5, 5\r\nContent-Length: 5\r\n\r\nhello`,
        { content_length: 5, irregular: ['repeated_content_length'] },
      ],
      [
        'it begins with empty lines',
        `\r\n\n${OK}\r\nContent-Length: 5\r\n\r\nhello`,
        { irregular: ['bare_lf'] },
      ],
      ['its reason phrase is missing', 'HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello', { irregular: [] }],
      [
        'its last coding is not chunked: the connection ends it',
        `${OK}\r\nTransfer-Encoding: gzip\r\n\r\nhello`,
        { irregular: [] },
      ],
      ['bytes follow its body', `${OK}\r\nContent-Length: 5\r\n\r\nhello and more`, { irregular: [] }],
      [
        'bytes follow its chunks',
        `${OK}\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: x\r\n\r\nmore`,
        { irregular: [] },
      ],
    ])('is read: %s', async (_what, bytes, more) => {
      const { url } = await answering((socket) => socket.end(bytes, 'latin1'));
      const end = /\r?\n\r?\n/.exec(bytes.replace(/^[\r\n]+/, (lines) => 'x'.repeat(lines.length)));
      const header_bytes = (end?.index ?? 0) + (end?.[0].length ?? 0);
      expect(await ask(url)).toMatchObject({ status: 200, header_bytes, ...whole, ...more });
    });

    test.each([
      ['no content', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello', 204],
      ['not modified', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\nhello', 304],
    ])(
      'has no body, whatever its header says: %s (RFC 9112, section 6.3, 1)',
      async (_what, bytes, status) => {
        const { url } = await answering((socket) => socket.write(bytes));
        expect(await ask(url)).toMatchObject({ status, body_bytes: 0, truncated: false, error: null });
      },
    );

    const none = { body_bytes: null, truncated: null };
    test.each<[string, string, object]>([
      [
        'lengths differ',
        `${OK}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
        { content_length: null, error: 'HPE_UNEXPECTED_CONTENT_LENGTH', ...none },
      ],
      [
        'its length is none',
        `${OK}\r\nContent-Length: five\r\n\r\nhello`,
        { content_length: null, error: 'HPE_INVALID_CONTENT_LENGTH', ...none },
      ],
      [
        'its chunk has no size',
        `${OK}\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n`,
        { body_bytes: 0, truncated: false, error: 'HPE_INVALID_CHUNK_SIZE' },
      ],
      [
        'its chunk is longer than it says',
        `${OK}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n`,
        { body_bytes: 3, truncated: false, error: 'HPE_INVALID_CHUNK_SIZE' },
      ],
      [
        'extensions of chunks are large',
        `${OK}\r\nTransfer-Encoding: chunked\r\n\r\n${`1;${'x'.repeat(9_000)}\r\na\r\n`.repeat(2)}`,
        { body_bytes: 1, error: 'HPE_CHUNK_EXTENSIONS_OVERFLOW' },
      ],
      [
        'it is closed in its header',
        `${OK}\r\nServer: s\r\nX: `,
        { server: null, header_bytes: null, error: 'ECONNRESET', ...none },
      ],
      [
        'it is closed behind a whole header line',
        `${OK}\r\nServer: s\r\nX: y\r\nZ`,
        { server: 's', header_bytes: null, error: 'ECONNRESET', ...none },
      ],
    ])('says its status all the same: %s', async (_what, bytes, more) => {
      const { url } = await answering((socket) => socket.end(bytes));
      expect(await ask(url)).toMatchObject({ status: 200, http_version: '1.1', ...more });
    });

    // RFC 9110, section 15: three digits; those beyond 599 are invalid, and still what the server said.
    test.each([0, 42, 99, 600, 999])('has the status %d', async (status) => {
      const { url } = await answering((socket) =>
        socket.end(`HTTP/1.1 ${String(status).padStart(3, '0')} Odd\r\nContent-Length: 0\r\n\r\n`),
      );
      expect(await ask(url)).toMatchObject({ status, error: null });
    });

    test.each([
      ['HTTP/1.1 99 Odd\r\n\r\n', '1.1', 'HPE_INVALID_STATUS'],
      ['HTTP/1.1 2000 Odd\r\n\r\n', '1.1', 'HPE_INVALID_STATUS'],
      ['HTTP/1.1 -01 Odd\r\n\r\n', '1.1', 'HPE_INVALID_STATUS'],
      ['HTTP/1.1 OK\r\n\r\n', '1.1', 'HPE_INVALID_STATUS'],
      ['HTTP/2 200\r\n\r\n', null, 'HPE_INVALID_VERSION'],
      ['ICY 200 OK\r\n\r\n', null, 'HPE_INVALID_CONSTANT'],
      ['<html>no line ends here', null, 'HPE_INVALID_CONSTANT'],
    ])('has no status: %j', async (bytes, http_version, error) => {
      const { url } = await answering((socket) => socket.write(bytes));
      expect(await ask(url)).toMatchObject({
        status: null,
        http_version,
        header_bytes: null,
        truncated: null,
        error,
      });
    });

    test('UTF-8 in Location survives, and so do other bytes', async () => {
      const { url } = await answering((socket) => {
        const text = 'HTTP/1.1 302 Found\r\nLocation: /caf\u00e9/\u{1f4e1}\r\nServer: ';
        socket.end(Buffer.concat([Buffer.from(text), Buffer.from([0xe9, 0xff]), Buffer.from('\r\n\r\n')]));
      });
      expect(await ask(url)).toMatchObject({
        location: '/caf\u00e9/\u{1f4e1}',
        server: '\u00e9\u00ff',
        error: null,
      });
    });
  });

  describe('a server that misbehaves is a finding:', () => {
    test('nobody there', async () => {
      const gone = await Site.raw(() => undefined);
      const { url } = gone;
      await gone.close();
      expect(await ask(url)).toMatchObject({
        status: null,
        body_bytes: null,
        timings: { connect_ms: null, first_byte_ms: null },
        error: 'ECONNREFUSED',
      });
    });

    test('it takes the connection and never answers', async () => {
      const silent = await site(Site.raw((socket) => socket.resume()));
      const { url } = silent;
      expect(await ask(url, { timeout_s: 1 })).toMatchObject({
        status: null,
        timings: { connect_ms: expect.any(Number), first_byte_ms: null },
        error: 'timeout',
      });
      await silent.left();
    });

    test('it answers without end, slowly', async () => {
      const slow = await answering((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const timer = setInterval(() => socket.write('x'), 20);
        socket.on('close', () => {
          clearInterval(timer);
        });
      });
      const entry = await ask(slow.url, { timeout_s: 1 });
      expect(entry).toMatchObject({ status: 200, truncated: false, error: 'timeout' });
      expect(entry.body_bytes).toBeGreaterThan(0);
      await slow.left();
    });

    test.each([
      ['one header without end', 200, 'X: ', 'x'],
      ['headers without end', 200, '', 'A: b\r\n'],
      ['a status line without end', null, null, 'O'],
    ])('%s', async (_what, status, start, again) => {
      const bomb = await answering((socket) => {
        socket.write(start === null ? 'HTTP/1.1 200 ' : `HTTP/1.1 200 OK\r\n${start}`);
        writeForEver(socket, again.repeat(16_384));
      });
      expect(await ask(bomb.url)).toMatchObject({
        status,
        header_bytes: null,
        body_bytes: null,
        truncated: null,
        error: 'HPE_HEADER_OVERFLOW',
      });
      await bomb.left();
    });

    test('trailers without end', async () => {
      const bomb = await answering((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n');
        writeForEver(socket, 'A: b\r\n'.repeat(16_384));
      });
      expect(await ask(bomb.url)).toMatchObject({ status: 200, error: 'HPE_HEADER_OVERFLOW' });
      await bomb.left();
    });

    test('interim answers without end', async () => {
      const busy = await answering((socket) => {
        writeForEver(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n');
      });
      expect(await ask(busy.url)).toMatchObject({ status: null, error: 'too many interim answers' });
      await busy.left();
    });

    test('an interim answer before the one that counts', async () => {
      const { url } = await answering((socket) =>
        socket.end('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n'),
      );
      expect(await ask(url)).toMatchObject({ status: 204, body_bytes: 0, error: null });
    });

    test('another protocol after all', async () => {
      const { url } = await answering((socket) =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nmore'),
      );
      expect(await ask(url)).toMatchObject({ status: 101, body_bytes: 0, error: null });
    });

    test('no HTTP at all', async () => {
      const { url } = await site(Site.raw((socket) => socket.write('SSH-2.0-OpenSSH_9.2p1\r\n')));
      const entry = await ask(url);
      expect(entry).toMatchObject({ status: null, error: expect.stringMatching(/^HPE_/) });
      expect(entry.timings.first_byte_ms).not.toBeNull();
    });

    test.each([
      ['resets', (socket: Socket) => socket.resetAndDestroy()],
      ['closes', (socket: Socket) => socket.end()],
    ])('it %s in the middle of a body', async (_what, leave) => {
      const { url } = await answering((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0123456789', () => {
          // Once it is there.
          setImmediate(() => leave(socket));
        });
      });
      const entry = await ask(url);
      expect(entry).toMatchObject({ content_length: 1_000, truncated: false, error: 'ECONNRESET' });
      expect([0, 10]).toContain(entry.body_bytes);
    });

    test('it closes instead of an answer', async () => {
      const { url } = await answering((socket) => socket.end());
      expect(await ask(url)).toMatchObject({ status: null, error: 'ECONNRESET' });
    });

    test('one of many: the others are measured', async () => {
      const { url } = await site(Site.http((_request, response) => response.end()));
      const bad = await answering((socket) => socket.destroy());
      const entries = await measure({ urls: [bad.url, url, bad.url, url, url, bad.url] });
      expect(entries.map(({ url: asked, status }) => [asked, status])).toEqual(
        [bad.url, url, bad.url, url, url, bad.url].map((each) => [each, each === url ? 200 : null]),
      );
    });
  });

  describe('over TLS', () => {
    let authority: Authority;
    let options: { key: string; cert: string };
    beforeAll(async () => {
      authority = await Authority.make();
      options = await authority.issue(['DNS:site.example', 'IP:127.0.0.1']);
    });
    afterAll(() => authority.remove());
    const resolve = (): Promise<string[]> => Promise.resolve(['127.0.0.1']);

    test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', async (version) => {
      const { port } = await site(
        Site.https({ ...options, minVersion: version, maxVersion: version }, (_request, response) =>
          response.end('x'),
        ),
      );
      const url = `https://site.example:${port}/`;
      const entry = await ask(url, {}, { resolve });
      expect(entry).toMatchObject({
        url,
        address: '127.0.0.1',
        status: 200,
        body_bytes: 1,
        tls: {
          version,
          cipher: expect.stringMatching(/^TLS_/),
          alpn: 'http/1.1',
          authorized: false,
          authorization_error: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
          client_certificate_requested: false,
          certificate: {
            alt_names: 'DNS:site.example, IP Address:127.0.0.1',
            not_after: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
            serial: expect.stringMatching(/^[0-9a-f]+$/),
            fingerprint_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
            key_type: expect.stringMatching(/^(RSA|EC)$/),
            key_bits: expect.any(Number),
          },
        },
        error: null,
      });
      const { resolve_ms, connect_ms, tls_ms, first_byte_ms, total_ms } = entry.timings;
      expect(tls_ms).toBeGreaterThan(0);
      expect(resolve_ms! + connect_ms! + tls_ms! + first_byte_ms!).toBeLessThanOrEqual(total_ms + 0.003);
    });

    test('an expired certificate is told, and the request done', async () => {
      const expired = await authority.issue(['IP:127.0.0.1'], -1);
      const chain = `${expired.cert}${await authority.certificate()}`;
      const { port } = await site(
        Site.https({ key: expired.key, cert: chain }, (_request, response) => response.end()),
      );
      const entry = await ask(`https://127.0.0.1:${port}/`);
      expect(entry.status).toBe(200);
      // OpenSSL names one of the two things that are wrong: the date, or an authority that it does not know.
      expect(['CERT_HAS_EXPIRED', 'SELF_SIGNED_CERT_IN_CHAIN']).toContain(entry.tls?.authorization_error);
    });

    test('the name is sent, an address and a trailing dot are not', async () => {
      const names: unknown[] = [];
      const { port } = await site(
        Site.https(
          {
            ...options,
            SNICallback: (name, done) => {
              names.push(name);
              done(null);
            },
          },
          (_request, response) => response.end(),
        ),
      );
      const urls = [`https://site.example.:${port}/`, `https://127.0.0.1:${port}/`];
      const entries = await measure({ urls }, { resolve });
      expect(entries.map(({ status }) => status)).toEqual([200, 200]);
      expect(names).toEqual(['site.example']);
    });

    test.each([
      ['TLSv1.3', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', { authorized: false }],
      ['TLSv1.2', 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', { authorized: null }],
    ] as const)('%s: a server that wants a certificate of the client', async (version, error, facts) => {
      const wants = { requestCert: true, rejectUnauthorized: true, minVersion: version, maxVersion: version };
      const { port } = await site(
        Site.https({ ...options, ...wants }, (_request, response) => response.end()),
      );
      const entry = await ask(`https://127.0.0.1:${port}/`);
      expect(entry).toMatchObject({
        status: null,
        tls: {
          version,
          cipher: expect.stringMatching(/^TLS_/),
          client_certificate_requested: true,
          ...facts,
        },
        error,
      });
      expect(entry.timings.tls_ms === null).toBe(version === 'TLSv1.2');
    });

    test('a server that never shakes hands', async () => {
      const { port } = await site(Site.raw((socket) => socket.resume()));
      expect(await ask(`https://127.0.0.1:${port}/`, { timeout_s: 1 })).toMatchObject({
        status: null,
        timings: { connect_ms: expect.any(Number), tls_ms: null, first_byte_ms: null },
        tls: null,
        error: 'timeout',
      });
    });

    test('a server that does not speak it', async () => {
      const { port } = await site(Site.http((_request, response) => response.end()));
      expect(await ask(`https://127.0.0.1:${port}/`)).toMatchObject({
        tls: null,
        error: 'ERR_SSL_WRONG_VERSION_NUMBER',
      });
    });
  });

  describe('the host’s policy', () => {
    const hosts: [string, string[]][] = [
      ['127.0.0.1', []],
      ['10.0.0.1', []],
      ['169.254.169.254', []],
      ['[::1]', []],
      ['[::ffff:169.254.169.254]', []],
      ['[::ffff:7f00:1]', []],
      ['[64:ff9b::a00:1]', []],
      ['localhost', ['127.0.0.1', '::1']],
      ['loopback.example', ['127.0.0.1']],
      ['private.example.', ['10.0.0.1']],
      ['mapped.example', ['::ffff:169.254.169.254']],
    ];
    const addressesOf = new Map(hosts.map(([host, addresses]) => [host, addresses]));
    const resolve = (name: string): Promise<string[]> => Promise.resolve(addressesOf.get(name) ?? []);

    test.each(hosts)('refuses %s before any connection, and the whole run with it', async (host) => {
      // On every address of this host: the allowed one and the loopback's others.
      const neighbour = await site(Site.raw((socket) => socket.end(), '0.0.0.0'));
      const allowed = `http://allowed.example:${neighbour.port}/`;
      const context = {
        allow: ['127.9.9.9/32'],
        resolve: (name: string) =>
          name === 'allowed.example' ? Promise.resolve(['127.9.9.9']) : resolve(name),
      };
      for (const scheme of ['http', 'https']) {
        const urls = [allowed, `${scheme}://${host}:${neighbour.port}/`];
        await expect(measure({ urls }, context)).rejects.toMatchObject({ reason: 'refused' });
      }
      expect(neighbour.connections).toBe(0);
    });

    test.each([
      'http://0x7f.1/',
      'http://2130706433/',
      'http://127.1/',
      'http://１２７.0.0.1/',
      'http://a@127.0.0.1/',
    ])('does not read %s', (url) => {
      expect(httpParams.schema.safeParse({ urls: [url] }).success).toBe(false);
    });

    test('is asked for the address that was found, and the name is not looked up again', async () => {
      const elsewhere = await site(Site.raw((socket) => socket.end(), '127.0.0.2'));
      const { port } = await site(Site.http((_request, response) => response.end('here')));
      const answers = [['127.0.0.1'], ['127.0.0.2']];
      const rebinding = (): Promise<string[]> => Promise.resolve(answers.shift() ?? ['127.0.0.2']);
      const urls = [`http://rebinding.example:${port}/`];
      const [entry] = await measure({ urls }, { allow: ['127.0.0.1/32'], resolve: rebinding });
      expect(entry).toMatchObject({ address: '127.0.0.1', body_bytes: 4, error: null });
      expect(answers).toEqual([['127.0.0.2']]);
      expect(elsewhere.connections).toBe(0);
    });

    test('is asked again for the other end of the connection, before a byte is sent', async () => {
      const received: Buffer[] = [];
      const { url } = await site(Site.raw((socket) => socket.on('data', (data) => received.push(data))));
      const { targets } = runContext();
      const rules = [null, null, 'denied meanwhile'];
      const asked: string[] = [];
      targets.checked = (address) => {
        asked.push(address);
        const rule = rules.shift() ?? null;
        if (rule !== null) throw Object.assign(new Error(rule), { reason: 'refused' });
        return address;
      };
      const params = httpParams.schema.parse({ urls: [url] });
      const content = await http.measure(params, { ...runContext(), targets });
      expect(asked).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1']);
      expect(content.toString()).toContain('denied meanwhile');
      expect(received).toEqual([]);
    });

    test('a name without an address, or without one of the family', async () => {
      const only4 = { resolve: () => Promise.resolve(['127.0.0.1']) };
      await expect(
        ask('http://a.example/', {}, { resolve: () => Promise.resolve([]) }),
      ).rejects.toMatchObject({
        reason: 'unresolved',
      });
      await expect(ask('http://a.example/', { ipv6: '' }, only4)).rejects.toMatchObject({
        reason: 'unresolved',
        message: 'a.example has no IPv6 address',
      });
      await expect(ask('http://127.0.0.1/', { ipv6: '' })).rejects.toMatchObject({ reason: 'bad_params' });
      await expect(ask('http://[::1]/', { ipv4: '' })).rejects.toMatchObject({ reason: 'bad_params' });
    });
  });

  test('takes no notice of proxies in the environment', async () => {
    const proxy = await site(Site.http((_request, response) => response.end('proxy')));
    const { url } = await site(Site.http((_request, response) => response.end('origin')));
    const before = { ...process.env };
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy']) process.env[name] = proxy.url;
    process.env['NODE_USE_ENV_PROXY'] = '1';
    try {
      expect(await ask(url)).toMatchObject({ body_bytes: 'origin'.length });
    } finally {
      process.env = before;
    }
    expect(proxy.connections).toBe(0);
  });

  test('waits for its turn, and counts what goes over the wire', async () => {
    const { url } = await site(Site.http((_request, response) => response.end(Buffer.alloc(500_000))));
    const turns: unknown[] = [];
    let wire = 0;
    const context = runContext({
      packets: {
        turn: (count) => {
          turns.push(count);
          return Promise.resolve();
        },
        lease: () => Promise.reject(new Error('no program sends')),
      },
      onWire: (bytes) => {
        wire += bytes;
      },
    });
    const params = httpParams.schema.parse({ urls: [url, url], max_body_bytes: 500_000 });
    await http.measure(params, context);
    expect(turns).toEqual([5, 5]);
    expect(wire).toBeGreaterThan(1_000_000);
    expect(wire).toBeLessThanOrEqual(http.trafficBytes(params));
  });

  test('ends with its run', async () => {
    const silent = await site(Site.raw((socket) => socket.resume()));
    const over = new AbortController();
    const measuring = measure(
      { urls: Array.from({ length: 20 }, () => silent.url), timeout_s: 60 },
      { signal: over.signal },
    );
    setImmediate(() => {
      over.abort(new Error('the run is over'));
    });
    await expect(measuring).rejects.toThrow('the run is over');
    await silent.left();
  });
});

describe('http, its parameters', () => {
  test.each([
    {},
    { urls: [] },
    { urls: 'http://example.org/' },
    { urls: ['file:///etc/passwd'] },
    { urls: ['http://example.org/#x'] },
    { urls: ['http://example.org/\r\nX: y'] },
    { urls: Array.from({ length: 101 }, () => 'http://example.org/') },
    { urls: ['http://example.org/'], method: 'POST' },
    { urls: ['http://example.org/'], timeout_s: 61 },
    { urls: ['http://example.org/'], max_body_bytes: 10 * MIB + 1 },
  ])('%j is refused', (params) => {
    expect(httpParams.schema.safeParse(params).success).toBe(false);
  });

  test('a run may take as long as its requests', () => {
    const urls = (count: number) => Array.from({ length: count }, () => 'http://example.org/');
    const limit = (count: number, timeout_s?: number) =>
      http.timeLimitMs(httpParams.schema.parse({ urls: urls(count), timeout_s }));
    expect(limit(1, 60)).toBeGreaterThan(60_000);
    expect(limit(100, 60)).toBeGreaterThan(25 * 60_000);
    expect(limit(1)).toBeLessThan(limit(100));
  });
});
