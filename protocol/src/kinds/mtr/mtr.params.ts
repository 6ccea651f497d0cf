import { familyOfPackets } from '../families.js';
import { defineParams, type ParamsOf } from '../params.js';
import { hostNameList, integer, ipList, oneOf, port } from '../rules.js';
import { MAX_MTR_DESTINATIONS, MAX_MTR_HOPS, MAX_MTR_PACKETS } from './mtr.document.js';

/** Parameters of repeated probing of each hop of a path; docs/protocol.md, kind `mtr`. */
export const mtrParams = defineParams({
  members: {
    ips: ipList(MAX_MTR_DESTINATIONS)
      .default([])
      .meta({
        description: `IPv4 or IPv6 addresses. \`ips\` and \`fqdns\` together name 1 to ${MAX_MTR_DESTINATIONS} of them.`,
        example: ['192.0.2.1'],
      }),
    fqdns: hostNameList(MAX_MTR_DESTINATIONS)
      .default([])
      .meta({ description: 'Host names (RFC 1123); the probe resolves them.', example: ['example.org'] }),
    packets: integer(1, MAX_MTR_PACKETS)
      .default(3)
      .meta({
        description: `Packets to each hop; there are at most ${MAX_MTR_HOPS} hops.`,
        example: 3,
      }),
    protocol: oneOf('icmp', 'udp', 'tcp')
      .default('icmp')
      .meta({ description: 'Packets sent.', example: 'icmp' }),
    port: port().default(80).meta({ description: 'Destination port (udp and tcp).', example: 80 }),
    ...familyOfPackets(),
  },
  maxDestinations: MAX_MTR_DESTINATIONS,
});
export type MtrParams = ParamsOf<typeof mtrParams>;
