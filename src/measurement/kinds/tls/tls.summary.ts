import { z } from 'zod';
import {
  count,
  failure,
  milliseconds,
  moment,
  shape,
  unreadable,
  words,
} from '../../formats/summary.members.js';

/** Figures of one handshake; what was not reached is null. */
export const tlsFigures = z.strictObject({
  type: shape('tls'),
  destination: z.string().meta({ description: 'As asked for.' }),
  address: z.string().meta({ description: 'Address that was connected to.' }),
  port: z.int().meta({ description: 'TCP port.' }),
  version: words('`TLSv1.2` or `TLSv1.3`.'),
  cipher: words('Cipher suite, by the name of its RFC.'),
  alpn: words('Application protocol that the server chose (RFC 7301).'),
  authorized: z.boolean().nullable().meta({ description: 'Whether the certificate is to be trusted.' }),
  authorization_error: words('Why it is not to be trusted.'),
  subject: words("Subject of the server's certificate."),
  issuer: words("Issuer of the server's certificate."),
  not_before: moment('Begin of its validity.'),
  not_after: moment('End of its validity.'),
  fingerprint_sha256: words('Its fingerprint (SHA-256), hexadecimal.'),
  chain_length: count('Certificates of the chain; null where none came, or not all were kept.'),
  resolve_ms: milliseconds('Time that the name took, in milliseconds; null for an address.'),
  connect_ms: milliseconds('Time that the TCP connection took, in milliseconds.'),
  handshake_ms: milliseconds('Time that the handshake took, in milliseconds.'),
  total_ms: milliseconds('Time of all together, in milliseconds; null beside an error.'),
  error: failure(),
});

export const tlsSummary = z.union([tlsFigures, unreadable('tls')]);
