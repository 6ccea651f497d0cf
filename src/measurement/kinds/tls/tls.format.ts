import { tlsDocument } from '@pladmed/protocol';
import type { z } from 'zod';
import { jsonFormat } from '../../formats/json.format.js';
import { type tlsFigures } from './tls.summary.js';

export const tlsFormat = jsonFormat(
  tlsDocument,
  2,
  ({
    destination,
    address,
    port,
    timings,
    chain,
    chain_truncated,
    error,
    ...found
  }): z.infer<typeof tlsFigures> => ({
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
    chain_length: chain_truncated === true ? null : chain.length,
    resolve_ms: timings.resolve_ms,
    connect_ms: timings.connect_ms,
    handshake_ms: timings.handshake_ms,
    total_ms: timings.total_ms,
    error,
  }),
  ({ handshake_ms, chain_length, error }) => [
    ...(handshake_ms === null ? ['authorized', 'authorization_error'] : []),
    ...(chain_length === 0 ? ['chain_length'] : []),
    ...(error === null ? [] : ['total_ms']),
  ],
);
