import { ipList, targetNameList } from './rules.js';

/** Where ping and traceroute are sent: at least one destination in one of the two lists. */
export const packetDestinations = () => ({
  ips: ipList()
    .default([])
    .meta({
      description:
        'IPv4 or IPv6 addresses to measure. `ips` and `fqdns` together name 1 to 1,000 destinations.',
      example: ['192.0.2.1', '2001:db8::1'],
    }),
  fqdns: targetNameList()
    .default([])
    .meta({
      description: 'Host names (RFC 1123) to measure; the probe resolves them.',
      example: ['example.org'],
    }),
});
