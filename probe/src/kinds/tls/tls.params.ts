import { MAX_HANDSHAKES } from '@pladmed/protocol';
import { z } from 'zod';
import { hostName, ipLiteral, PORT, toggle, whole } from '../params.js';

export const MAX_TIMEOUT_S = 60;
export const DEFAULT_TIMEOUT_S = 10;
export const DEFAULT_PORT = 443;

/** Names of application protocols (RFC 7301), as IANA has them. */
const protocolName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9./_-]{0,31}$/);

export const tlsParams = z
  .object({
    ips: z.array(ipLiteral).max(MAX_HANDSHAKES).default([]),
    fqdns: z.array(hostName).max(MAX_HANDSHAKES).default([]),
    port: whole(PORT.least, PORT.most),
    /** Sent as SNI, and what the certificate has to be for; the destination's own name if absent. */
    server_name: hostName.optional(),
    alpn: z.array(protocolName).max(8).default([]),
    ipv4: toggle,
    ipv6: toggle,
    /** Of each connection and its handshake, in seconds. */
    timeout_s: whole(1, MAX_TIMEOUT_S),
  })
  .refine(
    ({ ips, fqdns }) => ips.length + fqdns.length <= MAX_HANDSHAKES,
    `there are more than ${MAX_HANDSHAKES} destinations`,
  );

export type TlsParams = z.infer<typeof tlsParams>;
