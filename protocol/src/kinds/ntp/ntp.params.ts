import { familySwitches } from '../families.js';
import { defineParams, type ParamsOf } from '../params.js';
import { hostNameList, integer, ipList, port } from '../rules.js';
import { MAX_SAMPLES, MAX_SERVERS } from './ntp.document.js';

/** Parameters of questions to time servers; docs/protocol.md, kind `ntp`. */
export const ntpParams = defineParams({
  members: {
    ips: ipList(MAX_SERVERS)
      .default([])
      .meta({
        description: `IPv4 or IPv6 addresses of time servers. \`ips\` and \`fqdns\` together name 1 to ${MAX_SERVERS} of them.`,
        example: ['192.0.2.1'],
      }),
    fqdns: hostNameList(MAX_SERVERS)
      .default([])
      .meta({
        description: 'Host names (RFC 1123) of time servers; the probe resolves them.',
        example: ['ntp.example.org'],
      }),
    port: port().default(123).meta({ description: 'UDP port.', example: 123 }),
    samples: integer(1, MAX_SAMPLES)
      .default(4)
      .meta({ description: 'Questions to each server, 2 s apart.', example: 4 }),
    ...familySwitches('ask'),
    timeout_s: integer(1, 10)
      .default(2)
      .meta({ description: 'Time that an answer is waited for, in seconds.', example: 2 }),
  },
  maxDestinations: MAX_SERVERS,
});
export type NtpParams = ParamsOf<typeof ntpParams>;
