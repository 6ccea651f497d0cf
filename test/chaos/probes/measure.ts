import { gzipSync } from 'node:zlib';
import {
  type ClockEstimate,
  type FailedItem,
  type FailureReason,
  type ResultItem,
} from '../../../probe/src/protocol/protocol.js';
import { type KindName } from '../../../src/measurement/kinds/index.js';
import { pingWarts } from '../../bench/warts-sample.js';
import { digestOf } from './diary.js';

/** Where a gzip file (RFC 1952) has its MTIME: four bytes that say nothing about what is in it. */
const GZIP_MTIME_AT = 4;
const WARTS = gzipSync(pingWarts());
const FORMATS: Record<string, string> = {
  ping: 'warts',
  traceroute: 'warts',
  dns: 'dns',
  http: 'http',
  tls: 'tls',
  ntp: 'ntp',
  mtr: 'mtr',
} satisfies Record<KindName, string>;

/** A clock as a probe reports it, and what its host's clock is off by, in ms. */
export interface ProbeClock {
  estimate: ClockEstimate;
  skewMs: number;
}

/** What a run brought back: a document of its kind whose bytes are those of no other run, unless `bytes` more are wanted. */
export function result(
  operation: { operation_id: string; kind: string },
  scheduledAt: number,
  clock: ProbeClock,
  { mark, bytes = 0 }: { mark: string; bytes?: number },
): ResultItem {
  const format = FORMATS[operation.kind] ?? 'dns';
  return {
    operation_id: operation.operation_id,
    scheduled_at: new Date(scheduledAt).toISOString(),
    started_at: new Date(scheduledAt + 3 + clock.skewMs).toISOString(),
    duration_ms: 12,
    clock: clock.estimate,
    format,
    content: contentOf(format, mark, bytes),
  };
}

export function failure(
  operation_id: string,
  scheduledAt: number,
  reason: FailureReason,
  { estimate }: ProbeClock,
): FailedItem {
  const detail = `nothing came of it: ${reason}`;
  return { operation_id, scheduled_at: new Date(scheduledAt).toISOString(), reason, detail, clock: estimate };
}

function contentOf(format: string, mark: string, bytes: number): Buffer {
  if (format === 'warts') {
    const file = Buffer.from(WARTS);
    Buffer.from(digestOf(Buffer.from(mark)).slice(0, 8), 'hex').copy(file, GZIP_MTIME_AT);
    return file;
  }
  return Buffer.from(JSON.stringify({ ...DOCUMENTS[format], run: mark, padding: 'x'.repeat(bytes) }));
}

const AT = '2026-01-01T00:00:00.000Z';
const DOCUMENTS: Record<string, object> = {
  dns: {
    version: 1,
    queries: [
      {
        name: 'example.org',
        type: 'A',
        resolver: '192.0.2.53',
        port: 53,
        transport: 'udp',
        sent_at: AT,
        rtt_ms: 12.5,
        query: 'AAEBAAABAAAAAAAAB2V4YW1wbGUDb3JnAAABAAE=',
        response: 'AAGBgAABAAEAAAAAB2V4YW1wbGUDb3JnAAABAAHADAABAAEAAAA8AATAAAIB',
        error: null,
      },
    ],
  },
  http: {
    version: 1,
    requests: [
      {
        url: 'https://example.org/',
        method: 'GET',
        address: '192.0.2.80',
        port: 443,
        started_at: AT,
        status: null,
        http_version: null,
        header_bytes: null,
        body_bytes: null,
        truncated: false,
        timings: { resolve_ms: 1, connect_ms: null, tls_ms: null, first_byte_ms: null, total_ms: 9 },
        location: null,
        content_type: null,
        content_length: null,
        server: null,
        tls: null,
        error: 'ECONNREFUSED',
      },
    ],
  },
  tls: {
    version: 1,
    handshakes: [
      {
        destination: 'example.org',
        server_name: 'example.org',
        address: '192.0.2.80',
        port: 443,
        started_at: AT,
        timings: { resolve_ms: 1, connect_ms: null, handshake_ms: null, total_ms: 9 },
        version: null,
        cipher: null,
        alpn: null,
        authorized: null,
        authorization_error: null,
        chain: [],
        chain_truncated: null,
        subject: null,
        issuer: null,
        not_before: null,
        not_after: null,
        fingerprint_sha256: null,
        error: 'ECONNREFUSED',
      },
    ],
  },
  ntp: {
    version: 1,
    exchanges: [
      {
        destination: 'time.example.org',
        address: '192.0.2.123',
        port: 123,
        resolve_ms: 1,
        sent_at: AT,
        version: null,
        leap: null,
        stratum: null,
        poll: null,
        precision: null,
        root_delay_ms: null,
        root_dispersion_ms: null,
        reference_id: null,
        reference_time: null,
        offset_ms: null,
        delay_ms: null,
        error_ms: null,
        error: 'timeout',
      },
    ],
  },
  mtr: {
    version: 1,
    reports: [
      {
        destination: '192.0.2.1',
        address: '192.0.2.1',
        resolve_ms: null,
        source: '192.0.2.10',
        sent_at: AT,
        packets: 1,
        reached: true,
        stop_reason: 'COMPLETED',
        hops: [{ ttl: 1, sent: 1, replies: [{ packet: 1, address: '192.0.2.1', rtt_ms: 0.5 }] }],
        error: null,
      },
    ],
  },
};
