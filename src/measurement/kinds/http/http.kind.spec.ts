import { wholeText } from '../../formats/pieces.js';
import { describe, expect, it } from '@jest/globals';
import { MAX_SUMMARIES } from '../../formats/format.js';
import type { Violation } from '@pladmed/protocol';
import { InvalidParamsError } from '../../params/invalid-params.error.js';
import { httpFormat } from './http.format.js';
import { http } from './http.kind.js';

function violations(params: object): Violation[] {
  try {
    http.check(params, 'refuse');
    return [];
  } catch (error) {
    if (error instanceof InvalidParamsError) return error.violations;
    throw error;
  }
}

const URL_RULE = 'must be a list of http or https URLs without credentials and fragment';

describe('http, its parameters', () => {
  it('have a destination for each URL', () => {
    const urls = ['http://example.org', 'https://[2001:db8::1]:8443/a?b=c@d', 'HTTP://192.0.2.1:1/'];
    const params = { urls, method: 'HEAD', ipv4: '', ipv6: '', timeout_s: 60, max_body_bytes: 0 };
    expect(http.check(params, 'refuse')).toEqual({ accepted: params, wire: params, destinations: urls });
  });

  it.each([
    'example.org',
    'ftp://example.org/',
    'file:///etc/passwd',
    'http:example.org',
    'http:///example.org',
    'http://user@example.org/',
    'http://user:secret@example.org/',
    'http://example.org@192.0.2.1/',
    'http://example.org#there',
    'http://example.org/#there',
    'http://example.org\\@192.0.2.1/',
    'http://exa mple.org/',
    'http://example.org/a b',
    'http://example.org/\nHost: other',
    ' http://example.org/',
    'http://example.org/\u0000',
    'http://bücher.example/',
    'http://１２７.0.0.1/',
    'http://exa%6dple.org/',
    'http://0x7f.1/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://017700000001/',
    'http://127.1/',
    'http://1.2.3.4./',
    'http://[fe80::1%25eth0]/',
    'http://[::1/',
    'http://[127.0.0.1]/',
    'http://::1/',
    'http://example.org:0/',
    'http://example.org:65536/',
    'http://example.org:/',
    'http://_dmarc.example.org/',
    `http://example.org/${'x'.repeat(2_048)}`,
    '',
    null,
    1,
    ['http://example.org/'],
    { href: 'http://example.org/' },
  ])('have no URL %j', (url) => {
    expect(violations({ urls: ['http://example.org/', url] })).toEqual([
      { field: 'params.urls', message: `${URL_RULE} (wrong at position 1, counted from 0)`, positions: [1] },
    ]);
  });

  it('have 1 to 100 URLs', () => {
    const urls = (length: number) => ({ urls: Array.from({ length }, () => 'http://example.org/') });
    expect(violations(urls(100))).toEqual([]);
    expect(violations(urls(101))).toEqual([
      { field: 'params.urls', message: 'must have at most 100 entries' },
    ]);
    for (const none of [{}, urls(0)])
      expect(violations(none)).toEqual([
        { field: 'params', message: 'must name at least one destination in urls' },
      ]);
  });

  it.each([
    { method: 'POST' },
    { method: 'get' },
    { ipv4: true },
    { timeout_s: 0 },
    { timeout_s: 61 },
    { max_body_bytes: -1 },
    { max_body_bytes: 10_485_761 },
    { ips: ['192.0.2.1'] },
    { headers: {} },
  ])('have no %j', (wrong) => {
    expect(violations({ urls: ['http://example.org/'], ...wrong }).map(({ field }) => field)).toEqual([
      `params.${Object.keys(wrong).join()}`,
    ]);
  });
});

const entry = {
  url: 'https://example.org/',
  method: 'GET',
  address: '192.0.2.1',
  port: 443,
  started_at: '2026-01-01T00:00:00.000Z',
  status: 301,
  http_version: '1.1',
  header_bytes: 200,
  body_bytes: 1024,
  truncated: false,
  timings: { resolve_ms: 1, connect_ms: 2, tls_ms: 3, first_byte_ms: 4, total_ms: 11 },
  location: 'https://www.example.org/',
  content_type: null,
  content_length: null,
  server: null,
  tls: {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    alpn: null,
    authorized: true,
    authorization_error: null,
  },
  error: null,
};
const documentOf = (...requests: object[]) => Buffer.from(JSON.stringify({ version: 1, requests }));

describe('http, its format', () => {
  it('says of each request what came of it', async () => {
    const none = { resolve_ms: 1, connect_ms: null, tls_ms: null, first_byte_ms: null, total_ms: 10_000 };
    const nobody = { status: null, http_version: null, header_bytes: null, body_bytes: null, tls: null };
    const silent = { ...entry, ...nobody, timings: none, location: null, error: 'timeout' };
    expect(await httpFormat.digest(documentOf(entry, silent))).toEqual({
      summary: [
        {
          type: 'http',
          url: 'https://example.org/',
          method: 'GET',
          address: '192.0.2.1',
          status: 301,
          header_bytes: 200,
          body_bytes: 1024,
          truncated: false,
          resolve_ms: 1,
          connect_ms: 2,
          tls_ms: 3,
          first_byte_ms: 4,
          total_ms: 11,
          tls_version: 'TLSv1.3',
          authorized: true,
          error: null,
        },
        expect.objectContaining({
          status: null,
          truncated: null,
          first_byte_ms: null,
          total_ms: null,
          tls_version: null,
          authorized: null,
          error: 'timeout',
        }),
      ],
    });
  });

  it('takes figures without a basis out of what was stored before', async () => {
    const { summary } = await httpFormat.digest(documentOf(entry));
    expect(httpFormat.amend?.(summary[0]!)).toEqual(summary[0]);
    const banner = {
      ...summary[0],
      status: null,
      header_bytes: null,
      body_bytes: null,
      error: 'HPE_INVALID_CONSTANT',
    };
    expect(httpFormat.amend?.(banner)).toEqual({
      ...banner,
      truncated: null,
      first_byte_ms: null,
      total_ms: null,
    });
  });

  // The case: of 25 URLs one is answered with a status that nobody has foreseen.
  it('loses one entry for one that cannot be read', async () => {
    const entries = Array.from({ length: 25 }, (_, index) =>
      index === 7 ? { ...entry, status: 1e9 } : entry,
    );
    const raw = documentOf(...entries);
    const { summary, error } = await httpFormat.digest(raw);
    expect(summary.filter(({ status }) => status === 301)).toHaveLength(24);
    expect(summary[7]).toEqual({ type: 'http', error: expect.stringContaining('requests.7.status: ') });
    expect(error).toContain('requests.7.status: ');
    const shown = JSON.parse(await wholeText(httpFormat.present(raw, 'json'))) as unknown[];
    expect(shown[7]).toEqual({
      unreadable: { index: 7, problem: expect.stringContaining('status'), entry: entries[7] },
    });
    expect(shown.filter((_, index) => index !== 7)).toEqual(entries.filter((_, index) => index !== 7));
  });

  it('is shown as its list, with members that this server does not know', async () => {
    const more = { ...entry, early_hints: 1 };
    expect(JSON.parse(await wholeText(httpFormat.present(documentOf(more), 'json')))).toEqual([more]);
  });

  it.each([
    ['another version', Buffer.from('{"version":2,"requests":[]}')],
    ['no list', Buffer.from('{"version":1,"queries":[]}')],
    ['a status that is none', documentOf({ ...entry, status: 1000 })],
    ['a negative time', documentOf({ ...entry, timings: { ...entry.timings, connect_ms: -1 } })],
    ['a URL without end', documentOf({ ...entry, url: 'x'.repeat(2_049) })],
    ['a body', documentOf({ ...entry, body_bytes: 'text' })],
  ])('has no %s', async (_what, raw) => {
    const { summary, error } = await httpFormat.digest(raw);
    const unreadable = { type: 'http', error: expect.stringMatching(/^cannot be read: /) };
    expect([summary, error]).toEqual([summary.map(() => unreadable), expect.stringMatching(/^http: /)]);
    expect(MAX_SUMMARIES).toBeGreaterThanOrEqual(http.params.maxDestinations);
  });
});
