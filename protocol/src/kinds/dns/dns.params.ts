import { z } from 'zod';
import {
  MAX_TYPE,
  namesToAsk,
  QUERY_CLASSES,
  QUERY_TYPES,
  type QueryClass,
  queryTypeNumber,
} from '../../dns/types.js';
import { familySwitches } from '../families.js';
import { defineParams, type ParamsOf } from '../params.js';
import {
  addressOrName,
  emptyList,
  hostNameList,
  integer,
  ipLiteral,
  lookupNameList,
  oneOf,
  port,
  targetNameList,
  toggle,
  truth,
} from '../rules.js';

const WORDS = Object.keys(QUERY_TYPES);
const CLASSES = Object.keys(QUERY_CLASSES) as [QueryClass, ...QueryClass[]];

/** A query type of the native API: a word, or any type by its number (RFC 3597, section 5). */
function queryType() {
  const error = `must be one of ${WORDS.join(', ')}, or a number like TYPE65280 or 65280 (not 41, 249, 250 or 251, which are no questions)`;
  return z
    .union([z.string(), z.number()], { error })
    .refine((value) => queryTypeNumber(value) !== undefined, { error })
    .meta({
      anyOf: [
        { type: 'string', enum: WORDS },
        { type: 'string', pattern: '^[Tt][Yy][Pp][Ee][1-9][0-9]{0,4}$' },
        { type: 'integer', minimum: 1, maximum: MAX_TYPE },
      ],
    });
}

/** What classic and native lookups have in common. */
const common = {
  ips: emptyList()
    .optional()
    .meta({ description: 'A lookup has no addresses to go to: absent or empty.', example: [] }),
  address: ipLiteral()
    .optional()
    .meta({ description: 'Address of the probe to send from.', example: '192.0.2.10' }),
  x: ipLiteral().optional().meta({ description: 'Address to look up in reverse.', example: '192.0.2.1' }),
  ...familySwitches('ask'),
};

/** Parameters of a DNS lookup on the classic route; the names are those of dig's options. */
export const classicDnsParams = defineParams({
  members: {
    ...common,
    fqdns: targetNameList()
      .default([])
      .meta({
        description: 'Host names (RFC 1123) to look up: 1 to 1,000; each is a destination.',
        example: ['example.org'],
      }),
    name: hostNameList()
      .default([])
      .meta({
        description: 'Host names for dig to look up, as classic probes take them.',
        example: ['example.org'],
      }),
    type: oneOf('a', 'any', 'axfr', 'hinfo', 'mx', 'ns', 'soa', 'txt')
      .optional()
      .meta({ description: 'Record type asked for.', example: 'a' }),
  },
});

/** Parameters of a DNS lookup on the native API; docs/protocol.md, kind `dns`. */
export const dnsParams = defineParams({
  members: {
    ...common,
    fqdns: lookupNameList()
      .default([])
      .meta({
        description:
          'Names to look up: 1 to 1,000; each is a destination, as often as it is named. Labels may have underscores (RFC 8552); `.` is the root.',
        example: ['_sip._tcp.example.org'],
      }),
    name: lookupNameList()
      .default([])
      .meta({
        description:
          'More names to look up, as classic probes take them; each is a destination too, unless `fqdns` has it as often.',
        example: ['example.org'],
      }),
    type: queryType().default('a').meta({
      description: 'Record type asked for: a word, or any type by its number (RFC 3597).',
      example: 'aaaa',
    }),
    class: oneOf(...CLASSES)
      .default('in')
      .meta({
        description: 'Class asked for; `ch` has the names `id.server` and `version.bind`.',
        example: 'ch',
      }),
    resolver: addressOrName().optional().meta({
      description:
        "Name server to ask: its address, or a name that the probe resolves. The probe's own resolver if absent.",
      example: '192.0.2.53',
    }),
    resolver_port: port().default(53).meta({ description: 'Port of the name server to ask.', example: 53 }),
    tcp: toggle().meta({ description: "Switch: ask over TCP only. The value is ''.", example: '' }),
    do: toggle().meta({
      description: "Switch: DO, DNSSEC records wanted (RFC 3225). The value is ''.",
      example: '',
    }),
    cd: toggle().meta({
      description: "Switch: CD, checking disabled (RFC 4035). The value is ''.",
      example: '',
    }),
    nsid: toggle().meta({
      description: "Switch: ask the server for its name (NSID, RFC 5001). The value is ''.",
      example: '',
    }),
    rd: truth().default(true).meta({
      description: 'RD, recursion desired (RFC 1035); false asks a server for what it knows itself.',
      example: false,
    }),
    // 1,232: RFC 9715's size that no path fragments
    udp_size: integer(512, 4_096)
      .default(1_232)
      .meta({ description: 'What an answer over UDP may have (EDNS, RFC 6891), in bytes.', example: 1_232 }),
  },
  destinationLists: ['fqdns', 'name'],
  choose: ([fqdns = [], name = []]) => namesToAsk(fqdns, name),
});
export type DnsParams = ParamsOf<typeof dnsParams>;
