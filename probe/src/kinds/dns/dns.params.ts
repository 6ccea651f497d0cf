import { z } from 'zod';
import { hostName, ipLiteral, lookupName, MAX_TARGETS, PORT, toggle, whole } from '../params.js';

/** Query types and their numbers (IANA, DNS parameters). */
export const QUERY_TYPES = {
  a: 1,
  ns: 2,
  cname: 5,
  soa: 6,
  ptr: 12,
  hinfo: 13,
  mx: 15,
  txt: 16,
  aaaa: 28,
  srv: 33,
  ds: 43,
  nsec: 47,
  dnskey: 48,
  tlsa: 52,
  svcb: 64,
  https: 65,
  axfr: 252,
  any: 255,
  caa: 257,
} as const;
export type QueryType = keyof typeof QUERY_TYPES;

const typeName = z
  .string()
  .max(8)
  .toLowerCase()
  .pipe(z.enum(Object.keys(QUERY_TYPES) as [QueryType, ...QueryType[]]));

const names = z.union([z.array(lookupName), lookupName.transform((name) => [name])]);

export const dnsParams = z
  .object({
    fqdns: z
      .array(z.union([hostName, lookupName]))
      .max(MAX_TARGETS)
      .default([]),
    name: names.pipe(z.array(z.string()).max(MAX_TARGETS)).default([]),
    type: typeName.default('a'),
    /** The local address to ask from. */
    address: ipLiteral.optional(),
    /** The address to look up in reverse. */
    x: ipLiteral.optional(),
    ipv4: toggle,
    ipv6: toggle,
    resolver: ipLiteral.optional(),
    resolver_port: whole(PORT.least, PORT.most),
    /** Recursion desired; on unless it is turned off. */
    rd: toggle,
    cd: toggle,
    /** DNSSEC records wanted (RFC 3225). */
    do: toggle,
    /** Asks the server for its name (RFC 5001). */
    nsid: toggle,
    /** In bytes; what an answer over UDP may have (RFC 6891). */
    udp_size: whole(512, 4096),
    tcp: toggle,
  })
  .refine(
    (params) => params.fqdns.length + params.name.length > 0 || params.x !== undefined,
    'there is no name to ask for',
  );

export type DnsParams = z.infer<typeof dnsParams>;
