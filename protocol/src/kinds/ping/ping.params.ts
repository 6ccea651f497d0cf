import { familyOfPackets } from '../families.js';
import { packetDestinations } from '../packet-destinations.js';
import { defineParams, type ParamsOf } from '../params.js';
import { integer, oneOf, port } from '../rules.js';

/**
 * The names are those of the classic contract, the units those of scamper's `ping`. A default that is only stated in `meta` is
 * scamper's own.
 */
const classic = {
  ...packetDestinations(),
  probecount: integer(1, 100)
    .default(4)
    .meta({ description: 'Probe packets per destination and run.', example: 4 }),
  'icmp-sum': integer(1, 65_535)
    .optional()
    .meta({ description: 'ICMP checksum of the probe packets.', example: 4_711 }),
  dport: port().optional().meta({ description: 'Destination port (TCP and UDP methods).', example: 443 }),
  sport: port().optional().meta({ description: 'Source port (TCP and UDP methods).', example: 40_000 }),
  method: oneOf('icmp-echo', 'icmp-time', 'tcp-syn', 'tcp-ack', 'tcp-ack-sport', 'udp', 'udp-dport')
    .optional()
    .meta({ description: 'Probe packets sent.', example: 'icmp-echo', default: 'icmp-echo' }),
  size: integer(1, 255).optional().meta({
    description:
      'Size of a probe packet, headers included, in bytes; 84 over IPv4 and 104 over IPv6 if absent.',
    example: 84,
  }),
  timeout: integer(0, 100).default(2).meta({
    description:
      'Time to wait for replies after the last probe packet, in seconds; 2 if absent (1 on classic probes).',
    example: 1,
  }),
  wait: integer(1, 20)
    .optional()
    .meta({ description: 'Time between two probe packets, in seconds.', example: 1, default: 1 }),
};

/** What classic callers and probes know of a ping. */
export const classicPingParams = defineParams({ members: classic });

export const pingParams = defineParams({ members: { ...classic, ...familyOfPackets() } });
export type PingParams = ParamsOf<typeof pingParams>;
