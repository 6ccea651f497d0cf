import { z } from 'zod';
import { jsonFormat } from '../../../results/formats/json.format.js';
import { MAX_URLS } from './http.params.js';

const ms = z.number().min(0).nullable();
const bytes = z.number().int().min(0).nullable();
const word = z.string().max(256).nullable();

/** docs/protocol.md, format `http`. Members that this server does not know stay in the raw bytes and are shown. */
const request = z.looseObject({
  url: z.string().max(2_048),
  method: z.string().max(16),
  address: z.string().max(64),
  port: z.number().int().min(1).max(65_535),
  started_at: z.string().max(40),
  status: z.number().int().min(100).max(999).nullable(),
  http_version: z.string().max(16).nullable(),
  header_bytes: bytes,
  body_bytes: bytes,
  truncated: z.boolean(),
  timings: z.looseObject({
    resolve_ms: ms,
    connect_ms: ms,
    tls_ms: ms,
    first_byte_ms: ms,
    total_ms: z.number().min(0),
  }),
  location: z.string().max(2_048).nullable(),
  tls: z
    .looseObject({
      version: word,
      cipher: word,
      alpn: word,
      authorized: z.boolean(),
      authorization_error: word,
    })
    .nullable(),
  error: word,
});

export const httpFormat = jsonFormat({
  name: 'http',
  list: 'requests',
  entry: request,
  maxEntries: MAX_URLS,
  summaryOf: ({
    url,
    method,
    address,
    status,
    header_bytes,
    body_bytes,
    truncated,
    timings,
    tls,
    error,
  }) => ({
    type: 'http',
    url,
    method,
    address,
    status,
    header_bytes,
    body_bytes,
    truncated,
    resolve_ms: timings.resolve_ms,
    connect_ms: timings.connect_ms,
    tls_ms: timings.tls_ms,
    first_byte_ms: timings.first_byte_ms,
    total_ms: timings.total_ms,
    tls_version: tls?.version ?? null,
    authorized: tls?.authorized ?? null,
    error,
  }),
});
