import { z } from 'zod';
import { defineDocument } from '../../documents/document.js';

/** Requests of one run. */
export const MAX_URLS = 100;

const ms = z.number().min(0).nullable();
const bytes = z.number().int().min(0).nullable();
const word = z.string().max(256).nullable();

/** Of the server's own certificate. */
const certificate = z.looseObject({
  subject_cn: word,
  alt_names: z.string().max(1_024).nullable(),
  issuer_cn: word,
  issuer_o: word,
  issuer_c: word,
  not_before: word,
  not_after: word,
  serial: word,
  fingerprint_sha256: word,
  key_type: word,
  key_bits: z.number().int().min(0).nullable(),
});

/** One request, and what came back; docs/protocol.md, format `http`. */
export const httpEntry = z.looseObject({
  url: z.string().max(2_048),
  method: z.string().max(16),
  address: z.string().max(64),
  port: z.number().int().min(1).max(65_535),
  started_at: z.string().max(40),
  /** Any three digits (RFC 9110, section 15): what an invalid one means is for the reader to say. */
  status: z.number().int().min(0).max(999).nullable(),
  http_version: z.string().max(16).nullable(),
  header_bytes: bytes,
  body_bytes: bytes,
  truncated: z.boolean().nullable(),
  timings: z.looseObject({
    resolve_ms: ms,
    connect_ms: ms,
    tls_ms: ms,
    first_byte_ms: ms,
    total_ms: z.number().min(0),
  }),
  location: z.string().max(2_048).nullable(),
  content_type: word.optional(),
  content_length: bytes.optional(),
  server: word.optional(),
  tls: z
    .looseObject({
      version: word,
      cipher: word,
      alpn: word,
      authorized: z.boolean().nullable(),
      authorization_error: word,
      client_certificate_requested: z.boolean().nullable().optional(),
      certificate: certificate.nullable().optional(),
    })
    .nullable(),
  /** Words for what the server should not have sent, and what was read all the same. */
  irregular: z.array(z.string().max(64)).max(32).optional(),
  error: word,
});

export const httpDocument = defineDocument({
  name: 'http',
  list: 'requests',
  entry: httpEntry,
  maxEntries: MAX_URLS,
});
