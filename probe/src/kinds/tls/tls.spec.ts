import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { rootCertificates, type TlsOptions } from 'node:tls';
import { Authority, type KeyPair } from '../../../test/support/certificates.js';
import { runContext } from '../../../test/support/run.context.js';
import { Site } from '../../../test/support/site.js';
import { PROTOCOL } from '../../protocol/protocol.js';
import { certificatesOf } from './certificate.js';
import { tls } from './index.js';
import { MAX_HANDSHAKES } from '@pladmed/protocol';
import { tlsParams } from '@pladmed/protocol';

type Entry = Record<string, unknown> & { chain: string[]; timings: Record<string, number | null> };

async function measure(params: object, context: Parameters<typeof runContext>[0] = {}): Promise<Entry[]> {
  const content = await tls.measure(tlsParams.schema.parse(params), runContext(context));
  return (JSON.parse(content.toString()) as { handshakes: Entry[] }).handshakes;
}

const sha256 = (pem: string) => new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();

const resolve = (): Promise<string[]> => Promise.resolve(['127.0.0.1']);

describe('tls', () => {
  let authority: Authority;
  let options: KeyPair;
  const sites: Site[] = [];
  beforeAll(async () => {
    authority = await Authority.make();
    options = await authority.issue(['DNS:site.example', 'IP:127.0.0.1']);
  });
  afterEach(async () => {
    await Promise.all(sites.splice(0).map((each) => each.close()));
  });
  afterAll(() => authority.remove());

  async function site(more: TlsOptions = {}): Promise<Site> {
    const made = await Site.tls({ ...options, ...more });
    sites.push(made);
    return made;
  }

  test('brings the chain, and says what it is', async () => {
    const root = await authority.certificate();
    const { port } = await site({ cert: `${options.cert}${root}`, ALPNProtocols: ['h2', 'http/1.1'] });
    const [entry, byName] = await measure(
      { ips: ['127.0.0.1'], fqdns: ['site.example'], port, alpn: ['h2'] },
      { resolve },
    );
    const leaf = new X509Certificate(options.cert);
    expect(entry).toEqual({
      destination: '127.0.0.1',
      server_name: null,
      address: '127.0.0.1',
      port,
      started_at: expect.stringMatching(/Z$/),
      timings: {
        resolve_ms: null,
        connect_ms: expect.any(Number),
        handshake_ms: expect.any(Number),
        total_ms: expect.any(Number),
      },
      version: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      alpn: 'h2',
      authorized: false,
      authorization_error: 'SELF_SIGNED_CERT_IN_CHAIN',
      chain: [options.cert, root],
      chain_truncated: false,
      sent: [
        { fingerprint_sha256: sha256(options.cert), subject: 'CN=A site', in_chain: 0 },
        { fingerprint_sha256: sha256(root), subject: 'O=Pladmed, CN=An authority', in_chain: 1 },
      ],
      sent_count: 2,
      sent_in_order: true,
      client_certificate_requested: false,
      subject: 'CN=A site',
      issuer: 'O=Pladmed, CN=An authority',
      not_before: new Date(leaf.validFrom).toISOString(),
      not_after: new Date(leaf.validTo).toISOString(),
      fingerprint_sha256: sha256(options.cert),
      error: null,
    });
    const { resolve_ms, connect_ms, handshake_ms, total_ms } = byName!.timings;
    expect(byName).toMatchObject({ destination: 'site.example', address: '127.0.0.1' });
    expect(resolve_ms! + connect_ms! + handshake_ms!).toBeLessThanOrEqual(total_ms! + 0.003);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', async (version) => {
    const { port } = await site({ minVersion: version, maxVersion: version });
    const [entry] = await measure({ ips: ['127.0.0.1'], port });
    expect(entry).toMatchObject({ version, alpn: null, chain: [options.cert], error: null });
  });

  test('an expired certificate is a finding', async () => {
    const expired = await authority.issue(['IP:127.0.0.1'], -1);
    const { port } = await site(expired);
    const [entry] = await measure({ ips: ['127.0.0.1'], port });
    expect(entry).toMatchObject({ authorized: false, chain: [expired.cert], error: null });
    expect(Date.parse(String(entry!['not_after']))).toBeLessThan(Date.now());
  });

  test('the server is told the name that was asked for', async () => {
    const names: string[] = [];
    const { port } = await site({
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    const params = { ips: ['127.0.0.1'], fqdns: ['site.example'], port };
    await measure(params, { resolve });
    expect(names).toEqual(['site.example']);
    const entries = await measure({ ...params, server_name: 'other.example' }, { resolve });
    expect(entries.map(({ server_name }) => server_name)).toEqual(['other.example', 'other.example']);
    expect(names.slice(1)).toEqual(['other.example', 'other.example']);
  });

  test('a chain that is too long is cut off, and as many as may be asked for fit into a message', async () => {
    const names = Array.from(
      { length: 1_500 },
      (_, index) => `DNS:${index}.a-long-name-in-a-certificate.example`,
    );
    const large = await authority.issue(names);
    const root = await authority.certificate();
    expect(large.cert.length).toBeGreaterThan(32 * 1024);
    const { port } = await site({ ...large, cert: `${large.cert}${root}` });
    const [entry] = await measure({ ips: ['127.0.0.1'], port });
    expect(entry).toMatchObject({ chain: [], chain_truncated: true, subject: 'CN=A site', error: null });
    expect(MAX_HANDSHAKES * (32 * 1024 + 4_096)).toBeLessThan(PROTOCOL.maxBatchBytes);
  });

  test('no TLS, no answer, nobody, no common version: findings', async () => {
    const plain = await Site.http((_request, response) => response.end());
    const silent = await Site.raw((socket) => socket.resume());
    const closing = await Site.raw((socket) => socket.end());
    const gone = await Site.raw(() => undefined);
    const { port: freed } = gone;
    await gone.close();
    sites.push(plain, silent, closing);
    const errorAt = async (port: number, timeout_s = 60): Promise<unknown> => {
      const [entry] = await measure({ ips: ['127.0.0.1'], port, timeout_s });
      expect(entry).toMatchObject({
        version: null,
        authorized: null,
        chain: [],
        chain_truncated: null,
        sent: [],
        sent_count: null,
        client_certificate_requested: null,
        subject: null,
      });
      return entry!['error'];
    };
    expect(await errorAt(plain.port)).toBe('ERR_SSL_WRONG_VERSION_NUMBER');
    expect(await errorAt(silent.port, 1)).toBe('timeout');
    expect(await errorAt(closing.port)).toBe('ECONNRESET');
    expect(await errorAt(freed)).toBe('ECONNREFUSED');
    await silent.left();
    const { port } = await site({ ALPNProtocols: ['h2'] });
    const [entry] = await measure({ ips: ['127.0.0.1'], port, alpn: ['dot'] });
    expect(entry).toMatchObject({ error: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' });
  });

  describe('a server that wants a certificate of the client', () => {
    // RFC 8446, section 4.4.2.4: a server that does not get the one it wants may end the handshake with certificate_required. With
    // TLS 1.3 the client is done before it hears of that (appendix E.1); with 1.2 (RFC 5246, section 7.4.6) it is handshake_failure.
    test.each([
      [
        'TLSv1.3',
        'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
        { authorized: false, cipher: 'TLS_AES_256_GCM_SHA384' },
      ],
      [
        'TLSv1.2',
        'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
        { authorized: null, authorization_error: null, cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256' },
      ],
    ] as const)('%s: refuses, and what it had shown is kept', async (version, error, facts) => {
      const root = await authority.certificate();
      const wants = { requestCert: true, rejectUnauthorized: true, ca: root };
      const cert = `${options.cert}${root}`;
      const { port } = await site({
        ...wants,
        cert,
        minVersion: version,
        maxVersion: version,
        ALPNProtocols: ['h2'],
      });
      const [entry] = await measure({ ips: ['127.0.0.1'], port, alpn: ['h2'], timeout_s: 60 });
      expect(entry).toMatchObject({
        version,
        ...facts,
        alpn: 'h2',
        client_certificate_requested: true,
        chain: [options.cert, root],
        chain_truncated: false,
        sent_count: 2,
        subject: 'CN=A site',
        fingerprint_sha256: sha256(options.cert),
        error,
      });
      expect(entry!.timings['handshake_ms'] === null).toBe(version === 'TLSv1.2');
    });

    test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s: takes none as well', async (version) => {
      const { port } = await site({
        requestCert: true,
        rejectUnauthorized: false,
        minVersion: version,
        maxVersion: version,
      });
      const [entry] = await measure({ ips: ['127.0.0.1'], port, timeout_s: 60 });
      expect(entry).toMatchObject({ version, client_certificate_requested: true, error: null });
    });
  });

  // Each key schedule and each cipher of TLS 1.3 by itself: what is sealed is read.
  test.each(['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'])(
    '%s: the chain is read out of the handshake',
    async (cipher) => {
      const { port } = await site({ ciphers: cipher });
      const [entry] = await measure({ ips: ['127.0.0.1'], port, timeout_s: 60 });
      expect(entry).toMatchObject({
        cipher,
        chain: [options.cert],
        sent_count: 1,
        client_certificate_requested: false,
      });
    },
  );

  test('the question for another key share comes before (HelloRetryRequest)', async () => {
    const { port } = await site({ ecdhCurve: 'P-521' });
    const [entry] = await measure({ ips: ['127.0.0.1'], port, timeout_s: 60 });
    expect(entry).toMatchObject({ version: 'TLSv1.3', chain: [options.cert], sent_count: 1, error: null });
  });

  describe('the chain is the same in whatever order it was sent (RFC 8446, section 4.4.2)', () => {
    let upper: Authority;
    let lower: Authority;
    let deep: KeyPair;
    let root: string;
    let inter: [string, string];
    beforeAll(async () => {
      upper = await authority.subordinate();
      lower = await upper.subordinate();
      deep = await lower.issue(['IP:127.0.0.1']);
      root = await authority.certificate();
      inter = [await lower.certificate(), await upper.certificate()];
    });
    afterAll(async () => {
      await upper.remove();
      await lower.remove();
    });

    test.each<[string, (string | number)[], boolean]>([
      ['in order', ['deep', 0, 1, 'root'], true],
      ['backwards behind the first', ['deep', 'root', 1, 0], false],
      ['mixed', ['deep', 1, 'root', 0], false],
      ['with doubles', ['deep', 'deep', 0, 0, 1, 'root', 1], false],
      ['with a stranger', ['deep', 'other', 'root', 1, 0], false],
    ])('%s', async (_what, order, inOrder) => {
      const pemOf = (name: string | number) =>
        typeof name === 'number' ? inter[name]! : { deep: deep.cert, root, other: options.cert }[name]!;
      const sent = order.map(pemOf);
      const chain = [deep.cert, ...inter, root];
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const { port } = await site({
          key: deep.key,
          cert: sent.join(''),
          minVersion: version,
          maxVersion: version,
        });
        const [entry] = await measure({ ips: ['127.0.0.1'], port, timeout_s: 60 });
        expect(entry).toMatchObject({
          version,
          chain,
          chain_truncated: false,
          sent_in_order: inOrder,
          error: null,
        });
        expect(entry!['sent']).toEqual(
          sent.map((pem) => ({
            fingerprint_sha256: sha256(pem),
            subject: expect.any(String),
            in_chain: chain.includes(pem) ? chain.indexOf(pem) : null,
          })),
        );
      }
    });

    test('it goes on in the list that node has', () => {
      const known = [...inter, root].map((pem) => new X509Certificate(pem).raw);
      const { chain, sent_in_order } = certificatesOf([new X509Certificate(deep.cert).raw], known);
      expect([chain, sent_in_order]).toEqual([[deep.cert, ...inter, root], true]);
      const [one = ''] = rootCertificates;
      expect(certificatesOf([new X509Certificate(one).raw]).chain).toHaveLength(1);
    });
  });

  test('what is no certificate is told as that', () => {
    expect(certificatesOf([Buffer.from('x'), new X509Certificate(options.cert).raw])).toMatchObject({
      chain: [],
      chain_truncated: null,
      sent: [{ subject: null, in_chain: null }, { subject: 'CN=A site' }],
      sent_count: 2,
      sent_in_order: false,
      subject: null,
    });
  });

  test('what the host denies is not connected to, and the run fails', async () => {
    const denied = await Site.raw((socket) => socket.end(), '0.0.0.0');
    sites.push(denied);
    const { port } = denied;
    const allow = ['127.9.9.9/32'];
    for (const ip of ['127.0.0.1', '10.0.0.1', '::1', '::ffff:169.254.169.254'])
      await expect(measure({ ips: ['127.9.9.9', ip], port }, { allow })).rejects.toMatchObject({
        reason: 'refused',
      });
    await expect(measure({ fqdns: ['site.example'], port }, { allow, resolve })).rejects.toMatchObject({
      reason: 'refused',
    });
    expect(denied.connections).toBe(0);
  });

  test.each([
    { ips: ['127.1'] },
    { fqdns: ['127.0.0.1'] },
    { fqdns: ['0x7f.1'] },
    { fqdns: ['a'], server_name: '127.0.0.1' },
    { fqdns: ['a'], alpn: ['h 2'] },
    { fqdns: ['a'], port: 0 },
    { fqdns: Array.from({ length: 60 }, () => 'a'), ips: Array.from({ length: 60 }, () => '192.0.2.1') },
  ])('%j is refused', (params) => {
    expect(tlsParams.schema.safeParse(params).success).toBe(false);
  });
});
