import { tlsParams } from '@pladmed/protocol';
import { CONNECTION_PACKETS, defineKind, toEach } from '../kind.js';
import { tlsFormat } from './tls.format.js';
import { tlsSummary } from './tls.summary.js';

/** The second flight of the client, and what acknowledges a chain of certificates. */
const HANDSHAKE_PACKETS = 5;

export const tls = defineKind({
  name: 'tls',
  description: 'A TLS handshake, and the certificate that the server shows.',
  unitCost: 2,
  params: tlsParams,
  strikes: (_params, destinations) => toEach(destinations, CONNECTION_PACKETS + HANDSHAKE_PACKETS),
  summary: tlsSummary,
  formats: { tls: tlsFormat },
  resultFormats: ['json'],
  example: {
    summary: 'A handshake, now',
    params: { fqdns: ['example.org'], alpn: ['h2', 'http/1.1'] },
    schedule: { type: 'once' },
  },
});
