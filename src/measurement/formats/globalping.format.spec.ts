import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GLOBALPING_KINDS, type GlobalpingKind } from '../kinds/globalping-words.js';
import { KINDS } from '../kinds/index.js';
import { globalpingFormat, showsPrivateTarget } from './globalping.format.js';
import { PRIVATE_RESULT, problemOfResult, timedOut } from './globalping.results.js';

const hop = (address: string | null, ...rtts: number[]) => ({
  ...{ asn: [3333], resolvedAddress: address, resolvedHostname: address === null ? null : 'a.example' },
  stats: {
    min: 0,
    max: 1,
    avg: 1,
    stDev: 0,
    jMin: 0,
    jMax: 0,
    jAvg: 0,
    total: 2,
    rcv: rtts.length,
    drop: 2 - rtts.length,
    loss: 0,
  },
  timings: rtts.map((rtt) => ({ rtt })),
});
const NAMED = { resolvedAddress: '9.9.9.9', resolvedHostname: 'dns9.quad9.net' };
const DONE = { status: 'finished', rawOutput: 'text' };

/** As probe 0.50.2 says them. */
const RESULTS: Record<GlobalpingKind, Record<string, unknown>> = {
  ping: {
    ...{
      ...DONE,
      ...NAMED,
      timings: [
        { rtt: 1.5, ttl: 5 },
        { rtt: 2.5, ttl: 5 },
      ],
    },
    stats: { min: 1.5, avg: 2, max: 2.5, total: 3, rcv: 2, drop: 1, loss: 33.33 },
  },
  traceroute: {
    ...DONE,
    ...NAMED,
    hops: [hop('1.1.1.1', 1), hop(null), hop('9.9.9.9', 5, 6), hop('9.9.9.9', 7)],
  },
  mtr: { ...DONE, ...NAMED, hops: [hop('1.1.1.1', 1, 3), hop(null), hop('9.9.9.9', 5)] },
  dns: {
    ...{ ...DONE, statusCode: 3, statusCodeName: 'NXDOMAIN', answers: [], timings: { total: 4 } },
    resolver: 'private',
  },
  http: {
    ...{ ...DONE, resolvedAddress: '9.9.9.9', headers: {}, rawHeaders: '', rawBody: '', truncated: false },
    ...{ statusCode: 404, statusCodeName: 'Not Found' },
    timings: { total: 9, dns: 1, tcp: 2, tls: 3, firstByte: 2, download: 1 },
    tls: { authorized: true, protocol: 'TLSv1.3', cipherName: 'x' },
  },
};
const REQUESTS: Record<GlobalpingKind, Record<string, unknown>> = {
  ping: { type: 'ping' },
  traceroute: { type: 'traceroute' },
  mtr: { type: 'mtr' },
  dns: { type: 'dns', query: { type: 'MX' }, protocol: 'TCP' },
  http: {
    ...{ type: 'http', protocol: 'HTTPS', port: 8443 },
    request: { method: 'HEAD', path: '/a', query: 'b=c', headers: {} },
  },
};

const digest = async (...tests: [GlobalpingKind, object][]) =>
  globalpingFormat.digest(
    Buffer.from(
      JSON.stringify({
        version: 1,
        tests: tests.map(([type, result]) => ({
          target: 'example.org',
          measurement: REQUESTS[type],
          result,
        })),
      }),
    ),
  );

describe('the format of Globalping', () => {
  it.each([
    [
      'ping',
      {
        ...{
          type: 'ping',
          destination: 'example.org',
          dst: '9.9.9.9',
          sent: 3,
          received: 2,
          duplicates: null,
        },
        ...{
          loss: 0.3333,
          rtt_min_ms: 1.5,
          rtt_avg_ms: 2,
          rtt_median_ms: 2,
          rtt_max_ms: 2.5,
          rtt_stddev_ms: 0.5,
        },
        error: null,
      },
    ],
    [
      'traceroute',
      {
        ...{ type: 'trace', destination: 'example.org', dst: '9.9.9.9', reached: true, hop_count: 3 },
        ...{ path: ['1.1.1.1', null, '9.9.9.9'], path_hash: expect.any(String), rtt_ms: 5 },
        ...{ stop_reason: 'COMPLETED', error: null },
      },
    ],
    [
      'dns',
      {
        ...{
          type: 'dns',
          name: 'example.org',
          qtype: 'MX',
          resolver: 'private',
          transport: 'tcp',
          rtt_ms: 4,
        },
        ...{ rcode: 'NXDOMAIN', answers: 0, error: null },
      },
    ],
    [
      'http',
      {
        ...{ type: 'http', url: 'https://example.org:8443/a?b=c', method: 'HEAD', address: '9.9.9.9' },
        ...{ status: 404, truncated: false, resolve_ms: 1, connect_ms: 2, tls_ms: 3, first_byte_ms: 2 },
        ...{ total_ms: 9, tls_version: 'TLSv1.3', authorized: true, error: null },
      },
    ],
  ] as [GlobalpingKind, object][])(
    'has for %s a summary with the names of native ones',
    async (kind, summary) => {
      const { summary: made, error, failure } = await digest([kind, RESULTS[kind]]);
      expect([made, error, failure]).toEqual([[summary], undefined, undefined]);
      expect(KINDS[kind].summary.safeParse(made[0]).error).toBeUndefined();
    },
  );

  it('reckons an mtr by its exact times', async () => {
    const { summary } = await digest(['mtr', RESULTS.mtr]);
    expect(summary[0]).toMatchObject({
      ...{ reached: true, hop_count: 3, loss: 0.5, rtt_avg_ms: 5 },
      hops: [{ address: '1.1.1.1', name: 'a.example', asn: [3333], loss: 0, rtt_avg_ms: 2 }, { loss: 1 }, {}],
    });
    expect(KINDS.mtr.summary.safeParse(summary[0]).error).toBeUndefined();
  });

  it.each([
    ['ping', PRIVATE_RESULT, 'refused'],
    ['ping', timedOut('PING example.org'), 'timeout'],
    [
      'ping',
      { status: 'failed', failureSource: 'resolver', rawOutput: '\nping: x: failure\nmore' },
      'unresolved',
    ],
    [
      'traceroute',
      { status: 'failed', failureSource: 'internal', rawOutput: 'x: Name or service not known' },
      'unresolved',
    ],
    [
      'mtr',
      { status: 'failed', failureSource: 'internal', rawOutput: '"packets" must be a number' },
      'bad_params',
    ],
    ['dns', { status: 'failed', failureSource: 'target', rawOutput: 'connection refused' }, 'tool_failed'],
    ['http', { status: 'failed', failureSource: 'target', rawOutput: 'ECONNREFUSED' }, undefined],
    ['http', { status: 'failed', failureSource: 'resolver', rawOutput: 'ENOTFOUND' }, undefined],
    ['http', PRIVATE_RESULT, 'refused'],
  ] as [GlobalpingKind, object, string | undefined][])('says of %s %j: %s', async (kind, result, reason) => {
    const { failure, summary } = await digest([kind, result]);
    expect(failure?.reason).toBe(reason);
    expect(failure?.detail).not.toBe('');
    expect(KINDS[kind].summary.safeParse(summary[0]).error).toBeUndefined();
    // one that did well makes a run that is stored
    expect((await digest([kind, result], [kind, RESULTS[kind]])).failure).toBeUndefined();
  });

  it('takes any result that its schema takes, and no other, and has a summary of it', async () => {
    const anything = fc.oneof(fc.anything({ maxDepth: 2 }), fc.constant(null));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...GLOBALPING_KINDS),
        fc.dictionary(
          fc.constantFrom('status', 'stats', 'timings', 'hops', 'tls', 'answers', 'resolvedAddress'),
          anything,
        ),
        async (kind, changes) => {
          const result = JSON.parse(JSON.stringify({ ...RESULTS[kind], ...changes })) as Record<
            string,
            unknown
          >;
          const problem = problemOfResult(REQUESTS[kind], result);
          const { summary } = await digest([kind, result]);
          expect(summary).toHaveLength(1);
          if (problem === undefined) expect(KINDS[kind].summary.safeParse(summary[0]).error).toBeUndefined();
          else expect(String(summary[0]?.['error'])).toContain('cannot be read');
        },
      ),
    );
  });

  it.each([
    ['ping', { resolvedAddress: '10.1.2.3', rawOutput: '' }, true],
    ['ping', { rawOutput: 'PING x (10.1.2.3) 56(84) bytes of data.\n' }, true],
    ['traceroute', { rawOutput: 'traceroute to x (fd00::1), 20 hops max\n 1  _gateway' }, true],
    [
      'traceroute',
      { resolvedAddress: '9.9.9.9', rawOutput: 'traceroute to x (9.9.9.9)\n 1 _gateway (10.0.0.1)' },
      false,
    ],
    ['mtr', { resolvedAddress: '192.168.1.1', rawOutput: '' }, true],
    ['dns', { rawOutput: 'x (10.0.0.1)' }, false],
  ])('sees in %s %j whether the target is private: %s', (type, result, isPrivate) => {
    expect(showsPrivateTarget(type, result)).toBe(isPrivate);
  });
});
