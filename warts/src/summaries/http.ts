import { HttpBufferKind, type HttpBuffer, type HttpRecord } from '../records/http.js';
import type { Timeval } from '../records/types.js';
import { between } from './delays.js';

/** A request for one URL in figures. Milliseconds have at most three decimals and are null where nothing tells. */
export interface HttpSummary {
  type: 'http';
  src: string | null;
  dst: string | null;
  start: Timeval;
  url: string | null;
  stop: string;
  /** Of the first answer; null without one. */
  status: number | null;
  /** RTT of the TCP handshake. */
  handshake_ms: number | null;
  /** From the first byte of the request to the first byte of the answer's header. */
  first_byte_ms: number | null;
  /** From the start to the last byte either way. */
  total_ms: number | null;
  /** Bytes of headers and bodies, decrypted; and of records of TLS. */
  bytes_sent: number;
  bytes_received: number;
  tls_bytes_sent: number;
  tls_bytes_received: number;
}

const STOPS = ['none', 'halted', 'noconn', 'done', 'error', 'timeout', 'insecure'];
const HTTP = 1;

/** @internal */
export function summarizeHttp(http: HttpRecord): HttpSummary {
  const content = http.buffers.filter(({ kind }) => kind !== HttpBufferKind.Tls);
  const tls = http.buffers.filter(({ kind }) => kind === HttpBufferKind.Tls);
  const request = content.find(({ sent }) => sent);
  const answer = content.find(({ sent }) => !sent);
  const last = http.buffers.at(-1);
  return {
    type: 'http',
    src: http.src?.toString() ?? null,
    dst: http.dst?.toString() ?? null,
    start: http.start,
    url: urlOf(http),
    stop: STOPS[http.stop] ?? String(http.stop),
    status: answer === undefined ? null : statusOf(answer),
    handshake_ms: http.handshake_rtt_us === undefined ? null : http.handshake_rtt_us / 1000,
    first_byte_ms:
      request === undefined || answer === undefined ? null : between(request.time, answer.time) / 1000,
    total_ms: last === undefined ? null : between(http.start, last.time) / 1000,
    bytes_sent: bytesOf(content, true),
    bytes_received: bytesOf(content, false),
    tls_bytes_sent: bytesOf(tls, true),
    tls_bytes_received: bytesOf(tls, false),
  };
}

function urlOf({ scheme, host, file }: HttpRecord): string | null {
  return host === undefined ? null : `${scheme === HTTP ? 'http' : 'https'}://${host}${file ?? ''}`;
}

function statusOf({ data }: HttpBuffer): number | null {
  const line = /^HTTP\/[\d.]+ (\d{3})/.exec(String.fromCharCode(...data.subarray(0, 16)));
  return line === null ? null : Number(line[1]);
}

/** scamper puts a NUL byte behind each header that it sent, which did not go over the line. */
function bytesOf(buffers: readonly HttpBuffer[], sent: boolean): number {
  return buffers
    .filter((buffer) => buffer.sent === sent)
    .reduce((sum, { kind, data }) => {
      const isPadded = sent && kind === HttpBufferKind.Header && data.at(-1) === 0;
      return sum + data.length - (isPadded ? 1 : 0);
    }, 0);
}
