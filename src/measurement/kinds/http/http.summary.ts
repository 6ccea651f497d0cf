import { z } from 'zod';
import { count, failure, milliseconds, shape, unreadable, words } from '../../formats/summary.members.js';

/** Figures of one request; what was not reached is null. */
export const httpFigures = z.strictObject({
  type: shape('http'),
  url: z.string().meta({ description: 'As asked for.' }),
  method: z.string().meta({ description: 'Request method.' }),
  address: z.string().meta({ description: 'Address that was connected to.' }),
  status: count('Status code of the answer (RFC 9110).'),
  header_bytes: count('Size of the header of the answer, in bytes.'),
  body_bytes: count('What was read of the body, in bytes.'),
  truncated: z.boolean().nullable().meta({ description: 'Whether the body went on beyond that.' }),
  resolve_ms: milliseconds('Time that the name took, in milliseconds; null for an address.'),
  connect_ms: milliseconds('Time that the TCP connection took, in milliseconds.'),
  tls_ms: milliseconds('Time that the TLS handshake took, in milliseconds; null for `http`.'),
  first_byte_ms: milliseconds('Time from the request to the first byte of the answer, in milliseconds.'),
  total_ms: milliseconds('Time of all together, in milliseconds; null beside an error.'),
  tls_version: words('`TLSv1.2` or `TLSv1.3`; null for `http`.'),
  authorized: z.boolean().nullable().meta({ description: 'Whether the certificate is to be trusted.' }),
  error: failure(),
});

/** What a Globalping probe says of a request: it counts no bytes. */
const reported = httpFigures.omit({ header_bytes: true, body_bytes: true }).extend({
  address: words('Address that was connected to; null where the name had none.'),
});

export const httpSummary = z.union([httpFigures, reported, unreadable('http')]);
