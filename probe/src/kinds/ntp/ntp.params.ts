import { MAX_SAMPLES, MAX_SERVERS } from '@pladmed/protocol';
import { z } from 'zod';
import { hostName, ipLiteral, PORT, toggle, whole } from '../params.js';

export const DEFAULT_SAMPLES = 4;
export const DEFAULT_TIMEOUT_S = 2;
export const DEFAULT_PORT = 123;

export const ntpParams = z
  .object({
    ips: z.array(ipLiteral).max(MAX_SERVERS).default([]),
    fqdns: z.array(hostName).max(MAX_SERVERS).default([]),
    port: whole(PORT.least, PORT.most),
    /** Questions to each server. */
    samples: whole(1, MAX_SAMPLES),
    ipv4: toggle,
    ipv6: toggle,
    /** Of each question, in seconds. */
    timeout_s: whole(1, 10),
  })
  .refine(
    ({ ips, fqdns }) => ips.length + fqdns.length <= MAX_SERVERS,
    `there are more than ${MAX_SERVERS} destinations`,
  );

export type NtpParams = z.infer<typeof ntpParams>;
