import { type HttpParams, httpParams } from '@pladmed/protocol';
import { BYTES_AN_ACKNOWLEDGEMENT, CONNECTION_PACKETS, defineKind, type Strike } from '../kind.js';
import { httpFormat } from './http.format.js';
import { httpSummary } from './http.summary.js';

/** Of TLS, where there is any. */
const HANDSHAKE_PACKETS = 5;

function strikeOf(url: string, { method, max_body_bytes }: HttpParams): Strike {
  const bytes = method === 'HEAD' ? 0 : max_body_bytes;
  const acknowledgements = Math.ceil(bytes / BYTES_AN_ACKNOWLEDGEMENT);
  return { host: new URL(url).hostname, packets: CONNECTION_PACKETS + HANDSHAKE_PACKETS + acknowledgements };
}

export const http = defineKind({
  name: 'http',
  description: 'A request to a web server: its answer, and how long each phase took.',
  unitCost: 3,
  params: httpParams,
  strikes: (params, destinations) => destinations.map((url) => strikeOf(url, params)),
  summary: httpSummary,
  formats: { http: httpFormat },
  resultFormats: ['json'],
  example: {
    summary: 'A request, every five minutes',
    params: { urls: ['https://example.org/'], method: 'HEAD' },
    schedule: {
      type: 'interval',
      every_s: 300,
      start: '2029-12-31T00:00:00Z',
      stop: '2029-12-31T01:00:00Z',
    },
  },
});
