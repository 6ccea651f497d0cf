import { DestinationsParams } from '../destinations.params.js';
import { Param } from '../../params/param.decorator.js';
import { decimal, flag, integer, oneOf } from '../../params/param.rules.js';

/** What classic callers and probes know of a traceroute; the names are those of the classic contract, the units those of scamper's `trace`. */
export class ClassicTracerouteParams extends DestinationsParams {
  @Param(integer(1, 10), { description: 'Probe packets per hop, at most.', example: 3 })
  attempts?: number;

  @Param(decimal(0, 0.99), {
    description:
      'Confidence (0 to 0.99) that all interfaces at a hop were seen before the next hop is probed.',
    example: 0.95,
  })
  confidence?: number;

  @Param(integer(1, 65_535), { description: 'Destination port (UDP methods).', example: 33_435 })
  dport?: number;

  @Param(integer(1, 65_535), { description: 'Source port (UDP methods).', example: 40_000 })
  sport?: number;

  @Param(integer(1, 255), { description: 'TTL (hop limit) of the first probe packet, in hops.', example: 1 })
  firsthop?: number;

  @Param(integer(1, 255), { description: 'Highest TTL (hop limit) probed, in hops.', example: 30 })
  maxttl?: number;

  @Param(oneOf('icmp-paris', 'icp', 'udp-paris'), {
    description: 'Probe packets sent.',
    example: 'udp-paris',
  })
  method?: string;

  @Param(integer(1, 20), { description: 'Time to wait for a reply, in seconds.', example: 5 })
  wait?: number;

  @Param(integer(0, 100), {
    description: 'Least time between two probe packets, in hundredths of a second.',
    example: 10,
  })
  'wait-probe'?: number;
}

/** On the native API, as the other kinds have it. */
export class TracerouteParams extends ClassicTracerouteParams {
  @Param(flag(), { description: 'Over IPv4 only (a switch); with neither or both: either, IPv4 first.' })
  ipv4?: string;

  @Param(flag(), { description: 'Over IPv6 only (a switch).' })
  ipv6?: string;
}
