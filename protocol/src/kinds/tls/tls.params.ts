import { familySwitches } from '../families.js';
import { defineParams, type ParamsOf } from '../params.js';
import { hostName, hostNameList, integer, ipList, listOf, port } from '../rules.js';
import { MAX_HANDSHAKES } from './tls.document.js';

/** Names of application protocols (RFC 7301), as IANA has them. */
const PROTOCOL_NAME = /^[a-zA-Z0-9][a-zA-Z0-9./_-]{0,31}$/;
const MAX_PROTOCOLS = 8;

const protocolNames = () =>
  listOf(
    'names of application protocols (RFC 7301)',
    (value) => PROTOCOL_NAME.test(value),
    { pattern: PROTOCOL_NAME.source },
    MAX_PROTOCOLS,
  );

/** Parameters of TLS handshakes; docs/protocol.md, kind `tls`. */
export const tlsParams = defineParams({
  members: {
    ips: ipList(MAX_HANDSHAKES)
      .default([])
      .meta({
        description: `IPv4 or IPv6 addresses to connect to. \`ips\` and \`fqdns\` together name 1 to ${MAX_HANDSHAKES} destinations.`,
        example: ['192.0.2.1'],
      }),
    fqdns: hostNameList(MAX_HANDSHAKES)
      .default([])
      .meta({
        description: 'Host names (RFC 1123) to connect to; the probe resolves them.',
        example: ['example.org'],
      }),
    port: port().default(443).meta({ description: 'TCP port.', example: 443 }),
    server_name: hostName().optional().meta({
      description:
        "What the certificate has to be for, sent as SNI (RFC 6066). The destination's own name if absent; an address is not sent.",
      example: 'www.example.org',
    }),
    alpn: protocolNames()
      .default([])
      .meta({
        description:
          'Application protocols offered (ALPN, RFC 7301), in order of preference; none if absent.',
        example: ['h2', 'http/1.1'],
      }),
    ...familySwitches('connect'),
    timeout_s: integer(1, 60).default(10).meta({
      description: 'Time that a connection and its handshake may take together, in seconds.',
      example: 10,
    }),
  },
  maxDestinations: MAX_HANDSHAKES,
});
export type TlsParams = ParamsOf<typeof tlsParams>;
