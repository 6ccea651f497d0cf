import { MAX_SAMPLES, MAX_SERVERS } from '@pladmed/protocol';
import { Param } from '../../params/param.decorator.js';
import { flag, hostNameList, integer, ipList } from '../../params/param.rules.js';

export const DEFAULT_SAMPLES = 4;

/** Parameters of questions to time servers; docs/protocol.md, kind `ntp`. */
export class NtpParams {
  @Param(ipList(MAX_SERVERS), {
    description: `IPv4 or IPv6 addresses of time servers. \`ips\` and \`fqdns\` together name 1 to ${MAX_SERVERS} of them.`,
    example: ['192.0.2.1'],
  })
  ips?: string[];

  @Param(hostNameList(MAX_SERVERS), {
    description: 'Host names (RFC 1123) of time servers; the probe resolves them.',
    example: ['ntp.example.org'],
  })
  fqdns?: string[];

  @Param(integer(1, 65_535), { description: 'UDP port.', example: 123, default: 123 })
  port?: number;

  @Param(integer(1, MAX_SAMPLES), {
    description: 'Questions to each server, 2 s apart.',
    example: 4,
    default: DEFAULT_SAMPLES,
  })
  samples?: number;

  @Param(flag(), { description: "Switch: ask over IPv4 only. The value is ''.", example: '' })
  ipv4?: string;

  @Param(flag(), { description: "Switch: ask over IPv6 only. The value is ''.", example: '' })
  ipv6?: string;

  @Param(integer(1, 10), {
    description: 'Time that an answer is waited for, in seconds.',
    example: 2,
    default: 2,
  })
  timeout_s?: number;
}
