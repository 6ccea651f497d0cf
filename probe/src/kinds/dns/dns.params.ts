import { QUERY_CLASSES, QUERY_TYPES, type QueryClass, queryTypeNumber } from '@pladmed/protocol';
import { z } from 'zod';
import { hostName, ipLiteral, lookupName, MAX_TARGETS, PORT, toggle, whole } from '../params.js';

const CLASSES = Object.keys(QUERY_CLASSES) as [QueryClass, ...QueryClass[]];

/** A type by its word in any case, as `TYPE65280`, or as a number; read into its number. */
const type = z
  .union([z.string().max(16).toLowerCase(), z.number()])
  .transform(queryTypeNumber)
  .pipe(z.number('is no query type'));

const names = z.union([z.array(lookupName), lookupName.transform((name) => [name])]);

export const dnsParams = z
  .object({
    fqdns: z
      .array(z.union([hostName, lookupName]))
      .max(MAX_TARGETS)
      .default([]),
    name: names.pipe(z.array(z.string()).max(MAX_TARGETS)).default([]),
    type: type.default(QUERY_TYPES.a),
    class: z.string().max(8).toLowerCase().pipe(z.enum(CLASSES)).default('in'),
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
