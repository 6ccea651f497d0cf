import { z } from 'zod';
import { defineDocument } from '../../documents/document.js';

/** Query messages of one run, and messages of their answers. */
export const MAX_QUERIES = 10_000;

const member = z.string().max(64).optional();

/** One query message, and what came back; docs/protocol.md, format `dns`. */
export const dnsEntry = z.looseObject({
  name: z.string().max(255),
  class: member,
  type: z.string().max(16),
  resolver: z.string().max(64),
  transport: z.enum(['udp', 'tcp']),
  sent_at: member,
  connect_ms: z.number().nullish(),
  rtt_ms: z.number().nullable(),
  ignored: z.number().int().optional(),
  query: z.string().optional(),
  response: z.string().nullable(),
  error: z.string().nullish(),
});

export type DnsEntry = z.infer<typeof dnsEntry>;

export const dnsDocument = defineDocument({
  name: 'dns',
  list: 'queries',
  entry: dnsEntry,
  maxEntries: MAX_QUERIES,
});
