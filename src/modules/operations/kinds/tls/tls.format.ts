import { z } from 'zod';
import { jsonFormat } from '../../../results/formats/json.format.js';
import { MAX_HANDSHAKES } from './tls.params.js';

const ms = z.number().min(0).nullable();
const word = z.string().max(256).nullable();

/** docs/protocol.md, format `tls`. Members that this server does not know stay in the raw bytes and are shown. */
const handshake = z.looseObject({
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
  chain_truncated: z.boolean(),
  subject: word,
  issuer: word,
  not_before: word,
  not_after: word,
  fingerprint_sha256: word,
  error: word,
});

export const tlsFormat = jsonFormat({
  name: 'tls',
  list: 'handshakes',
  entry: handshake,
  maxEntries: MAX_HANDSHAKES,
  summaryOf: ({ destination, address, port, timings, chain, error, ...found }) => ({
    type: 'tls',
    destination,
    address,
    port,
    version: found.version,
    cipher: found.cipher,
    alpn: found.alpn,
    authorized: found.authorized,
    authorization_error: found.authorization_error,
    subject: found.subject,
    issuer: found.issuer,
    not_before: found.not_before,
    not_after: found.not_after,
    fingerprint_sha256: found.fingerprint_sha256,
    chain_length: chain.length,
    resolve_ms: timings.resolve_ms,
    connect_ms: timings.connect_ms,
    handshake_ms: timings.handshake_ms,
    total_ms: timings.total_ms,
    error,
  }),
});
