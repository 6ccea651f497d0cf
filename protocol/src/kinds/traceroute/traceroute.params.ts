import { familyOfPackets } from '../families.js';
import { packetDestinations } from '../packet-destinations.js';
import { defineParams, type ParamsOf } from '../params.js';
import { decimal, integer, oneOf, port } from '../rules.js';

/** Of scamper: packets per hop, and seconds that a reply is waited for. */
export const DEFAULT_ATTEMPTS = 2;
export const DEFAULT_WAIT_S = 5;
/** Where a traceroute by TCP goes if nobody says: what most hosts let in. */
export const DEFAULT_TCP_PORT = 80;

/**
 * The names are those of the classic contract, the units those of scamper's `trace`. A default that is only stated in `meta` is
 * scamper's own.
 */
const classic = {
  ...packetDestinations(),
  attempts: integer(1, 10)
    .optional()
    .meta({ description: 'Probe packets per hop, at most.', example: 3, default: DEFAULT_ATTEMPTS }),
  confidence: decimal(0, 0.99).optional().meta({
    description:
      'Confidence (0 to 0.99) that all interfaces at a hop were seen before the next hop is probed.',
    example: 0.95,
  }),
  dport: port().optional().meta({ description: 'Destination port (UDP methods).', example: 33_435 }),
  sport: port().optional().meta({ description: 'Source port (UDP methods).', example: 40_000 }),
  firsthop: integer(1, 255)
    .optional()
    .meta({ description: 'TTL (hop limit) of the first probe packet, in hops.', example: 1, default: 1 }),
  maxttl: integer(1, 255)
    .optional()
    .meta({ description: 'Highest TTL (hop limit) probed, in hops.', example: 30 }),
  // `icp` is a misspelling of icmp-paris that callers of the classic routes depend on
  method: oneOf('icmp-paris', 'icp', 'udp-paris').optional().meta({
    description: 'Probe packets sent; `icp` is icmp-paris.',
    example: 'udp-paris',
    default: 'udp-paris',
  }),
  wait: integer(1, 20).optional().meta({
    description: 'Time to wait for a reply, in seconds; native probes wait 10 at the most.',
    example: 5,
    default: DEFAULT_WAIT_S,
  }),
  'wait-probe': integer(0, 100).optional().meta({
    description: 'Least time between two probe packets, in hundredths of a second.',
    example: 10,
  }),
};

/** What classic callers and probes know of a traceroute. */
export const classicTracerouteParams = defineParams({ members: classic });

const native = {
  ...classic,
  ...familyOfPackets(),
  method: oneOf('icmp-paris', 'icp', 'udp-paris', 'tcp').optional().meta({
    description:
      'Probe packets sent; `icp` is icmp-paris, `tcp` a SYN to `dport`. Classic probes do not know `tcp`.',
    example: 'udp-paris',
    default: 'udp-paris',
  }),
  dport: port()
    .optional()
    .meta({
      description: `Destination port (UDP methods, and tcp: ${DEFAULT_TCP_PORT} where it is absent).`,
      example: 33_435,
    }),
  sport: port().optional().meta({ description: 'Source port (UDP methods, and tcp).', example: 40_000 }),
};

export const tracerouteParams = defineParams({ members: native });
export type TracerouteParams = ParamsOf<typeof tracerouteParams>;
