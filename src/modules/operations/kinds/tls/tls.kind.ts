import { defineKind } from '../kind.js';
import { tlsFormat } from './tls.format.js';
import { MAX_HANDSHAKES, TlsParams } from './tls.params.js';

export const tls = defineKind({
  name: 'tls',
  unitCost: 2,
  paramsClass: TlsParams,
  maxDestinations: MAX_HANDSHAKES,
  formats: { tls: tlsFormat },
  resultFormats: ['json'],
  example: {
    summary: 'A handshake, now',
    params: { fqdns: ['example.org'], alpn: ['h2', 'http/1.1'] },
    schedule: { type: 'once' },
  },
});
