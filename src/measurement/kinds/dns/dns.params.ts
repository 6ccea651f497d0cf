import { QUERY_CLASSES } from '@pladmed/protocol';
import { Param } from '../../params/param.decorator.js';
import {
  emptyList,
  flag,
  hostNameList,
  integer,
  ipLiteral,
  lookupNameList,
  oneOf,
  targetNameList,
  truth,
} from '../../params/param.rules.js';
import { queryType } from './query-type.rule.js';

/** Record types of the classic contract. */
const CLASSIC_TYPES = ['a', 'any', 'axfr', 'hinfo', 'mx', 'ns', 'soa', 'txt'];

/** What classic and native lookups have in common. */
class CommonDnsParams {
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

  @Param(oneOf(...CLASSIC_TYPES), { description: 'Record type asked for.', example: 'a' })
  type?: string;
}

/** Parameters of a DNS lookup on the native API. */
export class DnsParams extends CommonDnsParams {
  @Param(lookupNameList(), {
    description:
      'Names to look up: 1 to 1,000; each is a destination, as often as it is named. Labels may have underscores (RFC 8552); `.` is the root.',
    example: ['_sip._tcp.example.org'],
  })
  fqdns?: string[];

  @Param(lookupNameList(), {
    description:
      'More names to look up, as classic probes take them; each is a destination too, unless `fqdns` has it as often.',
    example: ['example.org'],
  })
  name?: string[];

  @Param(queryType(), {
    description: 'Record type asked for: a word, or any type by its number (RFC 3597).',
    example: 'aaaa',
    default: 'a',
  })
  type?: string | number;

  @Param(oneOf(...Object.keys(QUERY_CLASSES)), {
    description: 'Class asked for; `ch` has the names `id.server` and `version.bind`.',
    example: 'ch',
    default: 'in',
  })
  class?: string;

  @Param(ipLiteral(), {
    description: "Address of the name server to ask; the probe's own resolver if absent.",
    example: '192.0.2.53',
  })
  resolver?: string;

  @Param(integer(1, 65_535), { description: 'Port of the name server to ask.', example: 53 })
  resolver_port?: number;

  @Param(flag(), { description: "Switch: ask over TCP only. The value is ''.", example: '' })
  tcp?: string;

  @Param(flag(), {
    description: "Switch: DO, DNSSEC records wanted (RFC 3225). The value is ''.",
    example: '',
  })
  do?: string;

  @Param(flag(), { description: "Switch: CD, checking disabled (RFC 4035). The value is ''.", example: '' })
  cd?: string;

  @Param(flag(), {
    description: "Switch: ask the server for its name (NSID, RFC 5001). The value is ''.",
    example: '',
  })
  nsid?: string;

  @Param(truth(), {
    description: 'RD, recursion desired (RFC 1035); false asks a server for what it knows itself.',
    example: false,
    default: true,
  })
  rd?: boolean;

  @Param(integer(512, 4_096), {
    description: 'What an answer over UDP may have (EDNS, RFC 6891), in bytes.',
    example: 1_232,
    default: 1_232,
  })
  udp_size?: number;
}
