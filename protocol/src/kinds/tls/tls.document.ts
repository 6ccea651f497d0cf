import { z } from 'zod';
import { defineDocument } from '../../documents/document.js';

/** Handshakes of one run. */
export const MAX_HANDSHAKES = 100;

const ms = z.number().min(0).nullable();
const word = z.string().max(256).nullable();

/** One handshake, and what came of it; docs/protocol.md, format `tls`. */
export const tlsEntry = z.looseObject({
  destination: z.string().max(255),
  server_name: word,
  address: z.string().max(64),
  port: z.number().int().min(1).max(65_535),
  started_at: z.string().max(40),
  timings: z.looseObject({ resolve_ms: ms, connect_ms: ms, handshake_ms: ms, total_ms: z.number().min(0) }),
  version: word,
  cipher: word,
  alpn: word,
  authorized: z.boolean().nullable(),
  authorization_error: word,
  chain: z.array(z.string().max(64 * 1024)).max(10),
  chain_truncated: z.boolean().nullable(),
  /** What was sent, in its order: `in_chain` is null for what does not belong to the chain. */
  sent: z
    .array(
      z.looseObject({
        fingerprint_sha256: z.string().max(64),
        subject: word,
        in_chain: z.number().int().min(0).nullable(),
      }),
    )
    .max(16)
    .optional(),
  sent_count: z.number().int().min(0).nullable().optional(),
  sent_in_order: z.boolean().nullable().optional(),
  client_certificate_requested: z.boolean().nullable().optional(),
  subject: word,
  issuer: word,
  not_before: word,
  not_after: word,
  fingerprint_sha256: word,
  error: word,
});

export const tlsDocument = defineDocument({
  name: 'tls',
  list: 'handshakes',
  entry: tlsEntry,
  maxEntries: MAX_HANDSHAKES,
});
