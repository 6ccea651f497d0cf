import { describe, expect, it } from '@jest/globals';
import { decode, summarize, type PingRecord, type TraceRecord } from '@pladmed/warts';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wholeText } from '../formats/pieces.js';
import { FORMATS, type ResultFormat } from '../kinds/result-formats.js';
import { ATLAS_TYPES, type AtlasKind, type Members, type Run, type RunResult } from './common.js';
import { atlasResults } from './present.js';

const FIXTURES = join(import.meta.dirname, '../../../warts/test/fixtures');
const STARTED = new Date('2026-11-30T02:00:00.400Z');
const RECEIVED = new Date('2026-11-30T02:00:07.900Z');

function runOf(
  kind: AtlasKind,
  result: Partial<RunResult> = {},
  params: object = {},
  more: object = {},
): Run {
  return {
    ...{ msm: 1_000_017, prb: 12, kind, params: { ...params }, stepS: 240, version: '0.1.0' },
    result: {
      ...{ outcome: 'stored', started_at: STARTED, received_at: RECEIVED, duration_ms: 2_000 },
      ...result,
    },
    ...more,
  };
}

/** As clients get it. */
const wire = (run: Run, decoded: unknown) =>
  JSON.parse(JSON.stringify(atlasResults(run, decoded))) as (Members & { result: Members[] })[];

async function shown(
  format: ResultFormat,
  raw: Buffer,
): Promise<{ decoded: unknown; result: Partial<RunResult> }> {
  const decoded: unknown = JSON.parse(await wholeText(FORMATS[format].present(raw, 'json')));
  const { summary } = await FORMATS[format].digest(raw);
  return { decoded, result: { summary } };
}

interface Fixture {
  name: string;
  kind: 'ping' | 'traceroute';
  raw: Buffer;
  record: PingRecord | TraceRecord;
}

/** What real versions of scamper wrote of one ping or trace, with its own files' names. */
const FIXTURE_NAMES = ['', '2026'].flatMap((folder) =>
  readdirSync(join(FIXTURES, folder))
    .filter((name) => name.endsWith('.warts'))
    .map((name) => join(folder, name)),
);
const MEASURED = FIXTURE_NAMES.flatMap((name): Fixture[] => {
  const raw = readFileSync(join(FIXTURES, name));
  const records = decode(raw).records.filter(({ type }) => type === 'ping' || type === 'trace');
  const [record] = records;
  if (records.length !== 1 || (record?.type !== 'ping' && record?.type !== 'trace')) return [];
  return [{ name, kind: record.type === 'ping' ? 'ping' : 'traceroute', raw, record }];
});

describe('results of Atlas', () => {
  it('have the members that all types have, in whole seconds', () => {
    const run = runOf(
      'ping',
      { outcome: 'failed', failure: { reason: 'timeout', detail: '' } },
      { ips: ['192.0.2.1'] },
    );
    const [result] = wire(
      { ...run, result: { ...run.result, clock: { offset_ms: 1, error_ms: 1, source: 'ntp', age_s: 17.4 } } },
      null,
    );
    expect(result).toMatchObject({
      ...{ fw: 5080, mver: 'pladmed-0.1.0', type: 'ping', msm_name: 'Ping', msm_id: 1_000_017, prb_id: 12 },
      ...{ timestamp: 1796004000, stored_timestamp: 1796004007, lts: 17, from: '', step: 240 },
    });
    const [once] = wire({ ...run, stepS: undefined, version: undefined }, null);
    expect(once).toMatchObject({ lts: -1, mver: 'pladmed-unknown' });
    expect(once).not.toHaveProperty('step');
  });

  it('say nothing of runs that were missed', () => {
    for (const reason of ['missed', 'given_up'])
      expect(
        wire(
          runOf('ping', { outcome: 'failed', failure: { reason, detail: '' } }, { ips: ['192.0.2.1'] }),
          null,
        ),
      ).toEqual([]);
  });

  const pings = MEASURED.filter(({ kind }) => kind === 'ping');
  it.each(pings)('of a ping have the figures of the platform: $name', async ({ raw, record }) => {
    const { decoded, result } = await shown('warts', raw);
    const [ping, ...others] = wire(runOf('ping', result, { ips: ['192.0.2.1'] }), decoded);
    const figures = summarize(record as PingRecord);
    expect(others).toEqual([]);
    expect(ping).toMatchObject({
      ...{ sent: figures.sent, rcvd: figures.received, dup: figures.duplicates },
      ...{ min: figures.rtt_min_ms ?? -1, avg: figures.rtt_avg_ms ?? -1, max: figures.rtt_max_ms ?? -1 },
      ...{ dst_addr: figures.dst, af: figures.dst.includes(':') ? 6 : 4 },
    });
    const packets = ping!.result;
    expect(packets).toHaveLength(figures.sent + figures.duplicates);
    expect(packets.filter((packet) => 'rtt' in packet && !('dup' in packet))).toHaveLength(figures.received);
    expect(packets.filter((packet) => packet['x'] === '*')).toHaveLength(figures.sent - figures.received);
    expect(packets.filter((packet) => packet['dup'] === 1)).toHaveLength(figures.duplicates);
    expect(['ICMP', 'TCP', 'UDP']).toContain(ping!['proto']);
  });

  const traces = MEASURED.filter(({ kind }) => kind === 'traceroute');
  it.each(traces)('of a traceroute have each hop once, without gaps: $name', async ({ raw, record }) => {
    const { decoded, result } = await shown('warts', raw);
    const [trace] = wire(runOf('traceroute', result, { ips: ['192.0.2.1'] }), decoded);
    const { first_hop, hops, hop_count } = record as TraceRecord;
    const answered = hops.filter(({ probe_ttl }) => probe_ttl >= first_hop);
    const numbers = trace!.result.map(({ hop }) => hop as number);
    expect(numbers).toEqual(Array.from(numbers, (_, index) => first_hop + index));
    expect(numbers.at(-1) ?? 0).toBe(
      Math.max(hop_count < first_hop ? 0 : hop_count, ...answered.map(({ probe_ttl }) => probe_ttl)),
    );
    const replies = trace!.result.flatMap(({ hop, result: of }) =>
      (of as Members[]).map((reply): Members & { hop: unknown } => ({ ...reply, hop })),
    );
    // the decoder prints three decimals of a millisecond, as scamper does
    expect(
      replies
        .filter((reply) => 'from' in reply)
        .map((reply): unknown[] => [reply.hop, reply['from'], reply['rtt']]),
    ).toEqual(answered.map(({ probe_ttl, addr, rtt_us }) => [probe_ttl, addr.toString(), rtt_us / 1000]));
    expect(trace).toMatchObject({ paris_id: 1, endtime: 1796004002 });
  });

  it('of a UDP traceroute do not call the answer of the destination an error, but that of a router', async () => {
    const reached = traces.find(({ record }) => {
      const { method, hops, dst } = record as TraceRecord;
      const last = hops.at(-1);
      // 5: udp-paris (warts(5)); RFC 792: 3/3 is port unreachable
      return (
        method === 5 && last?.icmp_type === 3 && last.icmp_code === 3 && String(last.addr) === String(dst)
      );
    });
    const { decoded } = await shown('warts', reached!.raw);
    const record = (decoded as { hops?: { addr: string; icmp_code: number }[] }[]).find(({ hops }) => hops);
    const lastReply = (of: unknown) =>
      (
        wire(runOf('traceroute', {}, { ips: ['192.0.2.1'] }), of)[0]!.result.at(-1)!['result'] as Members[]
      ).at(-1);
    expect(lastReply(decoded)).not.toHaveProperty('err');
    const said = (code: number) => {
      const changed = structuredClone(record!);
      Object.assign(changed.hops!.at(-1)!, { addr: '10.77.4.2', icmp_code: code });
      return lastReply([changed]);
    };
    expect([0, 1, 2, 3, 13, 5].map((code) => said(code)?.['err'])).toEqual(['N', 'H', 'P', 'p', 'A', 5]);
  });

  it('have MPLS labels', () => {
    // RFC 4950: label 16004, TC 0, bottom of stack, TTL 1
    const hop = {
      ...{
        addr: '192.0.2.9',
        probe_ttl: 1,
        rtt: 1.5,
        reply_ttl: 254,
        reply_size: 140,
        icmp_type: 11,
        icmp_code: 0,
      },
      icmpext: [
        {
          ie_cn: 1,
          ie_ct: 1,
          ie_dl: 4,
          mpls_labels: [{ mpls_ttl: 1, mpls_s: 1, mpls_exp: 0, mpls_label: 16_004 }],
        },
      ],
    };
    const record = {
      type: 'trace',
      userid: 1,
      dst: '192.0.2.1',
      method: 'udp-paris',
      firsthop: 1,
      hop_count: 2,
      attempts: 3,
      hops: [hop],
    };
    const [trace] = wire(runOf('traceroute', {}, { ips: ['192.0.2.1'] }), [record]);
    expect(trace!.result).toEqual([
      {
        hop: 1,
        result: [
          {
            ...{ from: '192.0.2.9', rtt: 1.5, size: 140, ttl: 254 },
            icmpext: {
              version: 2,
              rfc4884: 1,
              obj: [{ class: 1, type: 1, mpls: [{ label: 16_004, exp: 0, s: 1, ttl: 1 }] }],
            },
          },
        ],
      },
      { hop: 2, result: [{ x: '*' }, { x: '*' }, { x: '*' }] },
    ]);
  });

  it('are one for each destination, in order, measured or not', () => {
    const record = (userid: number, dst: string) => ({
      ...{ type: 'ping', userid, dst, src: '192.0.2.7', method: 'icmp-echo', ping_sent: 1, probe_size: 84 },
      responses: [
        { from: dst, seq: 0, reply_ttl: 60, reply_proto: 'icmp', rtt: 2.5, icmp_type: 0, icmp_code: 0 },
      ],
    });
    const measured = { resolve_ms: 3.5, error: null };
    const destinations = [
      { destination: 'a.example', address: '192.0.2.1', ...measured },
      { destination: 'gone.example', address: null, resolve_ms: null, error: 'NXDOMAIN' },
      { destination: 'far.example', address: '192.0.2.3', resolve_ms: 1, error: 'EHOSTUNREACH' },
      { destination: 'b.example', address: '192.0.2.1', ...measured },
    ];
    const figures = { rtt_min_ms: 2.5, rtt_avg_ms: 2.5, rtt_max_ms: 2.5 };
    const results = wire(runOf('ping', { destinations, summary: [figures, {}, {}, figures] }), [
      record(4, '192.0.2.1'),
      record(1, '192.0.2.1'),
    ]);
    expect(results.map(({ dst_name, dst_addr, sent, avg }) => [dst_name, dst_addr, sent, avg])).toEqual([
      ['a.example', '192.0.2.1', 1, 2.5],
      ['gone.example', undefined, 0, -1],
      ['far.example', '192.0.2.3', 0, -1],
      ['b.example', '192.0.2.1', 1, 2.5],
    ]);
    expect(results[0]).toMatchObject({ ttr: 3.5, size: 56, ttl: 60, result: [{ rtt: 2.5, ttl: 60 }] });
    expect(results[1]).toMatchObject({ dnserr: 'NXDOMAIN', result: [{ error: 'NXDOMAIN' }] });
    expect(results[2]).not.toHaveProperty('dnserr');
  });

  describe('of dns', () => {
    // dig 9.18 of `id.server. CH TXT`: header and question, and one record
    const message = Buffer.concat([
      Buffer.from('123481800001000100000000026964067365727665720000100003', 'hex'),
      Buffer.from('c00c0010000300000000000403616263', 'hex'),
    ]);
    const entry = {
      name: 'id.server',
      type: 'TXT',
      resolver: '192.0.2.53',
      transport: 'udp',
      sent_at: STARTED.toISOString(),
      rtt_ms: 1.25,
      response: message.toString('base64'),
    };

    it('have the message whole, its counts, and texts written out', () => {
      const [dns] = wire(runOf('dns', {}, { resolver: '192.0.2.53' }), [entry]);
      expect(dns).toMatchObject({
        ...{ proto: 'UDP', af: 4, dst_addr: '192.0.2.53', dst_name: '192.0.2.53' },
        result: {
          ...{ abuf: entry.response, ID: 0x1234, QDCOUNT: 1, ANCOUNT: 1, NSCOUNT: 0, ARCOUNT: 0 },
          ...{ size: message.length, rt: 1.25 },
          answers: [{ TYPE: 'TXT', NAME: 'id.server.', TTL: 0, RDATA: ['abc'] }],
        },
      });
      expect(dns).not.toHaveProperty('resultset');
    });

    it('of several tries are a set', () => {
      const lost = {
        ...entry,
        resolver: '2001:db8::53',
        transport: 'tcp',
        rtt_ms: null,
        response: null,
        error: 'timeout',
      };
      const [dns, ...others] = wire(runOf('dns'), [lost, entry]);
      expect(others).toEqual([]);
      expect(dns).not.toHaveProperty('result');
      expect(dns!['resultset']).toMatchObject([
        {
          subid: 1,
          submax: 2,
          af: 6,
          proto: 'TCP',
          dst_port: '53',
          error: { timeout: 5000 },
          lts: -1,
          time: 1796004000,
        },
        { subid: 2, submax: 2, af: 4, result: { abuf: entry.response } },
      ]);
    });

    it('say in one of three words what could not be done', () => {
      const failed = (reason: string) =>
        wire(
          runOf('dns', { outcome: 'failed', failure: { reason, detail: 'why' } }, { fqdns: ['example.org'] }),
          null,
        )[0]?.['error'];
      expect(['timeout', 'unresolved', 'refused'].map(failed)).toEqual([
        { timeout: 5000 },
        { getaddrinfo: 'unresolved: why' },
        { socket: 'refused: why' },
      ]);
    });

    it('of any bytes have the bytes, and a count or an error', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
          const response = Buffer.from(bytes).toString('base64');
          const [dns] = wire(runOf('dns'), [{ ...entry, response }]);
          const { result, error } = dns as Members;
          if (bytes.length < 12) expect(error).toHaveProperty('socket');
          else expect(result).toMatchObject({ abuf: response, size: bytes.length });
        }),
      );
    });
  });

  describe('of http, sslcert and ntp', () => {
    const timings = { resolve_ms: 5, connect_ms: 1.5, tls_ms: null, first_byte_ms: 2, total_ms: 12.25 };
    const request = {
      ...{
        url: 'http://example.org/x',
        method: 'GET',
        address: '2001:db8::80',
        port: 80,
        started_at: STARTED.toISOString(),
      },
      ...{ status: 404, http_version: '1.1', header_bytes: 120, body_bytes: 9, truncated: false, timings },
      ...{ location: null, tls: null, error: null },
    };

    it('have what a request took from its connection on', () => {
      expect(wire(runOf('http'), [request])).toMatchObject([
        {
          ...{ uri: 'http://example.org/x', dst_name: 'example.org', ttr: 5 },
          result: [
            {
              af: 6,
              method: 'GET',
              res: 404,
              rt: 7.25,
              hsize: 120,
              bsize: 9,
              ver: '1.1',
              dst_addr: '2001:db8::80',
              ttc: 1.5,
              ttfb: 2,
            },
          ],
        },
      ]);
      const [failed] = wire(runOf('http'), [{ ...request, status: null, error: 'ECONNREFUSED' }]);
      expect(failed!.result).toEqual([
        { af: 6, method: 'GET', dst_addr: '2001:db8::80', err: 'ECONNREFUSED' },
      ]);
    });

    const PEM = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n';
    const handshake = {
      ...{
        destination: 'example.org',
        server_name: null,
        address: '192.0.2.44',
        port: 8443,
        started_at: STARTED.toISOString(),
      },
      ...{
        timings: { resolve_ms: null, connect_ms: 1.1, handshake_ms: 2.2, total_ms: 3.5 },
        version: 'TLSv1.3',
      },
      ...{
        cipher: 'TLS_AES_256_GCM_SHA384',
        alpn: null,
        authorized: false,
        authorization_error: 'X',
        chain: [PEM, PEM],
      },
      ...{
        chain_truncated: false,
        subject: 'CN=a',
        issuer: 'CN=b',
        not_before: null,
        not_after: null,
        fingerprint_sha256: null,
        error: null,
      },
    };

    it('have certificates as they came, and the port as text', () => {
      expect(wire(runOf('tls'), [handshake])).toMatchObject([
        {
          ...{
            type: 'sslcert',
            msm_name: 'Sslcert',
            method: 'TLS',
            ver: '1.3',
            dst_port: '8443',
            cert: [PEM, PEM],
          },
          ...{
            rt: 3.3,
            ttc: 1.1,
            server_cipher: 'TLS_AES_256_GCM_SHA384',
            dst_name: 'example.org',
            dst_addr: '192.0.2.44',
          },
        },
      ]);
      const ended = {
        ...handshake,
        chain: [],
        version: null,
        cipher: null,
        timings: { ...handshake.timings, handshake_ms: null },
      };
      const [alert, reset] = wire(runOf('tls'), [
        // Node 20's word for the alert of RFC 8446, section 6.2
        { ...ended, error: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' },
        { ...ended, error: 'ECONNRESET' },
      ]);
      expect(alert).toMatchObject({ alert: { level: 2, description: 70 } });
      expect(alert).not.toHaveProperty('err');
      expect(reset).toMatchObject({ err: 'ECONNRESET', ttc: 1.1 });
      expect(reset).not.toHaveProperty('rt');
    });

    const exchange = {
      ...{
        destination: 'ntp.example',
        address: '192.0.2.12',
        port: 123,
        resolve_ms: null,
        sent_at: '2026-11-30T02:00:00.500Z',
      },
      ...{ version: 4, leap: 0, stratum: 2, precision: -20, root_delay_ms: 15, root_dispersion_ms: 2.5 },
      ...{
        reference_id: '192.0.2.1',
        reference_time: '2026-11-30T01:59:00.000Z',
        offset_ms: 250,
        error_ms: 5,
        delay_ms: 40,
        error: null,
      },
    };
    const silent = {
      ...exchange,
      version: null,
      leap: null,
      stratum: null,
      precision: null,
      root_delay_ms: null,
      root_dispersion_ms: null,
      reference_id: null,
      reference_time: null,
      offset_ms: null,
      error_ms: null,
      delay_ms: null,
      error: 'timeout',
    };

    it('have seconds since 1900, and the offset of the client against the server', () => {
      const [ntp] = wire(runOf('ntp'), [exchange, silent]);
      expect(ntp).toMatchObject({
        ...{
          proto: 'UDP',
          li: 'no',
          mode: 'server',
          version: 4,
          stratum: 2,
          precision: 2 ** -20,
          'ref-id': '192.0.2.1',
        },
        ...{ 'root-delay': 0.015, 'root-dispersion': 0.0025 },
        // 2026-11-30T01:59:00Z is 1796003940 (date -u +%s)
        'ref-ts': 1796003940 + 2_208_988_800,
      });
      const [sample, lost] = ntp!.result;
      const origin = 1796004000.5 + 2_208_988_800;
      expect(sample).toEqual({
        ...{ rtt: 0.04, offset: -0.25, 'origin-ts': origin, 'final-ts': origin + 0.04 },
        'receive-ts': expect.closeTo(origin + 0.02 + 0.25, 5),
        'transmit-ts': expect.closeTo(origin + 0.02 + 0.25, 5),
      });
      expect(lost).toEqual({ x: '*' });
      expect(ntp).not.toHaveProperty('err');
    });

    it('of ntp say why there is no time', () => {
      const [unusable] = wire(runOf('ntp'), [
        { ...exchange, leap: 3, offset_ms: null, delay_ms: null, error: 'not synchronised' },
      ]);
      expect(unusable).toMatchObject({ li: 'unknown', err: 'not synchronised' });
      const [gone] = wire(runOf('ntp'), [silent]);
      expect(gone).toMatchObject({ result: [{ x: '*' }] });
      expect(gone).not.toHaveProperty('err');
    });

    it('is what RFC 5905, section 8, computes of the stamps', () => {
      const ms = fc.integer({ min: -1_000_000, max: 1_000_000 });
      fc.assert(
        fc.property(ms, fc.integer({ min: 0, max: 60_000 }), (offset_ms, delay_ms) => {
          const [sample] = wire(runOf('ntp'), [{ ...exchange, offset_ms, delay_ms }])[0]!.result;
          const [t1, t2, t3, t4] = ['origin-ts', 'receive-ts', 'transmit-ts', 'final-ts'].map(
            (name) => sample![name] as number,
          ) as [number, number, number, number];
          // doubles of this size have steps of half a microsecond
          expect((t2 - t1 + (t3 - t4)) / 2).toBeCloseTo(-(sample!['offset'] as number), 5);
          expect(t4 - t1 - (t3 - t2)).toBeCloseTo(sample!['rtt'] as number, 5);
        }),
      );
    });
  });

  it('of what failed have no round-trip time, whatever the kind and the reason, and one for each destination', () => {
    const asked: Record<AtlasKind, object> = {
      ping: { ips: ['192.0.2.1'], fqdns: ['a.example'] },
      traceroute: { ips: ['2001:db8::1', '192.0.2.1'], method: 'icmp-paris' },
      dns: { fqdns: ['a.example', 'b.example'], resolver: '192.0.2.53' },
      http: { urls: ['http://a.example/', 'https://[2001:db8::1]/x'] },
      tls: { fqdns: ['a.example', 'b.example'] },
      ntp: { fqdns: ['a.example', 'b.example'] },
    };
    const reasons = [
      'refused',
      'unresolved',
      'resolver_failed',
      'no_family',
      'nothing_sent',
      'timeout',
      'tool_missing',
      'tool_failed',
      'bad_params',
    ];
    for (const kind of Object.keys(ATLAS_TYPES) as AtlasKind[]) {
      for (const reason of reasons) {
        const failed = { outcome: 'failed' as const, failure: { reason, detail: 'why' } };
        const results = wire(runOf(kind, failed, asked[kind]), null);
        expect(results).toHaveLength(2);
        for (const result of results) {
          const text = JSON.stringify(result);
          expect(text).not.toMatch(/"rtt"|"rt"|null/);
          expect(text).toMatch(kind === 'ntp' && reason === 'timeout' ? /"x"/ : /why|"timeout":5000/);
        }
      }
    }
  });

  it('of bytes that are not kept say so', () => {
    expect(wire(runOf('ping', {}, { ips: ['192.0.2.1'] }), null)).toMatchObject([
      { sent: 0, result: [{ error: 'the raw bytes are not kept' }] },
    ]);
  });
});
