import { httpDocument } from '@pladmed/protocol';
import type { z } from 'zod';
import { jsonFormat } from '../../formats/json.format.js';
import { type httpFigures } from './http.summary.js';

export const httpFormat = jsonFormat(
  httpDocument,
  2,
  ({
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
  }): z.infer<typeof httpFigures> => ({
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
  ({ status, body_bytes, error }) => [
    ...(status === null ? ['first_byte_ms'] : []),
    ...(body_bytes === null ? ['truncated'] : []),
    ...(error === null ? [] : ['total_ms']),
  ],
);
