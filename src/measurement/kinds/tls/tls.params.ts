import { MAX_HANDSHAKES } from '@pladmed/protocol';
import { isHostName } from '../../targets/names.js';
import { Param } from '../../params/param.decorator.js';
import {
  flag,
  HOST_NAME_SCHEMA,
  hostNameList,
  integer,
  ipList,
  listOf,
  rule,
} from '../../params/param.rules.js';

const PROTOCOL_NAME = /^[a-zA-Z0-9][a-zA-Z0-9./_-]{0,31}$/;
const MAX_PROTOCOLS = 8;

const hostName = () => rule({ ...HOST_NAME_SCHEMA, type: 'string' }, 'a host name (RFC 1123)', isHostName);

const protocolNames = () =>
  listOf(
    'names of application protocols (RFC 7301)',
    (value) => typeof value === 'string' && PROTOCOL_NAME.test(value),
    { type: 'string', pattern: PROTOCOL_NAME.source },
    MAX_PROTOCOLS,
  );

/** Parameters of TLS handshakes; docs/protocol.md, kind `tls`. */
export class TlsParams {
  @Param(ipList(MAX_HANDSHAKES), {
    description: `IPv4 or IPv6 addresses to connect to. \`ips\` and \`fqdns\` together name 1 to ${MAX_HANDSHAKES} destinations.`,
    example: ['192.0.2.1'],
  })
  ips?: string[];

  @Param(hostNameList(MAX_HANDSHAKES), {
    description: 'Host names (RFC 1123) to connect to; the probe resolves them.',
    example: ['example.org'],
  })
  fqdns?: string[];

  @Param(integer(1, 65_535), { description: 'TCP port.', example: 443, default: 443 })
  port?: number;

  @Param(hostName(), {
    description:
      "What the certificate has to be for, sent as SNI (RFC 6066). The destination's own name if absent; an address is not sent.",
    example: 'www.example.org',
  })
  server_name?: string;

  @Param(protocolNames(), {
    description: 'Application protocols offered (ALPN, RFC 7301), in order of preference; none if absent.',
    example: ['h2', 'http/1.1'],
  })
  alpn?: string[];

  @Param(flag(), { description: "Switch: connect over IPv4 only. The value is ''.", example: '' })
  ipv4?: string;

  @Param(flag(), { description: "Switch: connect over IPv6 only. The value is ''.", example: '' })
  ipv6?: string;

  @Param(integer(1, 60), {
    description: 'Time that a connection and its handshake may take together, in seconds.',
    example: 10,
    default: 10,
  })
  timeout_s?: number;
}
