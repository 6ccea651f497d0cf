import { describe, expect, it } from '@jest/globals';
import { httpDocument, mtrDocument, writeDocument } from '@pladmed/protocol';
import { readFileSync } from 'node:fs';
import { type ResultFormat } from '../kinds/result-formats.js';
import { type RunResult, shownResult } from './results.js';

const FIXTURES = new URL('../../../warts/test/fixtures/', import.meta.url);
const fixture = (name: string) => readFileSync(new URL(name, FIXTURES));

const shown = async (type: string, format: ResultFormat, raw: Buffer, more: Partial<RunResult> = {}) =>
  shownResult({ outcome: 'stored', type, target: 'target.example', format, raw, ...more });

/** Each line of a text with single blanks. */
const lines = (text: string) => text.split('\n').map((line) => line.replaceAll(/\s+/g, ' ').trim());

describe('a traceroute of scamper', () => {
  // sc_wartsdump 20211212 of both files
  it('has a hop for each TTL, its answers and their text', async () => {
    const result = await shown(
      'traceroute',
      'warts',
      fixture('018-trace-P-icmp-paris-w-1-q-2-10-77-6-2.warts'),
    );
    expect(result).toMatchObject({
      status: 'finished',
      resolvedAddress: '10.77.6.2',
      resolvedHostname: 'target.example',
      hops: [
        { resolvedAddress: '10.77.1.2', resolvedHostname: '10.77.1.2', timings: [{ rtt: 0.01 }] },
        { resolvedAddress: '10.77.3.2', timings: [{ rtt: 0.009 }] },
        { timings: [{ rtt: expect.any(Number) }] },
        { resolvedAddress: '10.77.6.2', timings: [{ rtt: expect.any(Number) }] },
      ],
    });
    const [first, second, ...others] = result.rawOutput.split('\n');
    expect(first).toBe('traceroute to target.example (10.77.6.2), 30 hops max, 44 byte packets');
    expect(second).toBe(' 1  10.77.1.2 (10.77.1.2)  0.010 ms');
    expect(others).toHaveLength(3);
  });

  it.each([
    ['078-trace-P-udp-paris-q-1-w-1-10-77-8-2.warts', 1, 1],
    ['019-trace-P-icmp-paris-Q-q-3-w-1-10-77-6-2.warts', 0, 3],
  ])('%s has nulls and stars where nobody answered, and all answers of a hop', async (name, silent, most) => {
    const result = await shown('traceroute', 'warts', fixture(name));
    const hops = result['hops'] as { resolvedAddress: string | null; timings: object[] }[];
    const text = lines(result.rawOutput).slice(1);
    expect(text).toHaveLength(hops.length);
    const answers = hops.map(({ timings }) => timings.length);
    expect(answers.filter((count) => count === 0)).toHaveLength(silent);
    expect(Math.max(...answers)).toBe(most);
    for (const [index, { resolvedAddress, timings }] of hops.entries()) {
      const stated = resolvedAddress === null ? /^\d+( \*)+$/ : /^\d+ \S+ \(\S+\)( [\d.]+ ms)+$/;
      expect(text[index]).toMatch(stated);
      expect(text[index]?.match(/ ms/g)?.length ?? 0).toBe(timings.length);
      expect(resolvedAddress === null).toBe(timings.length === 0);
    }
  });
});

describe('a ping of scamper over TCP', () => {
  it('has no TTL, and the words of a TCP ping', async () => {
    const raw = fixture('005-ping-P-tcp-syn-d-33500-c-3-i-0-2-10-77-6.warts');
    const result = await shown('ping', 'warts', raw);
    expect(result).toMatchObject({
      resolvedAddress: '10.77.6.2',
      stats: { total: 3, rcv: 3, drop: 0, loss: 0, max: 12.892 },
    });
    expect((result['timings'] as object[])[0]).toEqual({ rtt: 12.892 });
    expect(result.rawOutput).toMatch(
      /^PING target\.example \(10\.77\.6\.2\) on port 33500\.\nReply from target\.example \(10\.77\.6\.2\) on port 33500: tcp_conn=1 time=12\.9 ms\n/,
    );
  });
});

/** A report of the probe over one namespace's wire; the second packet to the destination was lost. */
const REPORT = {
  ...{ destination: 'target.example', address: '45.10.0.1', resolve_ms: 3, source: '45.10.0.2' },
  ...{ sent_at: '2026-11-30T04:00:00.000Z', packets: 3, reached: true, stop_reason: 'COMPLETED' },
  hops: [
    { ttl: 1, sent: 3, replies: [] },
    {
      ttl: 2,
      sent: 3,
      replies: [
        { packet: 1, address: '45.10.0.1', rtt_ms: 1 },
        { packet: 1, address: '45.10.0.1', rtt_ms: 9 },
        { packet: 3, address: '45.10.0.1', rtt_ms: 2.5 },
      ],
    },
  ],
  error: null,
};
const reports = (report: object) => Buffer.from(writeDocument(mtrDocument, [{ ...REPORT, ...report }]));

describe('an mtr of a native probe', () => {
  it('counts each packet once, and has jitter beside the times', async () => {
    const result = await shown('mtr', 'mtr', reports({}));
    expect(result).toMatchObject({ status: 'finished', resolvedAddress: '45.10.0.1' });
    expect(result['hops']).toEqual([
      {
        ...{ asn: [], resolvedAddress: null, resolvedHostname: null, timings: [] },
        stats: {
          ...{ min: null, max: null, avg: null, stDev: null, jMin: null, jMax: null, jAvg: null },
          ...{ total: 3, rcv: 0, drop: 3, loss: 100 },
        },
      },
      {
        ...{ asn: [], resolvedAddress: '45.10.0.1', resolvedHostname: '45.10.0.1' },
        stats: {
          ...{ min: 1, max: 2.5, avg: 1.75, stDev: 0.75, jMin: 1.5, jMax: 1.5, jAvg: 1.5 },
          ...{ total: 3, rcv: 2, drop: 1, loss: 33.333 },
        },
        timings: [{ rtt: 1 }, { rtt: 2.5 }],
      },
    ]);
    expect(lines(result.rawOutput).slice(2)).toEqual([
      '1. (waiting for reply)',
      '2. 45.10.0.1 33.3% 1 2 1.8 0.8 1.5',
    ]);
  });

  it.each([
    ['unresolved', 'resolver'],
    ['no_family', 'internal'],
  ])('to which nothing was sent (%s) has failed', async (error, failureSource) => {
    const raw = reports({ address: null, hops: [], reached: false, stop_reason: null, error });
    expect(await shown('mtr', 'mtr', raw)).toMatchObject({ status: 'failed', failureSource });
  });
});

/** Of a request of the probe's to a server with a certificate of its own. */
const REQUEST = {
  ...{ url: 'https://target.example/', method: 'GET', address: '45.10.0.1', port: 443 },
  ...{ started_at: '2026-11-30T04:00:00.000Z', status: 404, http_version: 'HTTP/1.1' },
  ...{ header_bytes: 120, body_bytes: 5, truncated: false, location: null, irregular: [] },
  ...{ content_type: 'text/plain', content_length: 5, server: null, error: null },
  timings: { resolve_ms: 1.4, connect_ms: 2.2, tls_ms: 10.6, first_byte_ms: 3.3, total_ms: 20.5 },
  tls: {
    ...{ version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', alpn: 'http/1.1', authorized: false },
    ...{ authorization_error: 'self-signed certificate', client_certificate_requested: false },
    certificate: {
      ...{
        subject_cn: 'target.example',
        alt_names: 'DNS:target.example',
        issuer_cn: 'Test CA',
        issuer_o: null,
      },
      ...{ issuer_c: null, not_before: '2026-01-01T00:00:00.000Z', not_after: '2027-01-01T00:00:00.000Z' },
      ...{ serial: '0a1b', fingerprint_sha256: 'abcdef', key_type: 'EC', key_bits: 256 },
    },
  },
};
const requests = (request: object) => Buffer.from(writeDocument(httpDocument, [{ ...REQUEST, ...request }]));

describe('an http request of a native probe', () => {
  it('has whole milliseconds only, and what was kept of the answer', async () => {
    const result = await shown('http', 'http', requests({}));
    expect(result).toMatchObject({
      ...{ status: 'finished', resolvedAddress: '45.10.0.1', statusCode: 404, statusCodeName: 'Not Found' },
      ...{ rawHeaders: 'content-type: text/plain\ncontent-length: 5', rawBody: null, truncated: false },
      headers: { 'content-type': 'text/plain', 'content-length': '5' },
      rawOutput: 'HTTP/1.1 404\ncontent-type: text/plain\ncontent-length: 5',
      // what is left of the whole is the body
      timings: { total: 21, dns: 1, tcp: 2, tls: 11, firstByte: 3, download: 3 },
      tls: {
        ...{ authorized: false, error: 'self-signed certificate', protocol: 'TLSv1.3' },
        ...{ cipherName: 'TLS_AES_256_GCM_SHA384', createdAt: '2026-01-01T00:00:00.000Z' },
        ...{ expiresAt: '2027-01-01T00:00:00.000Z', issuer: { CN: 'Test CA' }, keyType: 'EC', keyBits: 256 },
        subject: { CN: 'target.example', alt: 'DNS:target.example' },
        ...{ serialNumber: '0A:1B', fingerprint256: 'AB:CD:EF', publicKey: null },
      },
    });
    for (const time of Object.values(result['timings'] as object)) expect(Number.isInteger(time)).toBe(true);
  });

  it('without an answer has failed, by its target', async () => {
    const timings = { resolve_ms: null, connect_ms: null, tls_ms: null, first_byte_ms: null, total_ms: 0.3 };
    const none = { status: null, http_version: null, truncated: null, tls: null, error: 'ECONNREFUSED' };
    expect(await shown('http', 'http', requests({ ...none, timings }))).toMatchObject({
      ...{ status: 'failed', failureSource: 'target', resolvedAddress: '45.10.0.1' },
      rawOutput: 'GET https://target.example/: ECONNREFUSED',
      timings: { total: 0, dns: null, tcp: null, tls: null, firstByte: null, download: null },
    });
  });
});

describe('a run that could not be done', () => {
  const failure = { reason: 'unresolved', detail: 'ping: nowhere.example: Name or service not known' };

  it('is shown as its probe said it, where that is kept', async () => {
    const result = {
      ...{ status: 'failed', failureSource: 'internal', resolvedAddress: null },
      rawOutput: `${failure.detail}\n\nand more`,
    };
    const tests = [{ target: 'nowhere.example', measurement: { type: 'ping' }, result }];
    const raw = Buffer.from(JSON.stringify({ version: 1, tests }));
    expect(await shown('ping', 'globalping', raw, { outcome: 'failed', failure })).toEqual(result);
    expect(
      await shownResult({ outcome: 'failed', failure, type: 'ping', target: 'nowhere.example' }),
    ).toEqual({ status: 'failed', failureSource: 'resolver', rawOutput: failure.detail });
  });

  // as native probes say it: probe/src/policy
  it.each([
    ['private.example: denied by default, private (10.0.0.0/8): 10.1.2.3', true],
    ['private.example: denied by default, unique local (fc00::/7): fd00::7', true],
    ['198.51.100.7', true],
    ['target.example: denied by its operator (45.10.0.0/24): 45.10.0.1', false],
    ['unit 10 of v1.2.3.4.5', false],
  ])('shows no private address: %s', async (detail, isHidden) => {
    const run = { type: 'ping', target: 'private.example', failure: { reason: 'refused', detail } };
    expect(await shownResult({ ...run, outcome: 'failed' })).toEqual({
      ...{ status: 'failed', failureSource: 'target' },
      rawOutput: isHidden ? 'Private IP ranges are not allowed.' : detail,
    });
  });

  it('costs its own test only where it cannot be read', async () => {
    for (const [type, format] of [
      ['ping', 'warts'],
      ['http', 'http'],
      ['mtr', 'mtr'],
      ['dns', 'globalping'],
    ] as [string, ResultFormat][])
      expect(await shown(type, format, Buffer.from('\u0000{'))).toMatchObject({ status: 'failed' });
  });
});
