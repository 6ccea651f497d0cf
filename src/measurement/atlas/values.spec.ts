import { describe, expect, it } from '@jest/globals';
import { decode, encode, type PingRecord, type TraceRecord } from '@pladmed/warts';
import { readHeader } from '@pladmed/protocol';
import packet from 'dns-packet';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { wholeText } from '../formats/pieces.js';
import { type Summary } from '../formats/summary.js';
import { FORMATS, type ResultFormat } from '../kinds/result-formats.js';
import { type AtlasKind, type Members } from './common.js';
import { atlasResults } from './present.js';

/**
 * What the door says of a result against what the native API says of the same bytes: its summary is stored as it is made here, and
 * its `decoded` presented so. Formats: of native probes (and of imported files, which are stored in the same ones), of classic ones
 * (`gzip`, and `warts`), and of Globalping's.
 */

const RUNS = 40;
const FIXTURES = join(import.meta.dirname, '../../../warts/test/fixtures');
const AT = '2026-11-30T02:00:00.400Z';

type Shown = Members & { result: Members[] };

async function bothOf(kind: AtlasKind, format: ResultFormat, raw: Buffer, params: object = {}) {
  const decoded: unknown = JSON.parse(await wholeText(FORMATS[format].present(raw, 'json')));
  const { summary } = await FORMATS[format].digest(raw);
  const run = {
    ...{ msm: 1_000_001, prb: 1, kind, params: { ...params }, stepS: 60, version: '1', format },
    result: {
      ...{ outcome: 'stored' as const, started_at: new Date(AT), received_at: new Date(AT) },
      ...{ duration_ms: 9, summary },
    },
  };
  const results = JSON.parse(JSON.stringify(atlasResults(run, decoded))) as Shown[];
  expect(results).toHaveLength(summary.length);
  return results.map((result, index) => ({ result, figures: summary[index] ?? {} }));
}

const recordOf = <Type extends 'ping' | 'trace'>(name: string, type: Type) =>
  decode(readFileSync(join(FIXTURES, name))).records.find((each) => each.type === type) as Type extends 'ping'
    ? PingRecord
    : TraceRecord;
const PING = recordOf('075-ping-c-2-i-0-2-10-77-99-1.warts', 'ping');
const TRACE = recordOf('018-trace-P-icmp-paris-w-1-q-2-10-77-6-2.warts', 'trace');

const ms = fc.integer({ min: 1, max: 3_000_000 }).map((us) => us / 1000);
const orNull = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: null });

/** The loss that the native API shows has four decimals. */
function expectPing(result: Shown, figures: Summary): void {
  const { sent, rcvd } = result as unknown as { sent: number; rcvd: number };
  expect([sent, rcvd]).toEqual([figures['sent'], figures['received']]);
  if (sent > 0) expect((sent - rcvd) / sent).toBeCloseTo(figures['loss'] as number, 3);
  const rtts = ['rtt_min_ms', 'rtt_avg_ms', 'rtt_max_ms'].map((name) => figures[name] ?? -1);
  expect([result['min'], result['avg'], result['max']]).toEqual(rtts);
  expect(result.result.filter((each) => each['x'] === '*')).toHaveLength(sent - rcvd);
  // what came again is in the figures too
  const answered = result.result.flatMap(({ rtt }) => (rtt === undefined ? [] : [rtt]));
  if (answered.length > 0) {
    expect(Math.min(...(answered as number[]))).toBeCloseTo(figures['rtt_min_ms'] as number, 2);
    expect(Math.max(...(answered as number[]))).toBeCloseTo(figures['rtt_max_ms'] as number, 2);
  }
}

function expectTrace(result: Shown, figures: Summary): void {
  const path = figures['path'] as (string | null)[];
  const hops = new Map(
    result.result.map(({ hop, result: replies }) => [hop as number, replies as Members[]]),
  );
  for (const [index, address] of path.entries()) {
    const [first] = hops.get(index + 1) ?? [];
    if (first !== undefined) expect(first['from'] ?? null).toBe(address);
  }
  if (figures['reached'] !== true) return;
  const last = hops.get(path.length)?.find(({ from }) => from === figures['dst']);
  expect(last?.['rtt']).toBe(figures['rtt_ms']);
}

describe('values of the door are those of the native API', () => {
  const prove = async <T>(some: fc.Arbitrary<T>, check: (value: T) => Promise<void>) => {
    await fc.assert(fc.asyncProperty(some, check), { numRuns: RUNS });
  };

  it('of pings by scamper', () =>
    prove(
      fc.record({
        sent: fc.integer({ min: 1, max: 12 }),
        replies: fc.array(fc.tuple(fc.nat(11), ms), { maxLength: 14 }),
      }),
      async ({ sent, replies }) => {
        const [reply] = PING.replies;
        const made = replies
          .filter(([seq]) => seq < sent)
          .map(([seq, rtt]) => ({
            ...reply!,
            from: PING.dst,
            seq,
            rtt_us: Math.round(rtt * 1000),
            icmp_type: 0,
            icmp_code: 0,
          }));
        const raw = Buffer.from(encode([{ ...PING, sent, count: sent, reply_count: 0, replies: made }]));
        for (const { result, figures } of await bothOf('ping', 'warts', raw)) expectPing(result, figures);
      },
    ));

  it('of traceroutes by scamper', () =>
    prove(
      fc.array(fc.tuple(fc.boolean(), ms), { minLength: TRACE.hops.length, maxLength: TRACE.hops.length }),
      async (drawn) => {
        const hops = TRACE.hops.flatMap((hop, index) => {
          const [isThere = true, rtt = 1] = drawn[index] ?? [];
          return isThere ? [{ ...hop, rtt_us: Math.round(rtt * 1000) }] : [];
        });
        const raw = Buffer.from(encode([{ ...TRACE, hops }]));
        for (const { result, figures } of await bothOf('traceroute', 'warts', raw))
          expectTrace(result, figures);
      },
    ));

  const records = fc.array(
    fc.oneof(
      fc.ipV4().map((data) => ({ type: 'A' as const, name: 'example.org', ttl: 5, data })),
      fc.constant({ type: 'CNAME' as const, name: 'example.org', ttl: 5, data: 'www.example.org' }),
      fc.string({ maxLength: 40 }).map((text) => ({
        ...{ type: 'TXT' as const, name: 'example.org', ttl: 7, data: [Buffer.from(text, 'latin1')] },
      })),
    ),
    { maxLength: 4 },
  );
  const answer = fc
    .record({ rcode: fc.nat(10), answers: records, id: fc.nat(65_535) })
    .map(({ rcode, answers, id }) =>
      packet.encode({
        ...{ type: 'response', id, flags: rcode, answers },
        questions: [{ type: 'A', name: 'example.org' }],
      }),
    );

  it('of answers to DNS queries', () =>
    prove(fc.record({ message: orNull(answer), rtt_ms: ms }), async ({ message, rtt_ms }) => {
      const query = { name: 'example.org', type: 'A', resolver: '192.0.2.53', transport: 'udp', sent_at: AT };
      const outcome =
        message === null
          ? { rtt_ms: null, response: null, error: 'timeout' }
          : { rtt_ms, response: message.toString('base64'), error: null };
      const raw = Buffer.from(JSON.stringify({ version: 1, queries: [{ ...query, ...outcome }] }));
      for (const { result, figures } of await bothOf('dns', 'dns', raw)) {
        const { result: said } = result as unknown as { result?: Members };
        if (said === undefined)
          expect([result['error'], figures['rcode']]).toEqual([{ timeout: 5000 }, null]);
        else {
          const read = packet.decode(
            Buffer.from(said['abuf'] as string, 'base64'),
          ) as packet.DecodedPacket & { rcode: string };
          expect(read.rcode).toBe(figures['rcode']);
          expect([said['rt'], said['ANCOUNT']]).toEqual([figures['rtt_ms'], figures['answers']]);
        }
      }
    }));

  const timings = fc.record({
    ...{
      resolve_ms: orNull(ms),
      connect_ms: orNull(ms),
      tls_ms: fc.constant(null),
      first_byte_ms: orNull(ms),
    },
    ...{ total_ms: ms, handshake_ms: orNull(ms) },
  });

  it('of HTTP requests', () =>
    prove(
      fc.record({
        timings,
        status: orNull(fc.integer({ min: 100, max: 599 })),
        bytes: orNull(fc.nat(9_999)),
      }),
      async ({ timings: took, status, bytes }) => {
        const request = {
          ...{ url: 'http://example.org/x', method: 'GET', address: '192.0.2.80', port: 80, started_at: AT },
          ...{ status, http_version: '1.1', header_bytes: bytes, body_bytes: bytes, truncated: false },
          ...{ timings: took, location: null, tls: null, error: status === null ? 'ECONNRESET' : null },
        };
        const raw = Buffer.from(JSON.stringify({ version: 1, requests: [request] }));
        for (const { result, figures } of await bothOf('http', 'http', raw)) {
          const [first] = result.result;
          expect(first?.['res'] ?? null).toBe(figures['status']);
          expect(first?.['err'] ?? null).toBe(figures['error']);
          if (status === null) continue;
          expect(first?.['ttc'] ?? null).toBe(figures['connect_ms']);
          expect(first?.['ttfb'] ?? null).toBe(figures['first_byte_ms']);
          expect(first?.['bsize'] ?? null).toBe(figures['body_bytes']);
          const own = (figures['total_ms'] as number) - ((figures['resolve_ms'] as number | null) ?? 0);
          expect(first?.['rt']).toBeCloseTo(own, 3);
        }
      },
    ));

  const pem = fc
    .base64String({ minLength: 4, maxLength: 80 })
    .map((text) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`);

  it('of TLS handshakes', () =>
    prove(
      fc.record({ timings, chain: fc.array(pem, { maxLength: 4 }) }),
      async ({ timings: took, chain }) => {
        const handshake = {
          ...{
            destination: 'example.org',
            server_name: null,
            address: '192.0.2.44',
            port: 443,
            started_at: AT,
          },
          ...{ timings: took, version: 'TLSv1.3', cipher: 'X', alpn: null, authorized: false },
          ...{ authorization_error: 'X', chain, chain_truncated: false, subject: 'CN=a', issuer: 'CN=b' },
          ...{ not_before: null, not_after: null, fingerprint_sha256: null, error: null },
        };
        const raw = Buffer.from(JSON.stringify({ version: 1, handshakes: [handshake] }));
        for (const { result, figures } of await bothOf('tls', 'tls', raw)) {
          expect(result['cert'] ?? []).toEqual(chain);
          expect(figures['chain_length'] ?? 0).toBe(chain.length);
          expect(result['ttc'] ?? null).toBe(figures['connect_ms']);
          const [connect, shake] = ['connect_ms', 'handshake_ms'].map((name) => figures[name]);
          if (typeof connect === 'number' && typeof shake === 'number')
            expect(result['rt']).toBeCloseTo(connect + shake, 3);
          else expect(result).not.toHaveProperty('rt');
        }
      },
    ));

  it('of questions to time servers', () =>
    prove(
      fc.record({
        offset: fc.integer({ min: -5_000_000, max: 5_000_000 }),
        delay_ms: ms,
        stratum: fc.integer({ min: 1, max: 15 }),
      }),
      async ({ offset, delay_ms, stratum }) => {
        const exchange = {
          ...{ destination: 'ntp.example', address: '192.0.2.12', port: 123, resolve_ms: null, sent_at: AT },
          ...{
            version: 4,
            leap: 0,
            stratum,
            poll: 6,
            precision: -20,
            root_delay_ms: 1,
            root_dispersion_ms: 2,
          },
          ...{ reference_id: 'GPS', reference_time: AT, offset_ms: offset / 1000, error_ms: 1, delay_ms },
          error: null,
        };
        const raw = Buffer.from(JSON.stringify({ version: 1, exchanges: [exchange] }));
        for (const { result, figures } of await bothOf('ntp', 'ntp', raw)) {
          const [sample] = result.result;
          expect((sample?.['rtt'] as number) * 1000).toBeCloseTo(figures['delay_ms'] as number, 6);
          expect((sample?.['offset'] as number) * -1000).toBeCloseTo(figures['offset_ms'] as number, 6);
          expect(result['stratum']).toBe(figures['stratum']);
          // no digits that only arithmetic has made
          expect(JSON.stringify(result.result)).not.toMatch(/\.\d{10}/);
        }
      },
    ));

  const DIG = (rcode: string, time: number, address: string) =>
    [
      '; <<>> DiG 9.18.24 <<>> example.org',
      ';; Got answer:',
      `;; ->>HEADER<<- opcode: QUERY, status: ${rcode}, id: 4711`,
      ';; flags: qr rd ra; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 1',
      '',
      ';; OPT PSEUDOSECTION:',
      '; EDNS: version: 0, flags:; udp: 1232',
      ';; QUESTION SECTION:',
      ';example.org.\t\t\tIN\tA',
      '',
      ';; ANSWER SECTION:',
      'example.org.\t\t300\tIN\tCNAME\twww.example.org.',
      `www.example.org.\t300\tIN\tA\t${address}`,
      '',
      `;; Query time: ${time} msec`,
      ';; SERVER: 192.0.2.53#53(192.0.2.53) (UDP)',
      ';; MSG SIZE  rcvd: 99',
      '',
    ].join('\n');
  const digs = fc.record({
    rcode: fc.constantFrom('NOERROR', 'NXDOMAIN', 'SERVFAIL', 'REFUSED', 'BADVERS'),
    time: fc.nat(5_000),
    address: fc.ipV4(),
  });

  function expectDig(said: Members, rcode: string, address: string): void {
    const message = Buffer.from(said['abuf'] as string, 'base64');
    const read = packet.decode(message) as packet.DecodedPacket & { rcode: string };
    expect([readHeader(message).id, said['ID'], said['ANCOUNT'], said['size']]).toEqual([4711, 4711, 2, 99]);
    expect(read.answers).toMatchObject([
      { type: 'CNAME', data: 'www.example.org' },
      { type: 'A', data: address },
    ]);
    const [opt] = (read.additionals ?? []) as (packet.OptAnswer | undefined)[];
    if (rcode === 'BADVERS') expect([read.rcode, opt?.extendedRcode]).toEqual(['NOERROR', 1]);
    else expect([read.rcode, opt?.extendedRcode]).toEqual([rcode, 0]);
  }

  it('of what dig printed for a classic probe', () =>
    prove(fc.array(digs, { minLength: 1, maxLength: 3 }), async (drawn) => {
      const text = drawn.map(({ rcode, time, address }) => DIG(rcode, time, address)).join('\n');
      const both = await bothOf('dns', 'gzip', gzipSync(text));
      for (const [index, { result, figures }] of both.entries()) {
        const { result: said } = result as unknown as { result: Members };
        const { rcode = '', address = '' } = drawn[index] ?? {};
        expect([figures['rcode'], said['rt'], result['dst_addr']]).toEqual([
          rcode,
          figures['rtt_ms'],
          '192.0.2.53',
        ]);
        expectDig(said, rcode, address);
      }
    }));

  describe('of probes of Globalping', () => {
    const test = (kind: AtlasKind, measurement: object, result: object) =>
      bothOf(
        kind,
        'globalping',
        Buffer.from(
          JSON.stringify({
            version: 1,
            tests: [{ target: 'example.org', measurement: { type: kind, ...measurement }, result }],
          }),
        ),
      );
    const DONE = { status: 'finished', rawOutput: 'x', resolvedAddress: '9.9.9.9', resolvedHostname: 'a' };

    it('pings and traceroutes', () =>
      prove(fc.array(orNull(ms), { minLength: 1, maxLength: 10 }), async (drawn) => {
        const rtts = drawn.filter((rtt) => rtt !== null);
        const sum = rtts.reduce((total, rtt) => total + rtt, 0);
        const figured = (value: number) => (rtts.length === 0 ? null : Math.round(value * 1000) / 1000);
        const stats = {
          ...{ total: drawn.length, rcv: rtts.length, drop: drawn.length - rtts.length, loss: 0 },
          ...{
            min: figured(Math.min(...rtts)),
            avg: figured(sum / rtts.length),
            max: figured(Math.max(...rtts)),
          },
        };
        const pinged = { ...DONE, timings: rtts.map((rtt) => ({ rtt, ttl: 5 })), stats };
        for (const { result, figures } of await test('ping', {}, pinged)) expectPing(result, figures);
        const hops = drawn.map((rtt, index) => ({
          ...{ resolvedAddress: rtt === null ? null : index === 7 ? '9.9.9.9' : `192.0.2.${index}` },
          ...{ resolvedHostname: null, timings: rtt === null ? [] : [{ rtt }] },
        }));
        for (const { result, figures } of await test('traceroute', {}, { ...DONE, hops })) {
          expect(result.result.map(({ hop }) => hop)).toEqual(
            Array.from({ length: figures['hop_count'] as number }, (_, index) => index + 1),
          );
          expectTrace(result, figures);
        }
      }));

    it('DNS and HTTP', () =>
      prove(fc.record({ dig: digs, timings }), async ({ dig: { rcode, time, address }, timings: took }) => {
        const looked = {
          ...{ status: 'finished', rawOutput: DIG(rcode, time, address), resolver: '9.9.9.9', statusCode: 0 },
          ...{ statusCodeName: rcode, answers: [{}, {}], timings: { total: time } },
        };
        for (const { result, figures } of await test('dns', { protocol: 'UDP' }, looked)) {
          const { result: said } = result as unknown as { result: Members };
          expect([said['rt'], said['ANCOUNT']]).toEqual([figures['rtt_ms'], figures['answers']]);
          expectDig(said, rcode, address);
        }
        const loaded = {
          ...{
            ...DONE,
            headers: {},
            rawHeaders: '',
            rawBody: '',
            truncated: false,
            statusCode: 404,
            tls: null,
          },
          timings: {
            ...{ total: took.total_ms, dns: took.resolve_ms, tcp: took.connect_ms, tls: null },
            ...{ firstByte: took.first_byte_ms, download: 1 },
          },
        };
        const request = { method: 'GET', path: '/', query: '' };
        for (const { result, figures } of await test('http', { protocol: 'HTTP', request }, loaded)) {
          const [first] = result.result;
          expect([first?.['res'], first?.['ttc'] ?? null, first?.['ttfb'] ?? null]).toEqual([
            figures['status'],
            figures['connect_ms'],
            figures['first_byte_ms'],
          ]);
          expect(result['uri']).toBe(figures['url']);
        }
      }));

    it('what has failed is shown as such', async () => {
      const failed = { status: 'failed', failureSource: 'target', rawOutput: 'connect ECONNREFUSED' };
      const [http] = await test('http', { protocol: 'HTTP' }, failed);
      expect(http?.result.result).toMatchObject([{ err: 'connect ECONNREFUSED' }]);
    });
  });
});
