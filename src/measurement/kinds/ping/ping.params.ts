import { DestinationsParams } from '../destinations.params.js';
import { Param } from '../../params/param.decorator.js';
import { flag, integer, oneOf } from '../../params/param.rules.js';

/** What classic callers and probes know of a ping; the names are those of the classic contract, the units those of scamper's `ping`. */
export class ClassicPingParams extends DestinationsParams {
  @Param(integer(1, 100), { description: 'Probe packets per destination and run.', example: 4 })
  probecount?: number;

  @Param(integer(1, 65_535), { description: 'ICMP checksum of the probe packets.', example: 4_711 })
  'icmp-sum'?: number;

  @Param(integer(1, 65_535), { description: 'Destination port (TCP and UDP methods).', example: 443 })
  dport?: number;

  @Param(integer(1, 65_535), { description: 'Source port (TCP and UDP methods).', example: 40_000 })
  sport?: number;

  @Param(oneOf('icmp-echo', 'icmp-time', 'tcp-syn', 'tcp-ack', 'tcp-ack-sport', 'udp', 'udp-dport'), {
    description: 'Probe packets sent.',
    example: 'icmp-echo',
  })
  method?: string;

  @Param(integer(1, 255), { description: 'Size of a probe packet, headers included, in bytes.', example: 84 })
  size?: number;

  @Param(integer(0, 100), {
    description:
      'Time to wait for replies after the last probe packet, in seconds; 2 if absent (1 on classic probes).',
    example: 1,
  })
  timeout?: number;

  @Param(integer(1, 20), { description: 'Time between two probe packets, in seconds.', example: 1 })
  wait?: number;
}

/** On the native API, as the other kinds have it. */
export class PingParams extends ClassicPingParams {
  @Param(flag(), { description: 'Over IPv4 only (a switch); with neither or both: either, IPv4 first.' })
  ipv4?: string;

  @Param(flag(), { description: 'Over IPv6 only (a switch).' })
  ipv6?: string;
}
