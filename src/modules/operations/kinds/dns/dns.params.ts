import { Param } from '../param.decorator.js';
import { emptyList, flag, hostNameList, integer, ipLiteral, oneOf, targetNameList } from '../param.rules.js';

/** Record types of the classic contract. */
const CLASSIC_TYPES = ['a', 'any', 'axfr', 'hinfo', 'mx', 'ns', 'soa', 'txt'];

/** Record types that only the native API takes: a fielded probe's dig call does not foresee them. */
const NATIVE_TYPES = ['aaaa', 'caa', 'cname', 'dnskey', 'ds', 'https', 'nsec', 'ptr', 'srv', 'svcb', 'tlsa'];

/** What classic and native lookups have in common. */
class CommonDnsParams {
  @Param(targetNameList(), {
    description: 'Host names (RFC 1123) to look up: 1 to 1,000; each is a destination.',
    example: ['example.org'],
  })
  fqdns?: string[];

  @Param(hostNameList(), {
    description: 'Host names for dig to look up, as classic probes take them.',
    example: ['example.org'],
  })
  name?: string[];

  @Param(emptyList(), { description: 'A lookup has no addresses to go to: absent or empty.', example: [] })
  ips?: string[];

  @Param(ipLiteral(), { description: 'Address of the probe to send from.', example: '192.0.2.10' })
  address?: string;

  @Param(ipLiteral(), { description: 'Address to look up in reverse.', example: '192.0.2.1' })
  x?: string;

  @Param(flag(), { description: "Switch: ask over IPv4 only. The value is ''.", example: '' })
  ipv4?: string;

  @Param(flag(), { description: "Switch: ask over IPv6 only. The value is ''.", example: '' })
  ipv6?: string;
}

/** Parameters of a DNS lookup on the classic route; the names are those of dig's options. */
export class ClassicDnsParams extends CommonDnsParams {
  @Param(oneOf(...CLASSIC_TYPES), { description: 'Record type asked for.', example: 'a' })
  type?: string;
}

/** Parameters of a DNS lookup on the native API. */
export class DnsParams extends CommonDnsParams {
  @Param(oneOf(...CLASSIC_TYPES, ...NATIVE_TYPES), { description: 'Record type asked for.', example: 'aaaa' })
  type?: string;

  @Param(ipLiteral(), {
    description: "Address of the name server to ask; the probe's own resolver if absent.",
    example: '192.0.2.53',
  })
  resolver?: string;

  @Param(integer(1, 65_535), { description: 'Port of the name server to ask.', example: 53 })
  resolver_port?: number;
}
