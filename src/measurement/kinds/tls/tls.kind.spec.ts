import { wholeText } from '../../formats/pieces.js';
import { describe, expect, it } from '@jest/globals';
import { InvalidParamsError } from '../../params/invalid-params.error.js';
import { tlsFormat } from './tls.format.js';
import { tls } from './tls.kind.js';

function fields(params: object): string[] {
  try {
    tls.check(params, 'refuse');
    return [];
  } catch (error) {
    if (error instanceof InvalidParamsError) return error.violations.map(({ field }) => field);
    throw error;
  }
}

describe('tls, its parameters', () => {
  it('have a destination for each address and name', () => {
    const destinations = { ips: ['192.0.2.1', '2001:db8::1'], fqdns: ['example.org'] };
    const more = { port: 853, server_name: 'a.example', alpn: ['dot'], ipv4: '', ipv6: '', timeout_s: 1 };
    const checked = tls.check({ ...destinations, ...more }, 'refuse');
    expect(checked.destinations).toEqual(['192.0.2.1', '2001:db8::1', 'example.org']);
    expect(checked.wire).toEqual({ ...destinations, ...more });
  });

  it('have 1 to 100 destinations in all', () => {
    const list = (length: number) => Array.from({ length }, () => '192.0.2.1');
    expect(fields({ ips: list(100) })).toEqual([]);
    expect(fields({ ips: list(101) })).toEqual(['params.ips']);
    expect(fields({ ips: list(99), fqdns: ['a.example', 'b.example'] })).toEqual(['params']);
    expect(fields({})).toEqual(['params']);
  });

  it.each([
    { port: 0 },
    { server_name: '192.0.2.1' },
    { server_name: 'a b' },
    { server_name: '_a.example' },
    { alpn: 'h2' },
    { alpn: [''] },
    { alpn: ['h2\n'] },
    { alpn: ['x'.repeat(33)] },
    { alpn: Array.from({ length: 9 }, () => 'h2') },
    { timeout_s: 61 },
    { ipv6: 1 },
    { urls: [] },
  ])('have no %j', (wrong) => {
    expect(fields({ fqdns: ['example.org'], ...wrong })).toEqual([`params.${Object.keys(wrong).join()}`]);
  });
});

const entry = {
  destination: 'example.org',
  server_name: null,
  address: '192.0.2.1',
  port: 443,
  started_at: '2026-01-01T00:00:00.000Z',
  timings: { resolve_ms: 1, connect_ms: 2, handshake_ms: 3, total_ms: 6 },
  version: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  alpn: 'h2',
  authorized: false,
  authorization_error: 'CERT_HAS_EXPIRED',
  chain: ['-----BEGIN CERTIFICATE-----\n'],
  chain_truncated: false,
  subject: 'CN=example.org',
  issuer: 'CN=An authority',
  not_before: '2025-01-01T00:00:00.000Z',
  not_after: '2025-12-31T00:00:00.000Z',
  fingerprint_sha256: 'ab'.repeat(32),
  error: null,
};
const documentOf = (...handshakes: object[]) => Buffer.from(JSON.stringify({ version: 1, handshakes }));

describe('tls, its format', () => {
  it('says of each handshake what came of it, less the certificates', async () => {
    const { summary, error } = await tlsFormat.digest(documentOf(entry));
    expect(error).toBeUndefined();
    expect(summary).toEqual([
      expect.objectContaining({
        type: 'tls',
        destination: 'example.org',
        authorized: false,
        authorization_error: 'CERT_HAS_EXPIRED',
        not_after: '2025-12-31T00:00:00.000Z',
        chain_length: 1,
        handshake_ms: 3,
      }),
    ]);
    expect(summary[0]).not.toHaveProperty('chain');
    expect(tlsFormat.amend?.(summary[0]!)).toEqual(summary[0]);
    expect(JSON.parse(await wholeText(tlsFormat.present(documentOf(entry), 'json')))).toEqual([entry]);
  });

  it('has no figure of a phase that was not reached', async () => {
    const none = { version: null, cipher: null, alpn: null, subject: null, issuer: null, not_after: null };
    const timings = { ...entry.timings, handshake_ms: null };
    const failed = { ...entry, ...none, timings, authorized: false, authorization_error: 'x', chain: [] };
    const { summary } = await tlsFormat.digest(documentOf({ ...failed, error: 'timeout' }));
    const without = {
      authorized: null,
      authorization_error: null,
      chain_length: null,
      handshake_ms: null,
      total_ms: null,
      connect_ms: 2,
      error: 'timeout',
    };
    expect(summary).toEqual([expect.objectContaining(without)]);
    const stored = {
      ...summary[0],
      authorized: false,
      authorization_error: 'x',
      chain_length: 0,
      total_ms: 9,
    };
    expect(tlsFormat.amend?.(stored)).toEqual(summary[0]);
    const cut = await tlsFormat.digest(documentOf({ ...entry, chain_truncated: true }));
    expect(cut.summary).toEqual([expect.objectContaining({ chain_length: null })]);
  });

  it.each([
    ['chain without end', documentOf({ ...entry, chain: Array.from({ length: 11 }, () => 'x') })],
    ['certificate without end', documentOf({ ...entry, chain: ['x'.repeat(65_537)] })],
    ['name that is none', documentOf({ ...entry, subject: { CN: 'x' } })],
    ['port that is none', documentOf({ ...entry, port: 0 })],
  ])('has no %s', async (_what, raw) => {
    const { summary, error } = await tlsFormat.digest(raw);
    const unreadable = { type: 'tls', error: expect.stringMatching(/^cannot be read: /) };
    expect([summary, error]).toEqual([summary.map(() => unreadable), expect.stringMatching(/^tls: /)]);
  });
});
