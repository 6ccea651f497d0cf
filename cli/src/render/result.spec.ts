import { describe, expect, it } from '@jest/globals';
import { encode } from 'dns-packet';
import picocolors from 'picocolors';
import { resultLines, type Shown, titlesOf } from './result.js';
import { type View } from './view.js';

const view: View = {
  probe: 'ixp-north-1',
  colours: picocolors.createColors(false),
  now: Date.parse('2026-11-29T12:00:00Z'),
};

const shown = (more: Partial<Shown>): Shown => ({
  ...{ summary: null, failure: null, decode_error: null, decoded: null },
  ...more,
});
const start = { sec: 1_795_981_675, usec: 0 };

const PING = {
  ...{ type: 'ping' as const, src: '192.0.2.10', dst: '192.0.2.1', start, sent: 4, received: 3 },
  ...{ duplicates: 0, loss: 0.25, rtt_min_ms: 10.5, rtt_avg_ms: 12, rtt_median_ms: 12, rtt_max_ms: 13.5 },
  ...{ rtt_stddev_ms: 1.2, errors: [], destination: 'example.org', resolve_ms: 3, error: null },
};

describe('a ping', () => {
  it('is a row with its loss and a line of its RTTs', () => {
    const responses = [
      { seq: 0, rtt: 10.5 },
      { seq: 1, rtt: 13.5 },
      { seq: 3, rtt: 12 },
    ];
    const decoded = [{ type: 'cycle-start' }, { type: 'ping', dst: '192.0.2.1', ping_sent: 4, responses }];
    expect([titlesOf('ping', false), ...resultLines(shown({ summary: [PING], decoded }), view)]).toEqual([
      'PROBE             TARGET                    SENT    LOSS      MIN      AVG      MAX   STDDEV  RTT',
      'ixp-north-1       example.org (192.0.2.1)      4     25%     10.5     12.0     13.5     1.20  ▁█·▅',
    ]);
  });

  it('says who answered instead', () => {
    const errors = [{ protocol: 'icmp', icmp_type: 3, icmp_code: 1, from: '198.51.100.7', count: 4 }];
    const none = {
      rtt_min_ms: null,
      rtt_avg_ms: null,
      rtt_median_ms: null,
      rtt_max_ms: null,
      rtt_stddev_ms: null,
    };
    const [line] = resultLines(
      shown({ summary: [{ ...PING, ...none, loss: 1, received: 0, errors }] }),
      view,
    );
    expect(line).toBe(
      'ixp-north-1       example.org (192.0.2.1)      4    100%        -        -        -        -  4× icmp 3/1 from 198.51.100.7',
    );
  });
});

describe('a traceroute', () => {
  const trace = {
    ...{ type: 'trace' as const, src: '192.0.2.10', dst: '203.0.113.5', start, sent: 6, reached: false },
    ...{ hop_count: 3, stop_reason: 'UNREACH', path: ['192.0.2.254', null, '198.51.100.7'] },
    ...{
      path_hash: '0123456789abcdef',
      rtt_ms: null,
      destination: '203.0.113.5',
      resolve_ms: null,
      error: null,
    },
  };

  it('looks like one: hop, address, RTTs, * and the marks of traceroute(8)', () => {
    const hops = [
      { addr: '192.0.2.254', probe_ttl: 1, rtt: 0.41, icmp_type: 11, icmp_code: 0 },
      { addr: '192.0.2.254', probe_ttl: 1, rtt: 0.39, icmp_type: 11, icmp_code: 0 },
      { addr: '198.51.100.7', probe_ttl: 3, rtt: 20.1, icmp_type: 11, icmp_code: 0 },
      { addr: '198.51.100.8', probe_ttl: 3, rtt: 21.2, icmp_type: 3, icmp_code: 13 },
    ];
    const decoded = [{ type: 'trace', dst: '203.0.113.5', method: 'icmp-paris', hops }];
    expect(resultLines(shown({ summary: [trace], decoded }), view)).toEqual([
      'ixp-north-1: traceroute to 203.0.113.5 (203.0.113.5), icmp-paris: not reached (UNREACH)',
      '  1  192.0.2.254  0.410 ms  0.390 ms',
      '  2  *',
      '  3  198.51.100.7  20.1 ms  198.51.100.8  21.2 ms !X',
    ]);
  });

  it('is its path where the raw bytes are not at hand', () => {
    const reached = { ...trace, reached: true, stop_reason: 'COMPLETED', rtt_ms: 20 };
    expect(resultLines(shown({ summary: [reached] }), view)).toEqual([
      'ixp-north-1: traceroute to 203.0.113.5 (203.0.113.5): reached in 3 hops',
      ...['  1  192.0.2.254', '  2  *', '  3  198.51.100.7'],
    ]);
  });
});

describe('a look-up', () => {
  const lookup = {
    ...{ type: 'dns' as const, name: 'example.org', qclass: 'IN', qtype: 'TXT', resolver: '192.0.2.53' },
    ...{ transport: 'udp' as const, rtt_ms: 12.34, rcode: 'NOERROR', answers: 2, flags: ['rd', 'ra'] },
    ...{ edns_version: 0, error: null },
  };
  const decodedWith = (response: string) => [{ name: 'example.org', resolver: '192.0.2.53', response }];

  it('is printed as dig(1) does, and no answer reaches the terminal raw', () => {
    const response = encode({
      type: 'response',
      id: 1,
      questions: [{ name: 'example.org', type: 'TXT' }],
      answers: [
        { name: 'example.org', type: 'TXT', ttl: 60, data: [Buffer.from('\u001b]0;x\u0007"\\ü')] },
        {
          name: 'example.org',
          type: 'MX',
          ttl: 3600,
          data: { preference: 10, exchange: 'mail.example.org' },
        },
      ],
    }).toString('base64');
    const lines = resultLines(shown({ summary: [lookup], decoded: decodedWith(response) }), view);
    // RFC 1035, section 5.1: \DDD is a byte
    expect(lines).toEqual([
      'ixp-north-1: example.org IN TXT @192.0.2.53 (udp): NOERROR [rd ra], 2 answers, 12.3 ms',
      String.raw`  example.org.    60  IN  TXT  "\027]0;x\007\"\\\195\188"`,
      '  example.org.  3600  IN  MX   10 mail.example.org',
    ]);
  });

  it('says so where the bytes are no message', () => {
    for (const response of ['', 'AAAA', 'not base64 !']) {
      const lines = resultLines(shown({ summary: [lookup], decoded: decodedWith(response) }), view);
      expect(lines[1]).toBe('  the answer cannot be shown; its bytes are in `response`');
    }
  });
});

it('a handshake says who the server is, and how long that holds', () => {
  const handshake = {
    ...{
      type: 'tls' as const,
      destination: 'example.org',
      address: '192.0.2.1',
      port: 443,
      version: 'TLSv1.3',
    },
    ...{ cipher: 'TLS_AES_256_GCM_SHA384', alpn: 'h2', authorized: false },
    ...{ authorization_error: 'self-signed certificate', subject: 'CN=example.org', issuer: 'CN=Test CA' },
    ...{ not_before: '2026-09-01T00:00:00Z', not_after: '2026-12-09T12:00:00Z', fingerprint_sha256: 'ab' },
    ...{ chain_length: 2, resolve_ms: 1, connect_ms: 10, handshake_ms: 19, total_ms: 30, error: null },
  };
  const sent = [
    { subject: 'CN=example.org', in_chain: 0 },
    { subject: 'CN=stray\u001b[2J', in_chain: null },
  ];
  const decoded = [{ destination: 'example.org', address: '192.0.2.1', sent }];
  expect(resultLines(shown({ summary: [handshake], decoded }), view)).toEqual([
    'ixp-north-1: example.org (192.0.2.1:443): TLSv1.3, TLS_AES_256_GCM_SHA384, h2',
    '  certificate CN=example.org',
    '  issuer      CN=Test CA',
    '  trusted     not trusted (self-signed certificate)',
    '  valid       2026-09-01 00:00:00Z to 2026-12-09 12:00:00Z, 10 days left',
    '  chain      1 CN=example.org',
    String.raw`             2 CN=stray\x1b[2J  (not of the chain)`,
    '  resolve        1.00 ms █',
    '  connect        10.0 ms  ██████████',
    '  handshake      19.0 ms            ███████████████████',
    '  total          30.0 ms',
  ]);
});

it('a request shows its phases, a time server its offset with the bound', () => {
  const request = {
    ...{
      type: 'http' as const,
      url: 'http://example.org/',
      method: 'GET',
      address: '192.0.2.1',
      status: 301,
    },
    ...{
      header_bytes: 200,
      body_bytes: 1256,
      truncated: false,
      resolve_ms: null,
      connect_ms: 10,
      tls_ms: null,
    },
    ...{ first_byte_ms: 10, total_ms: 20, tls_version: null, authorized: null, error: null },
  };
  const decoded = [{ url: 'http://example.org/', location: 'https://example.org/' }];
  expect(resultLines(shown({ summary: [request], decoded }), view)).toEqual([
    'ixp-north-1: GET http://example.org/ (192.0.2.1): 301, 1.3 kB',
    '  location    https://example.org/',
    '  connect        10.0 ms ███████████████',
    '  first byte     10.0 ms                ███████████████',
    '  total          20.0 ms',
  ]);
  const exchange = {
    ...{
      type: 'ntp' as const,
      destination: 'ntp.example.org',
      address: '192.0.2.123',
      port: 123,
      stratum: 1,
    },
    ...{ leap: 0, reference_id: 'GPS', root_delay_ms: 0, root_dispersion_ms: 0.1, offset_ms: -1.2345 },
    ...{ error_ms: 5.5, delay_ms: 11, error: null },
  };
  expect(resultLines(shown({ summary: [exchange] }), view)).toEqual([
    'ixp-north-1: ntp.example.org (192.0.2.123): -1.234 ± 5.500 ms, delay 11.0 ms, stratum 1, reference GPS',
  ]);
});

it('a record of an imported file is what it says, by name', () => {
  const lookup = {
    ...{ type: 'owamp' as const, src: '192.0.2.10', dst: '192.0.2.1', started_at: null, error: null },
    ...{
      sent: 10,
      received: 9,
      duplicates: 0,
      loss: 0.1,
      reordered: 0,
      min_ms: 1.5,
      avg_ms: 2,
      median_ms: 2,
    },
    ...{ p95_ms: 3, p99_ms: 3, max_ms: null, direction: 'tx' as const },
  };
  expect(resultLines(shown({ summary: [lookup] }), view)).toEqual([
    'ixp-north-1: owamp 192.0.2.1: sent 10, received 9, duplicates 0, loss 0.1, reordered 0, min ms 1.5, avg ms 2, median ms 2, p95 ms 3, p99 ms 3, direction tx',
  ]);
});

it('a run that failed says why, and what a probe wrote is safe there too', () => {
  const failure = { reason: 'refused', detail: 'denied\u001b[31m' };
  expect(resultLines(shown({ failure }), { ...view, time: '12:00' })).toEqual([
    String.raw`12:00 ixp-north-1: failed (refused): denied\x1b[31m`,
  ]);
  const nothing = { destination: 'nowhere.example', resolve_ms: 3, dst: null, error: 'NXDOMAIN' };
  expect(resultLines(shown({ summary: [nothing] }), view)).toEqual([
    'ixp-north-1: nowhere.example: NXDOMAIN',
  ]);
});
