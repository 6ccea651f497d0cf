import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { summarize, StreamDecoder } from '@pladmed/warts';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { type ResultFormat } from '../../src/measurement/kinds/result-formats.js';
import { type ResultEntity } from '../../src/core/ingest/result.schema.js';
import { type Summary } from '../../src/measurement/formats/summary.js';

const FIXTURES = join(import.meta.dirname, '../../warts/test/fixtures');

/** Results of scamper: a router that says that the destination cannot be reached, and a trace with answers behind its destination. */
const RAW = ['075-ping-c-2-i-0-2-10-77-99-1.warts', '2026/behind-old-udp-paris-4.warts'].map((name) =>
  readFileSync(join(FIXTURES, name)),
);
/** What was stored of them before ICMP errors were told from answers. */
const FORMER = [
  { type: 'ping', dst: '10.77.99.1', sent: 2, received: 2, duplicates: 0, loss: 0, rtt_avg_ms: 0.1 },
  { type: 'trace', dst: '10.99.6.2', reached: true, hop_count: 13, path: [], path_hash: '', rtt_ms: 41.4 },
];

/** What their summaries are now. */
export const RENEWED = RAW.map((bytes) =>
  [...new StreamDecoder().push(bytes)].flatMap((record) =>
    record.type === 'ping' || record.type === 'trace' ? [summarize(record)] : [],
  ),
);

const AT = '2026-01-01T00:00:00.000Z';
const timings = { resolve_ms: 1, connect_ms: 2, tls_ms: null, handshake_ms: null, first_byte_ms: 3 };
/** Their summaries are what they were: the times of each packet are new, which stand beside them. */
const HOP = { sent: 2, received: 2, loss: 0, rtt_min_ms: 1, rtt_avg_ms: 2, rtt_max_ms: 3, rtt_stddev_ms: 1 };
const REPORTED = {
  ...{ type: 'mtr', reached: true, hop_count: 1, path_hash: '50949c82dbeb067e', error: null },
  ...{ loss: 0, rtt_min_ms: 1, rtt_avg_ms: 2, rtt_median_ms: 2, rtt_max_ms: 3, rtt_stddev_ms: 1 },
  ...{ dst: '192.0.2.9', path: ['192.0.2.9'] },
};
const MTR = {
  ...{ ...REPORTED, destination: 'example.org', resolve_ms: 3 },
  hops: [{ address: '192.0.2.9', name: null, asn: [], ...HOP }],
};
const MTR_OF_GLOBALPING = {
  ...{ ...REPORTED, destination: 'example.org', resolve_ms: null },
  hops: [{ address: '192.0.2.9', name: 'a.example', asn: [3333], ...HOP }],
};
const documentOf = (members: object) => Buffer.from(JSON.stringify({ version: 1, ...members }));

const QUERY = { name: 'example.org', resolver: '192.0.2.53', transport: 'udp', rtt_ms: 3.5, error: null };
const REQUEST = { url: 'http://example.org/', method: 'GET', address: '192.0.2.80', status: null };
const NO_ANSWER = { header_bytes: null, body_bytes: null, error: 'timeout' };
const HANDSHAKE = {
  destination: 'example.org',
  address: '192.0.2.44',
  port: 443,
  version: null,
  cipher: null,
};
const NO_CERTIFICATE = {
  subject: null,
  issuer: null,
  not_before: null,
  not_after: null,
  fingerprint_sha256: null,
};
const REFUSED = { alpn: null, ...NO_CERTIFICATE, error: 'ECONNRESET' };
const SAMPLE = { destination: 'ntp.example', address: '192.0.2.12', port: 123, leap: 3, stratum: 0 };
const TOLD = { reference_id: '0.0.0.0', root_delay_ms: 0, root_dispersion_ms: 0, error: 'not synchronised' };

/**
 * Of each format that is a document: a result, its summary by former rules, and by those of docs/protocol.md ("dns", "Figures without
 * a basis"). The answer of the resolver is BADVERS: RFC 6891, section 6.1.3.
 */
export const FORMER_DOCUMENTS: Partial<
  Record<ResultFormat, { raw: Buffer; former: Summary; summary: Summary }>
> = {
  dns: {
    raw: documentOf({
      queries: [{ ...QUERY, type: 'A', response: 'AAGAAAAAAAAAAAABAAApBNABAAAAAAA=' }],
    }),
    former: { type: 'dns', qtype: 'A', ...QUERY, rcode: 'NOERROR', answers: 0 },
    summary: {
      ...{ type: 'dns', qtype: 'A', ...QUERY, rcode: 'BADVERS', answers: 0 },
      ...{ flags: [], edns_version: 0, answer_data: [] },
    },
  },
  http: {
    raw: documentOf({
      requests: [
        {
          ...{ ...REQUEST, port: 80, started_at: AT, http_version: null, ...NO_ANSWER, truncated: false },
          ...{ timings: { ...timings, total_ms: 9 }, location: null, tls: null },
        },
      ],
    }),
    former: { type: 'http', ...REQUEST, truncated: false, first_byte_ms: 3, total_ms: 9, error: 'timeout' },
    summary: {
      ...{ type: 'http', ...REQUEST, ...NO_ANSWER, truncated: null, resolve_ms: 1, connect_ms: 2 },
      ...{ tls_ms: null, first_byte_ms: null, total_ms: null, tls_version: null, authorized: null },
    },
  },
  tls: {
    raw: documentOf({
      handshakes: [
        {
          ...{ ...HANDSHAKE, ...REFUSED, server_name: null, started_at: AT },
          ...{
            timings: { ...timings, total_ms: 9 },
            authorized: false,
            authorization_error: '',
            chain: [],
            chain_truncated: false,
          },
        },
      ],
    }),
    former: { type: 'tls', ...HANDSHAKE, ...REFUSED, authorized: false, chain_length: 0, total_ms: 9 },
    summary: {
      ...{ type: 'tls', ...HANDSHAKE, ...REFUSED, authorized: null, authorization_error: null },
      ...{ chain_length: null, resolve_ms: 1, connect_ms: 2, handshake_ms: null, total_ms: null },
    },
  },
  ntp: {
    raw: documentOf({
      exchanges: [
        {
          ...{ ...SAMPLE, ...TOLD, sent_at: AT, resolve_ms: 1, version: 4, precision: -20, poll: 6 },
          ...{ reference_time: null, offset_ms: 1, error_ms: 2, delay_ms: 3 },
        },
      ],
    }),
    former: { type: 'ntp', ...SAMPLE, ...TOLD, offset_ms: 1, error_ms: 2, delay_ms: 3 },
    summary: { type: 'ntp', ...SAMPLE, ...TOLD, offset_ms: null, error_ms: null, delay_ms: null },
  },
  mtr: {
    raw: documentOf({
      reports: [
        {
          ...{ destination: 'example.org', address: '192.0.2.9', resolve_ms: 3, source: '192.0.2.10' },
          ...{ sent_at: AT, packets: 2, reached: true, stop_reason: 'COMPLETED', error: null },
          hops: [
            {
              ttl: 1,
              sent: 2,
              replies: [1, 3].map((rtt_ms, n) => ({ packet: n + 1, address: '192.0.2.9', rtt_ms })),
            },
          ],
        },
      ],
    }),
    former: MTR,
    summary: MTR,
  },
  globalping: {
    raw: documentOf({
      tests: [
        {
          ...{ target: 'example.org', measurement: { type: 'mtr' } },
          result: {
            ...{ status: 'finished', rawOutput: 'text', resolvedAddress: '192.0.2.9' },
            resolvedHostname: 'a.example',
            hops: [
              {
                ...{ asn: [3333], resolvedAddress: '192.0.2.9', resolvedHostname: 'a.example' },
                stats: {
                  ...{ min: 1, max: 3, avg: 2, stDev: 1, jMin: 0, jMax: 0, jAvg: 0 },
                  ...{ total: 2, rcv: 2, drop: 0, loss: 0 },
                },
                timings: [{ rtt: 1 }, { rtt: 3 }],
              },
            ],
          },
        },
      ],
    }),
    former: MTR_OF_GLOBALPING,
    summary: MTR_OF_GLOBALPING,
  },
};

/** Results as an earlier version stored them, received at `at` and before, by turns a ping and a trace. */
export function formerResults(count: number, at: Date): ResultEntity[] {
  return Array.from({ length: count }, (_, n) => {
    const received = new Date(at.getTime() - (count - n) * 1000);
    return {
      _id: new ObjectId(idBytes(received, n)),
      operation: new ObjectId(),
      probe: new ObjectId(),
      unique_code: String(n),
      outcome: 'stored',
      received_at: received,
      format: 'warts',
      raw: RAW[n % 2]!,
      summary: [{ ...FORMER[n % 2]! }],
    };
  });
}

/** An id that a server gave at this time. */
function idBytes(at: Date, n: number): string {
  const seconds = Math.floor(at.getTime() / 1000);
  return seconds.toString(16).padStart(8, '0') + n.toString(16).padStart(16, '0');
}
